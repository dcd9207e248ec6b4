#include "exporter/history/recorder.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>

#include "exporter/history/history_codec.h"
#include "probes/base/keyed_hash.h"

namespace pathwitness {
namespace {

/// Those before `key` are gone; the first that is not.
template <typename Iterator>
Iterator PassGone(Iterator next, Iterator end, const ProberKey& key) {
  for (; next != end && next->first < key; ++next) {
    next->second.OnGone();
  }
  return next;
}

// Both are in the order of their keys, so that they are walked side by side. Most snapshots are
// those of the look before, which tells without comparing keys.
template <typename OneRecorder>
void Follow(const std::vector<typename OneRecorder::Snapshot>& all, bool is_taking_over,
            std::map<ProberKey, OneRecorder>& recorders) {
  auto next = recorders.begin();
  for (const auto& snapshot : all) {
    if (next != recorders.end() && next->second.Seen() == snapshot) {
      ++next;
      continue;
    }
    const ProberKey& key = snapshot->status.key;
    next = PassGone(next, recorders.end(), key);
    if (next == recorders.end() || next->first != key) {
      next = recorders.emplace_hint(next, key, OneRecorder());
      if (is_taking_over) {
        next->second.Begin(snapshot);
      }
    }
    if (next->second.Seen() != snapshot) {
      next->second.OnSnapshot(snapshot);
    }
    ++next;
  }
  for (; next != recorders.end(); ++next) {
    next->second.OnGone();
  }
}

template <typename OneRecorder>
void MoveRows(std::map<ProberKey, OneRecorder>& recorders, std::vector<HistoryRow>& rows) {
  for (auto entry = recorders.begin(); entry != recorders.end();) {
    OneRecorder& recorder = entry->second;
    if (!recorder.IsEmpty()) {
      rows.push_back({.prober = entry->first, .stats = EncodeStats(recorder.Stats())});
      if constexpr (std::is_same_v<OneRecorder, PathRecorder>) {
        rows.back().routes = recorder.Stats().routes;
      }
      recorder.Clear();
    }
    entry = recorder.Seen() == nullptr ? recorders.erase(entry) : std::next(entry);
  }
}

bool IsNews(const RouteBoard::Pointer& before, const RouteSnapshot& now) {
  if (!now.last_change || !before || !before->last_change) {
    return now.last_change.has_value();
  }
  return now.last_change->at != before->last_change->at ||
         now.last_change->round != before->last_change->round;
}

ResponderFacts FactsOf(const IpAddress& address, const AddressOwner& owner,
                       const PtrSnapshot* names) {
  ResponderFacts facts{.address = address,
                       .since = {},
                       .host_name = "",
                       .asn = owner.asn,
                       .owner_name = owner.name,
                       .as_name = owner.as_name};
  if (names != nullptr) {
    const auto name = names->names.find(address);
    facts.host_name = name == names->names.end() ? "" : name->second;
  }
  return facts;
}

/// Of all but the address and the time.
std::uint64_t HashOf(const ResponderFacts& facts) {
  constexpr HashKey kKey = {0x726573706f6e6465, 0x72};
  const std::hash<std::string> of_text;
  return KeyedHash<4>(kKey, {of_text(facts.host_name), facts.asn, of_text(facts.owner_name),
                             of_text(facts.as_name)});
}

}  // namespace

void Recorder::Look(const Sights& sights, WallTime now) {
  Follow(sights.traces, is_taking_over_, paths_);
  Follow(sights.https, is_taking_over_, services_);
  Follow(sights.one_way, is_taking_over_, one_way_);
  is_taking_over_ = false;
  LookAtRoutes(sights.routes);
  incidents_.Look(sights.incidents, now);
}

void Recorder::LookAtRoutes(const std::vector<RouteBoard::Pointer>& routes) {
  auto before = routes_.begin();
  for (const RouteBoard::Pointer& route : routes) {
    const auto has_lower_key = [&route](const RouteBoard::Pointer& other) {
      return other != route && other->status.key < route->status.key;
    };
    before = std::find_if_not(before, routes_.end(), has_lower_key);
    const bool is_known =
        before != routes_.end() && (*before == route || (*before)->status.key == route->status.key);
    if (is_known && *before == route) {
      continue;
    }
    if (!is_known || (*before)->path != route->path) {
      new_paths_.push_back(route);
    }
    if (IsNews(is_known ? *before : nullptr, *route)) {
      route_changes_.push_back({.prober = route->status.key,
                                .event = *route->last_change,
                                .kind = route->last_located.kind});
    }
  }
  routes_ = routes;
}

void Recorder::TellOfPath(const RouteSnapshot& route, const PtrSnapshot* names, WallTime now,
                          Responders& looked_at) {
  const std::size_t hops = std::min(route.path.size(), route.networks.size());
  for (std::size_t i = 0; i < hops; ++i) {
    const std::optional<IpAddress>& address = route.path[i];
    if (!address || looked_at.contains(*address)) {
      continue;
    }
    ResponderFacts facts = FactsOf(*address, route.networks[i], names);
    const std::uint64_t hash = HashOf(facts);
    const auto told = responders_.find(*address);
    if (told == responders_.end() || told->second != hash) {
      facts.since = now;
      new_responders_.push_back(std::move(facts));
    }
    looked_at.insert_or_assign(*address, hash);
  }
}

// Only those that stand on a path now are remembered, so that memory does not grow with time.
void Recorder::LookAtResponders(const PtrSnapshot* names, WallTime now) {
  Responders present;
  for (const RouteBoard::Pointer& route : routes_) {
    TellOfPath(*route, names, now, present);
  }
  responders_ = std::move(present);
  new_paths_.clear();
}

void Recorder::LookAtNewPaths(const PtrSnapshot* names, WallTime now) {
  for (const RouteBoard::Pointer& route : std::exchange(new_paths_, {})) {
    TellOfPath(*route, names, now, responders_);
  }
}

HistoryBatch Recorder::Take(WallTime start) {
  HistoryBatch batch{.start = start,
                     .rows = {},
                     .route_changes = std::exchange(route_changes_, {}),
                     .responders = std::exchange(new_responders_, {}),
                     .incidents = incidents_.TakeNews()};
  batch.rows.reserve(paths_.size() + services_.size() + one_way_.size());
  for (auto& [key, path] : paths_) {
    rounds_missed_ += path.TakeRoundsMissed();
  }
  MoveRows(paths_, batch.rows);
  MoveRows(services_, batch.rows);
  MoveRows(one_way_, batch.rows);
  return batch;
}

void Recorder::TellAgain() {
  responders_.clear();
  incidents_.TellAgain();
}

}  // namespace pathwitness
