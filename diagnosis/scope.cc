#include "diagnosis/scope.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace pathwitness {
namespace {

constexpr unsigned kCleanSamples = 59;  // rule of three: none lost of 59 is below 5 %, at 95 %
constexpr double kMostOf = .8;
constexpr std::size_t kFewestPaths = 3;
constexpr std::size_t kFewestBad = 2;
constexpr double kLookupsFailing = .8;
constexpr unsigned kFewestLookups = 3;
constexpr Duration kLargestClockStep = std::chrono::milliseconds(500);

using Indexes = std::vector<std::size_t>;

bool Crosses(const PathState& path, const PathLink& link) {
  return std::find(path.links.begin(), path.links.end(), link) != path.links.end();
}

using ClassedLink = std::pair<unsigned, PathLink>;

// The links that good paths prove to be fine, for paths of their class.
std::set<ClassedLink> ClearedLinks(const std::vector<PathState>& paths) {
  std::set<ClassedLink> cleared;
  for (const PathState& path : paths) {
    for (const PathLink& link : path.links) {
      if (!path.is_bad && path.clean_samples >= kCleanSamples) {
        cleared.emplace(path.flow_class, link);
      }
    }
  }
  return cleared;
}

/// Which of the given bad paths go through each link that no good path clears.
using Suspects = std::map<PathLink, Indexes>;

Suspects SuspectsOf(const std::vector<PathState>& paths, const Indexes& bad) {
  const std::set<ClassedLink> cleared = ClearedLinks(paths);
  Suspects suspects;
  for (const std::size_t index : bad) {
    const PathState& path = paths[index];
    for (const PathLink& link : std::set<PathLink>(path.links.begin(), path.links.end())) {
      if (!cleared.contains({path.flow_class, link})) {
        suspects[link].push_back(index);
      }
    }
  }
  return suspects;
}

double VotesFor(const std::vector<PathState>& paths, const Indexes& voters) {
  double votes = 0;
  for (const std::size_t index : voters) {
    votes += 1 / static_cast<double>(paths[index].links.size());
  }
  return votes;
}

// Keeps what is in `among`; both are sorted.
Indexes Common(const Indexes& indexes, const Indexes& among) {
  Indexes common;
  std::set_intersection(indexes.begin(), indexes.end(), among.begin(), among.end(),
                        std::back_inserter(common));
  return common;
}

// The cause in the middle that explains most of `open`; of equal ones that with more votes.
CommonCause StrongestLink(const std::vector<PathState>& paths, const Suspects& suspects,
                          const Indexes& open) {
  CommonCause best;
  for (const auto& [link, through] : suspects) {
    Indexes explained = Common(through, open);
    const double votes = VotesFor(paths, through);
    if (std::pair(explained.size(), votes) > std::pair(best.paths.size(), best.votes)) {
      best = {.paths = std::move(explained), .votes = votes};
    }
  }
  if (best.paths.empty()) {
    return best;
  }
  for (const PathLink& link : paths[best.paths.front()].links) {
    const auto suspect = suspects.find(link);
    if (suspect != suspects.end() && Common(suspect->second, open) == best.paths &&
        VotesFor(paths, suspect->second) == best.votes) {
      best.links.push_back(link);
    }
  }
  return best;
}

void CountElsewhere(const std::vector<PathState>& paths, CommonCause& cause) {
  cause.good_elsewhere = static_cast<unsigned>(
      std::count_if(paths.begin(), paths.end(), [&cause](const PathState& path) {
        return !path.is_bad && std::none_of(cause.links.begin(), cause.links.end(),
                                            [&](const auto& link) { return Crosses(path, link); });
      }));
}

void Remove(Indexes& open, const Indexes& explained) {
  Indexes rest;
  std::set_difference(open.begin(), open.end(), explained.begin(), explained.end(),
                      std::back_inserter(rest));
  open = std::move(rest);
}

Indexes BadOf(const std::vector<PathState>& paths, const Indexes& among) {
  Indexes bad;
  std::copy_if(among.begin(), among.end(), std::back_inserter(bad),
               [&paths](std::size_t index) { return paths[index].is_bad; });
  return bad;
}

bool IsMostlyBad(std::size_t bad, std::size_t total) {
  return total >= kFewestPaths && static_cast<double>(bad) >= kMostOf * static_cast<double>(total);
}

// The paths of each value of a member: of each source, or of each target.
std::map<std::string, Indexes> GroupBy(const std::vector<PathState>& paths,
                                       std::string PathState::*name) {
  std::map<std::string, Indexes> groups;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    groups[paths[i].*name].push_back(i);
  }
  return groups;
}

