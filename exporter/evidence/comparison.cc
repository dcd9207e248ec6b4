#include "exporter/evidence/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

namespace pathwitness {
namespace {

constexpr std::size_t kMostHops = 255;  // that AlignPaths takes

using Routes = std::vector<std::shared_ptr<const Route>>;

/// A known moment, as far as it is laid beside others.
struct Side {
  std::size_t moment = 0;
  Routes routes;
  PathView view;
  bool is_reached = false;
  std::vector<HopRow> rows;
  std::vector<std::size_t> places;  // of each hop among the rows of the comparison
};

Side SideOf(std::size_t moment, const TraceStats& stats, const Responders& responders) {
  Side side{.moment = moment,
            .routes = stats.routes,
            .view = ViewOf(stats),
            .is_reached = !stats.routes.empty() && stats.routes.back()->is_reached,
            .rows = HopRowsOf(stats, responders),
            .places = {}};
  side.view.resize(std::min(side.view.size(), kMostHops));
  side.rows.resize(side.view.size());
  return side;
}

// Where packets get lost the path ends early, which tells nothing of the hops behind: they are
// silent then, and not gone.
void ExtendUnreached(Side& side, std::size_t length) {
  if (side.is_reached) {
    return;
  }
  while (side.view.size() < length) {
    side.view.emplace_back();
    side.rows.push_back({.ttl = static_cast<unsigned>(side.view.size())});
  }
}

PathAlignment Align(const Side& before, Side& after) {
  ExtendUnreached(after, before.view.size());
  PathView earlier = before.view;
  if (!before.is_reached) {
    earlier.resize(std::max(earlier.size(), after.view.size()));
  }
  return AlignPaths(earlier, after.view);
}

HopMark MarkOfPair(const std::vector<IpAddress>& before, const std::vector<IpAddress>& after) {
  if (before.empty() || after.empty()) {
    return before.empty() == after.empty() ? HopMark::Same
           : after.empty()                 ? HopMark::FellSilent
                                           : HopMark::Answers;
  }
  return HasCommonAddress(before, after) ? HopMark::Same : HopMark::Exchanged;
}

class Table {
 public:
  explicit Table(std::size_t moments) : moments_(moments) {}

  void AddFirst(Side& side) {
    for (std::size_t i = 0; i < side.view.size(); ++i) {
      Put(side, i, InsertAt(rows_.size()), HopMark::Same);
    }
  }

  void AddLater(const Side& before, Side& side, const PathAlignment& alignment) {
    std::size_t next_free = 0;  // everything above belongs to hops that are already placed
    std::vector<bool> is_taken(before.view.size());
    for (std::size_t i = 0; i < side.view.size(); ++i) {
      const std::optional<std::size_t> partner = alignment.partners[i];
      const bool is_pair = partner && *partner < before.view.size();
      const std::size_t place = is_pair ? before.places[*partner] + shift_
                                        : PlaceOfInserted(side, i, next_free, before, alignment);
      if (is_pair) {
        is_taken[*partner] = true;
      }
      const HopMark new_hop = partner ? HopMark::Answers : HopMark::Inserted;
      Put(side, i, place, is_pair ? MarkOfPair(before.view[*partner], side.view[i]) : new_hop);
      next_free = place + 1;
    }
    MarkGone(before, side, is_taken);
    shift_ = 0;
  }

  std::vector<ComparedRow> Take() { return std::move(rows_); }

 private:
  std::size_t InsertAt(std::size_t place) {
    rows_.insert(rows_.begin() + static_cast<std::ptrdiff_t>(place), ComparedRow(moments_));
    return place;
  }

  void Put(Side& side, std::size_t hop, std::size_t place, HopMark mark) {
    rows_[place][side.moment] = {.mark = mark, .row = side.rows[hop]};
    side.places.push_back(place);
  }

  /// A row that an earlier moment had and the one just before has not, when the same hop is back;
  /// else a row of its own, which moves those of the moment before down.
  std::size_t PlaceOfInserted(const Side& side, std::size_t hop, std::size_t next_free,
                              const Side& before, const PathAlignment& alignment) {
    std::size_t end = rows_.size();
    for (std::size_t i = hop + 1; i < side.view.size(); ++i) {
      if (alignment.partners[i] && *alignment.partners[i] < before.places.size()) {
        end = before.places[*alignment.partners[i]] + shift_;
        break;
      }
    }
    for (std::size_t place = next_free; place < end; ++place) {
      if (!rows_[place][before.moment].row && HasEarlier(place, side.rows[hop])) {
        return place;
      }
    }
    ++shift_;
    return InsertAt(next_free);
  }

  bool HasEarlier(std::size_t place, const HopRow& row) const {
    return std::ranges::any_of(rows_[place], [&row](const ComparedHop& hop) {
      return hop.row && !hop.row->responders.empty() && !row.responders.empty() &&
             hop.row->responders.front() == row.responders.front();
    });
  }

  void MarkGone(const Side& before, const Side& side, const std::vector<bool>& is_taken) {
    for (ComparedRow& row : rows_) {
      const std::optional<HopRow>& old = row[before.moment].row;
      if (old && !row[side.moment].row && old->ttl <= is_taken.size() && !is_taken[old->ttl - 1]) {
        row[side.moment].mark = HopMark::Gone;
      }
    }
  }

