#include "exporter/diagnosis/seen_causes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <string_view>
#include <utility>

namespace pathwitness {
namespace {

constexpr Duration kUntilAlone = std::chrono::seconds(15);
constexpr Duration kIsNow = std::chrono::seconds(30);
const std::array kSeenThrough = {OwnFaultName(OwnFault::ClockStep),
                                 OwnFaultName(OwnFault::LocalDrops),
                                 OwnFaultName(OwnFault::Uplink)};

bool IsOwn(const VerdictSnapshot& said) {
  return said.verdict && said.verdict->state == VerdictState::Local;
}

void Add(SeenCause& cause, const VerdictSnapshot& said) {
  CauseSighting& sighting = cause.sighting;
  const bool is_first = cause.members.empty();
  cause.members.push_back(&said);
  sighting.since = is_first ? said.since : std::min(sighting.since, said.since);
  sighting.last_seen =
      is_first ? said.last_confirmed : std::max(sighting.last_seen, said.last_confirmed);
  const std::string& target = said.status.key.target;
  const auto place = std::ranges::lower_bound(sighting.targets, target);
  if (place == sighting.targets.end() || *place != target) {
    sighting.targets.insert(place, target);
  }
}

/// The cause of that kind and name among `causes`, which is added when there is none yet.
SeenCause& Find(std::vector<SeenCause>& causes, CauseKind kind, const std::string& at) {
  const auto found = std::ranges::find_if(causes, [&](const SeenCause& cause) {
    return cause.sighting.kind == kind && cause.sighting.at == at;
  });
  if (found != causes.end()) {
    return *found;
  }
  causes.emplace_back();
  causes.back().sighting.kind = kind;
  causes.back().sighting.at = at;
  return causes.back();
}

void SeeOwn(const std::vector<JudgedPath>& paths,
            const std::vector<VerdictBoard::Pointer>& services, std::vector<SeenCause>& causes) {
  std::vector<const VerdictSnapshot*> all;
  all.reserve(paths.size() + services.size());
  for (const JudgedPath& path : paths) {
    all.push_back(path.said.get());
  }
  for (const VerdictBoard::Pointer& service : services) {
    all.push_back(service.get());
  }
  for (const VerdictSnapshot* said : all) {
    if (IsOwn(*said)) {
      Add(Find(causes, CauseKind::Own, said->verdict->reason), *said);
    }
  }
}

// While this exporter has a fault that all is seen through, it is behind whatever else is said.
bool TakeAll(const std::vector<JudgedPath>& paths, WallTime now, std::vector<SeenCause>& causes) {
  const auto own = std::ranges::find_if(causes, [now](const SeenCause& cause) {
    return std::ranges::find(kSeenThrough, cause.sighting.at) != kSeenThrough.end() &&
           now - cause.sighting.last_seen <= kIsNow;
  });
  if (own == causes.end()) {
    return false;
  }
  for (const JudgedPath& path : paths) {
    if (path.state.is_bad) {
      Add(*own, *path.said);
    }
  }
  return true;
}

bool IsStillAlone(const VerdictSnapshot& said, WallTime now) {
  return now - said.since >= kUntilAlone;
}

void SeePaths(const std::vector<JudgedPath>& paths, WallTime now, std::vector<SeenCause>& causes) {
  std::vector<PathState> states;
  std::vector<const VerdictSnapshot*> said;
  for (const JudgedPath& path : paths) {
    if (!IsOwn(*path.said)) {  // what is seen through a fault of ours tells nothing
      states.push_back(path.state);
      said.push_back(path.said.get());
    }
  }
  const Scope scope = FindScope(states);
  for (const CommonCause& common : scope.causes) {
    SeenCause& cause = causes.emplace_back();
    cause.sighting.kind = common.kind;
    cause.sighting.at = common.at;
    cause.sighting.links = common.links;
    cause.scope = DescribeScope(scope, common);
    for (const std::size_t path : common.paths) {
      Add(cause, *said[path]);
    }
  }
  std::vector<SeenCause> alone;
  for (const std::size_t path : scope.alone) {
    if (IsStillAlone(*said[path], now)) {
      Add(Find(alone, CauseKind::Path, said[path]->status.key.target), *said[path]);
    }
  }
  std::ranges::move(alone, std::back_inserter(causes));
}

// It fails or is late, and its path is fine.
bool IsTheService(const Verdict& verdict) {
  return verdict.state == VerdictState::Service || verdict.kind == LatencyKind::Server;
}

void SeeServices(const std::vector<VerdictBoard::Pointer>& services,
                 std::vector<SeenCause>& causes) {
  std::vector<SeenCause> failing;
  for (const VerdictBoard::Pointer& service : services) {
    if (service->verdict && IsTheService(*service->verdict)) {
      Add(Find(failing, CauseKind::Service, service->status.key.target), *service);
    }
  }
  std::ranges::move(failing, std::back_inserter(causes));
}

unsigned CountTargets(const std::vector<JudgedPath>& paths,
                      const std::vector<VerdictBoard::Pointer>& services) {
  std::set<std::string_view> names;
  for (const JudgedPath& path : paths) {
    names.insert(path.said->status.key.target);
  }
  for (const VerdictBoard::Pointer& service : services) {
    names.insert(service->status.key.target);
  }
  return static_cast<unsigned>(names.size());
}

}  // namespace

std::vector<SeenCause> SeeCauses(const std::vector<JudgedPath>& paths,
                                 const std::vector<VerdictBoard::Pointer>& services, WallTime now) {
  std::vector<SeenCause> causes;
  SeeOwn(paths, services, causes);
  if (!TakeAll(paths, now, causes)) {
    SeePaths(paths, now, causes);
  }
  SeeServices(services, causes);
  const unsigned total = CountTargets(paths, services);
  for (SeenCause& cause : causes) {
    cause.total = total;
    if (cause.scope.empty()) {
      cause.scope = fmt::format("{} of {} targets", cause.sighting.targets.size(), total);
    }
  }
  return causes;
}

}  // namespace pathwitness