// True when one link explains all that is bad while something else of the source is fine: then the
// source is not to blame.
bool IsExplainedByALink(const CommonCause& strongest, const Indexes& bad, std::size_t total) {
  return bad.size() < total && strongest.paths == bad;
}

void BlameSources(const std::vector<PathState>& paths, Indexes& open, Scope& scope) {
  for (const auto& [name, all] : GroupBy(paths, &PathState::source)) {
    const Indexes bad = BadOf(paths, all);
    if (!IsMostlyBad(bad.size(), all.size())) {
      continue;
    }
    CommonCause cause = StrongestLink(paths, SuspectsOf(paths, bad), bad);
    if (IsExplainedByALink(cause, bad, all.size())) {
      continue;
    }
    cause.kind = CauseKind::Source;
    cause.at = name;
    cause.links = cause.paths == bad ? cause.links : std::vector<PathLink>();
    cause.paths = bad;
    Remove(open, bad);
    scope.causes.push_back(std::move(cause));
  }
}

void BlameTargets(const std::vector<PathState>& paths, Indexes& open, Scope& scope) {
  for (const auto& [name, all] : GroupBy(paths, &PathState::target)) {
    std::set<std::string> sources;
    for (const std::size_t index : all) {
      sources.insert(paths[index].source);
    }
    const Indexes bad = Common(BadOf(paths, all), open);
    if (sources.size() > 1 && IsMostlyBad(bad.size(), all.size())) {
      scope.causes.push_back({.kind = CauseKind::Destination, .at = name, .paths = bad});
      Remove(open, bad);
    }
  }
}

void BlameLinks(const std::vector<PathState>& paths, Indexes& open, Scope& scope) {
  const Suspects suspects = SuspectsOf(paths, open);
  while (true) {
    CommonCause cause = StrongestLink(paths, suspects, open);
    if (cause.paths.size() < kFewestBad) {
      return;
    }
    Remove(open, cause.paths);
    scope.causes.push_back(std::move(cause));
  }
}

std::string LinkText(const PathLink& link) {
  return fmt::format("{}-{}", link.near_end.ToString(), link.far_end.ToString());
}

std::vector<std::string> TargetsOf(const std::vector<PathState>& paths, const CommonCause& cause) {
  std::set<std::string> names;
  for (const std::size_t index : cause.paths) {
    names.insert(paths[index].target);
  }
  return {names.begin(), names.end()};
}

}  // namespace

std::vector<PathLink> LinksOf(const IpAddress& source,
                              const std::vector<std::optional<IpAddress>>& path) {
  std::vector<PathLink> links;
  IpAddress near_end = source;
  for (const std::optional<IpAddress>& hop : path) {
    if (hop && *hop != near_end) {
      links.push_back({.near_end = near_end, .far_end = *hop});
      near_end = *hop;
    }
  }
  return links;
}

Scope FindScope(const std::vector<PathState>& paths) {
  Indexes open;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].is_bad) {
      open.push_back(i);
    }
  }
  Scope scope = {.bad = static_cast<unsigned>(open.size()),
                 .total = static_cast<unsigned>(paths.size())};
  BlameSources(paths, open, scope);
  BlameTargets(paths, open, scope);
  BlameLinks(paths, open, scope);
  scope.alone = std::move(open);
  for (CommonCause& cause : scope.causes) {
    CountElsewhere(paths, cause);
  }
  std::stable_sort(
      scope.causes.begin(), scope.causes.end(),
      [](const CommonCause& a, const CommonCause& b) { return a.paths.size() > b.paths.size(); });
  return scope;
}