  std::size_t moments_;
  std::vector<ComparedRow> rows_;
  std::size_t shift_ = 0;  // rows inserted above since the moment before was placed
};

ShownAddress ShownAt(const std::vector<HopRow>& rows, unsigned ttl) {
  const bool is_there = ttl > 0 && ttl <= rows.size() && !rows[ttl - 1].responders.empty();
  return is_there ? rows[ttl - 1].responders.front() : ShownAddress();
}

ComparedChange ChangeBetween(const Side& before, const Side& after, const PathAlignment& alignment,
                             const OwnerTable& owners) {
  ComparedChange change{.before = before.moment,
                        .after = after.moment,
                        .last_common_ttl = alignment.last_common,
                        .last_common = ShownAt(after.rows, alignment.last_common),
                        .rejoin_before = alignment.rejoin_before,
                        .rejoin_after = alignment.rejoin_after,
                        .rejoin = ShownAt(after.rows, alignment.rejoin_after)};
  if (before.is_reached && after.is_reached) {
    change.length_delta =
        static_cast<int>(after.rows.size()) - static_cast<int>(before.rows.size());
  }
  // Up to the first difference hop stands beside hop, so its TTL is the same in both paths.
  const unsigned ttl = alignment.first_different;
  change.ttl_before = ttl <= before.rows.size() ? ttl : 0;
  change.ttl_after = ttl <= after.rows.size() ? ttl : 0;
  change.first_before = ShownAt(before.rows, change.ttl_before);
  change.first_after = ShownAt(after.rows, change.ttl_after);

  RouteEvent event{.ttl = alignment.first_different,
                   .last_common_ttl = alignment.last_common,
                   .rejoin_ttl_before = alignment.rejoin_before,
                   .rejoin_ttl = alignment.rejoin_after,
                   .before = before.view,
                   .after = after.view};
  if (alignment.last_common > 0 && !after.view[alignment.last_common - 1U].empty()) {
    event.last_common = after.view[alignment.last_common - 1U].front();
  }
  change.kind = LocateChange(event, owners).kind;
  return change;
}

ComparedMoment MomentOf(const MomentFacts& facts) {
  ComparedMoment moment{.from = facts.from, .to = facts.to};
  if (facts.stats) {
    moment.is_known = true;
    moment.is_reached = !facts.stats->routes.empty() && facts.stats->routes.back()->is_reached;
    moment.length = ViewOf(*facts.stats).size();
    moment.end_to_end = facts.stats->end_to_end;
  }
  return moment;
}

/// The same moment as if packets had gone by this route alone.
Side SideOf(const Side& side, const std::shared_ptr<const Route>& route,
            const Responders& responders) {
  return SideOf(side.moment, TraceStats{.routes = {route}}, responders);
}

bool IsAmong(const std::shared_ptr<const Route>& route, const Side& other) {
  return std::ranges::any_of(other.routes, [&](const std::shared_ptr<const Route>& candidate) {
    Side there = SideOf(other, candidate, {});
    return Align(SideOf(other, route, {}), there).first_different == 0;
  });
}

Routes OnlyOf(const Side& side, const Side& other) {
  Routes only;
  std::ranges::copy_if(side.routes, std::back_inserter(only),
                       [&](const auto& route) { return !IsAmong(route, other); });
  return only;
}

// Several routes within one moment, of several flows or one after the other, may have somebody in
// common with those of the other moment at each hop. So those count that only one of them has.
std::optional<ComparedChange> FindChange(const Side& before, const Side& after,
                                         const PathAlignment& alignment,
                                         const Responders& responders, const OwnerTable& owners) {
  const Routes gone = OnlyOf(before, after);
  const Routes added = OnlyOf(after, before);
  const bool is_partial = gone.size() < before.routes.size() || added.size() < after.routes.size();
  if (!is_partial && alignment.first_different != 0) {
    return ChangeBetween(before, after, alignment, owners);
  }
  const bool are_known = !before.routes.empty() && !after.routes.empty();
  if (!are_known || (gone.empty() && added.empty())) {
    return std::nullopt;
  }
  const Side left = SideOf(before, (gone.empty() ? before.routes : gone).back(), responders);
  Side right = SideOf(after, (added.empty() ? after.routes : added).back(), responders);
  const PathAlignment of_routes = Align(left, right);
  ComparedChange change = ChangeBetween(left, right, of_routes, owners);
  change.is_partial = is_partial;
  return change;
}

}  // namespace

std::string_view HopMarkName(HopMark mark) {
  constexpr std::array<std::string_view, 6> kNames = {"same", "exchanged",   "inserted",
                                                      "gone", "fell_silent", "answers"};
  return kNames[static_cast<std::size_t>(mark)];
}

Comparison Compare(const ProberKey& prober, const std::vector<MomentFacts>& moments,
                   const Responders& responders, const OwnerTable& owners) {
  Comparison comparison{.prober = prober};
  Table table(moments.size());
  std::optional<Side> before;
  for (std::size_t i = 0; i < moments.size(); ++i) {
    comparison.moments.push_back(MomentOf(moments[i]));
    if (!moments[i].stats) {
      continue;
    }
    Side side = SideOf(i, *moments[i].stats, responders);
    if (!before) {
      table.AddFirst(side);
      before = std::move(side);
      continue;
    }
    const PathAlignment alignment = Align(*before, side);
    table.AddLater(*before, side, alignment);
    if (auto change = FindChange(*before, side, alignment, responders, owners)) {
      comparison.changes.push_back(std::move(*change));
    }
    before = std::move(side);
  }
  comparison.rows = table.Take();
  return comparison;
}

}  // namespace pathwitness
