#include "exporter/pages/public_status.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "exporter/pages/gather_views.h"

namespace pathwitness {
namespace {

/// The probers of one kind.
struct Tally {
  unsigned known = 0;  // up or down
  unsigned down = 0;

  void Add(const ProberStatus& status) {
    known += status.state == ProberState::Unknown ? 0 : 1;
    down += status.state == ProberState::Down ? 1 : 0;
  }
};

/// What is known of one target, the kind that tells most first.
struct Sights {
  std::array<Tally, 3> kinds;
  bool is_impaired = false;
};

PublicState StateOf(const Sights& sights) {
  const auto* const kind =
      std::ranges::find_if(sights.kinds, [](const Tally& tally) { return tally.known > 0; });
  if (kind == sights.kinds.end()) {
    return PublicState::Unknown;
  }
  if (kind->down == kind->known) {
    return PublicState::Down;
  }
  return kind->down > 0 || sights.is_impaired ? PublicState::Impaired : PublicState::Up;
}

/// Whether users notice. Others tell of the path alone, or of how it is measured.
bool IsImpairment(VerdictState state) {
  return state == VerdictState::Loss || state == VerdictState::Latency ||
         state == VerdictState::FlowDependent || state == VerdictState::Service;
}

bool IsShown(const TargetConfig& target, const StatusPageConfig& rules) {
  return std::ranges::all_of(rules.labels, [&target](const auto& wanted) {
    const auto found = target.labels.find(wanted.first);
    return found != target.labels.end() && found->second == wanted.second;
  });
}

using SightsByName = std::map<std::string, Sights, std::less<>>;

template <typename Snapshots>
void AddTo(SightsByName& targets, const Snapshots& snapshots, std::size_t kind) {
  for (const auto& snapshot : snapshots) {
    const auto found = targets.find(snapshot->status.key.target);
    if (found != targets.end()) {
      found->second.kinds.at(kind).Add(snapshot->status);
    }
  }
}

SightsByName LookAtTargets(const PageSources& sources) {
  SightsByName targets;
  for (const TargetConfig& target : sources.config->targets) {
    if (IsShown(target, sources.config->status_page)) {
      targets.emplace(target.name, Sights());
    }
  }
  AddTo(targets, sources.boards.https.All(), 0);
  AddTo(targets, sources.boards.traces.All(), 1);
  AddTo(targets, sources.boards.pulses.All(), 2);
  for (const auto& said : sources.boards.verdicts.All()) {
    const auto found = targets.find(said->status.key.target);
    if (found != targets.end() && said->verdict && IsImpairment(said->verdict->state)) {
      found->second.is_impaired = true;
    }
  }
  return targets;
}

/// Nothing when it concerns nobody who is shown, or is told of as a part of another.
std::optional<PublicIncident> ForAll(IncidentRecord record, const SightsByName& shown,
                                     const StatusPageConfig& rules) {
  std::erase_if(record.targets,
                [&shown](const std::string& target) { return !shown.contains(target); });
  if (record.targets.empty() || record.updates.empty() || !record.merged_into.empty()) {
    return std::nullopt;
  }
  const IncidentUpdate& newest = record.updates.back();
  return PublicIncident{
      .since = record.since,
      .closed = record.closed,
      .kind = newest.state,
      .targets = std::move(record.targets),
      .owner = rules.has_owners ? newest.owner : "",
      .follow_ups = rules.has_follow_ups ? std::move(record.follow_ups) : std::vector<FollowUp>()};
}

}  // namespace

PublicStatus GatherPublicStatus(const PageSources& sources) {
  const StatusPageConfig& rules = sources.config->status_page;
  PublicStatus status{
      .title = rules.title, .now = sources.frame.now, .targets = {}, .incidents = {}};
  const SightsByName shown = LookAtTargets(sources);
  for (const auto& [name, sights] : shown) {
    status.targets.push_back({.name = name, .state = StateOf(sights)});
  }
  std::ranges::stable_sort(status.targets, {}, &PublicTarget::state);
  for (IncidentRecord& record : GatherIncidents(sources).incidents) {
    if (auto incident = ForAll(std::move(record), shown, rules)) {
      status.incidents.push_back(*std::move(incident));
    }
  }
  return status;
}

}  // namespace pathwitness