std::string DescribeScope(const Scope& scope, const CommonCause& cause) {
  std::string text = fmt::format("{} of {} paths", cause.paths.size(), scope.total);
  if (cause.kind != CauseKind::Link) {
    text += fmt::format(", all {} {}", cause.kind == CauseKind::Source ? "from" : "to", cause.at);
  }
  if (!cause.links.empty()) {
    text += ", all through " + LinkText(cause.links.front());
  }
  if (cause.links.size() > 1) {
    text += fmt::format(" and {} more in a row with it", cause.links.size() - 1);
  }
  if (cause.good_elsewhere > 0) {
    text += fmt::format("; {} not through it {} fine", cause.good_elsewhere,
                        cause.good_elsewhere == 1 ? "is" : "are");
  }
  return text;
}

std::string_view CauseKindName(CauseKind kind) {
  switch (kind) {
    case CauseKind::Own:
      return "own";
    case CauseKind::Source:
      return "source";
    case CauseKind::Destination:
      return "destination";
    case CauseKind::Link:
      return "link";
    case CauseKind::Path:
      return "path";
    case CauseKind::Service:
      return "service";
  }
  return "";
}

std::string_view OwnFaultName(OwnFault fault) {
  switch (fault) {
    case OwnFault::ClockStep:
      return "clock_step";
    case OwnFault::LocalDrops:
      return "local_drops";
    case OwnFault::Uplink:
      return "uplink";
    case OwnFault::Dns:
      return "dns";
    case OwnFault::None:
      break;
  }
  return "none";
}

OwnFault FindOwnFault(const OwnState& state) {
  if (state.clock_step > kLargestClockStep || state.clock_step < -kLargestClockStep) {
    return OwnFault::ClockStep;
  }
  if (state.receive_drops > 0) {
    return OwnFault::LocalDrops;
  }
  const bool has_no_anchor = state.anchors > 1 && state.anchors_down == state.anchors;
  if (!state.gateway_answers.value_or(true) || has_no_anchor) {
    return OwnFault::Uplink;
  }
  const bool has_no_names =
      state.lookups >= kFewestLookups &&
      static_cast<double>(state.lookups_failed) >= kLookupsFailing * state.lookups;
  return has_no_names ? OwnFault::Dns : OwnFault::None;
}

// An incident takes one cause in each update, so that two causes stay two incidents.
IncidentBook::Incident* IncidentBook::FindOpen(const CommonCause& cause,
                                               const std::vector<std::string>& targets,
                                               WallTime now) {
  const auto fits = [&](const Incident& incident) {
    if (incident.last_seen == now) {
      return false;
    }
    const bool has_same_name =
        cause.kind == incident.cause.kind && !cause.at.empty() && cause.at == incident.cause.at;
    const bool shares_link =
        std::find_first_of(cause.links.begin(), cause.links.end(), incident.cause.links.begin(),
                           incident.cause.links.end()) != cause.links.end();
    const auto shared = std::count_if(targets.begin(), targets.end(), [&](const auto& target) {
      return std::binary_search(incident.targets.begin(), incident.targets.end(), target);
    });
    return has_same_name || shares_link || 2 * static_cast<std::size_t>(shared) > targets.size();
  };
  const auto found = std::find_if(incidents_.begin(), incidents_.end(), fits);
  return found == incidents_.end() ? nullptr : &*found;
}

const std::vector<IncidentBook::Incident>& IncidentBook::Update(const std::vector<PathState>& paths,
                                                                const Scope& scope, WallTime now) {
  std::erase_if(incidents_,
                [now](const Incident& incident) { return now - incident.last_seen > kLinger; });
  for (const CommonCause& cause : scope.causes) {
    std::vector<std::string> targets = TargetsOf(paths, cause);
    Incident* incident = FindOpen(cause, targets, now);
    if (incident == nullptr) {
      const auto second = std::chrono::floor<std::chrono::seconds>(now);
      incident = &incidents_.emplace_back();
      incident->id = fmt::format("{:%Y%m%dT%H%M%SZ}-{}", fmt::gmtime(second), ++count_);
      incident->since = now;
    }
    incident->cause = cause;
    incident->targets = std::move(targets);
    incident->last_seen = now;
  }
  return incidents_;
}

}  // namespace pathwitness
