#include "diagnosis/scope.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace pathwitness {
namespace {

// So many clean samples exclude a loss of 5 % at 95 %; a larger one needs less, but never only two.
constexpr double kMostCleanSamples = 59;
constexpr double kFewestCleanSamples = 3;
constexpr double kUnlikely = .05;
constexpr double kMostOf = .8;
constexpr std::size_t kFewestPaths = 3;
constexpr std::size_t kFewestBad = 2;

using Indexes = std::vector<std::size_t>;

bool Crosses(const PathState& path, const PathLink& link) {
  return std::find(path.links.begin(), path.links.end(), link) != path.links.end();
}

/// Which of the given bad paths go through each link that no good path clears for them.
using Suspects = std::map<PathLink, Indexes>;

/// The good path with most clean samples over each link that a bad path goes through, for paths of
/// its class.
using Witnesses = std::map<std::pair<unsigned, PathLink>, const PathState*>;

Witnesses WitnessesFor(const std::vector<PathState>& paths, const Indexes& bad) {
  Witnesses witnesses;
  for (const std::size_t index : bad) {
    for (const PathLink& link : paths[index].links) {
      witnesses.try_emplace({paths[index].flow_class, link}, nullptr);
    }
  }
  for (const PathState& path : paths) {
    for (std::size_t i = 0; !path.is_bad && i < path.links.size(); ++i) {
      const auto found = witnesses.find({path.flow_class, path.links[i]});
      if (found != witnesses.end() &&
          (found->second == nullptr || found->second->clean_samples < path.clean_samples)) {
        found->second = &path;
      }
    }
  }
  return witnesses;
}

bool Clears(const PathState& good, const PathState& bad) {
  const double share =
      good.clean_for > bad.bad_for ? ToSeconds(bad.bad_for) / ToSeconds(good.clean_for) : 1;
  const double needed =
      bad.least_loss > 0 ? std::log(kUnlikely) / std::log1p(-bad.least_loss) : kMostCleanSamples;
  return share * good.clean_samples >= std::clamp(needed, kFewestCleanSamples, kMostCleanSamples);
}

Suspects SuspectsOf(const std::vector<PathState>& paths, const Indexes& bad) {
  const Witnesses witnesses = WitnessesFor(paths, bad);
  Suspects suspects;
  for (const std::size_t index : bad) {
    const PathState& path = paths[index];
    for (const PathLink& link : std::set<PathLink>(path.links.begin(), path.links.end())) {
      const PathState* const witness = witnesses.at({path.flow_class, link});
      if (witness == nullptr || !Clears(*witness, path)) {
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

std::size_t CountNames(const std::vector<PathState>& paths, const Indexes& among,
                       std::string PathState::*name) {
  std::set<std::string_view> names;
  for (const std::size_t index : among) {
    names.insert(paths[index].*name);
  }
  return names.size();
}

// Of those that a source looks at, or that look at a target, by `name`.
bool AreMostBad(const std::vector<PathState>& paths, const Indexes& bad, const Indexes& all,
                std::string PathState::*name) {
  const std::size_t total = CountNames(paths, all, name);
  return total >= kFewestPaths &&
         static_cast<double>(CountNames(paths, bad, name)) >= kMostOf * static_cast<double>(total);
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

// True when links explain what is bad by half as many causes while something else of the source is
// fine: then the source is not to blame.
bool AreExplainedByLinks(const std::vector<PathState>& paths, const Suspects& suspects, Indexes bad,
                         std::size_t total) {
  const std::size_t most = bad.size() / 2;
  if (bad.size() == total) {
    return false;
  }
  for (std::size_t causes = 1; causes <= most; ++causes) {
    Remove(bad, StrongestLink(paths, suspects, bad).paths);
    if (bad.empty()) {
      return true;
    }
  }
  return false;
}

void BlameSources(const std::vector<PathState>& paths, Indexes& open, Scope& scope) {
  for (const auto& [name, all] : GroupBy(paths, &PathState::source)) {
    const Indexes bad = BadOf(paths, all);
    if (!AreMostBad(paths, bad, all, &PathState::target)) {
      continue;
    }
    const Suspects suspects = SuspectsOf(paths, bad);
    if (AreExplainedByLinks(paths, suspects, bad, all.size())) {
      continue;
    }
    CommonCause cause = StrongestLink(paths, suspects, bad);
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
    const Indexes bad = Common(BadOf(paths, all), open);
    if (AreMostBad(paths, bad, all, &PathState::source)) {
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

void TellTargets(const std::vector<PathState>& paths, CommonCause& cause) {
  std::set<std::string> names;
  for (const std::size_t index : cause.paths) {
    names.insert(paths[index].target);
  }
  cause.targets = {names.begin(), names.end()};
}

void CountElsewhere(const std::vector<PathState>& paths, CommonCause& cause) {
  std::map<std::string_view, bool> is_elsewhere;  // by target
  for (const PathState& path : paths) {
    const bool goes_through = std::ranges::any_of(
        cause.links, [&path](const PathLink& link) { return Crosses(path, link); });
    bool& is_good = is_elsewhere.try_emplace(path.target, true).first->second;
    is_good = is_good && !path.is_bad && !goes_through;
  }
  cause.good_elsewhere = static_cast<unsigned>(
      std::ranges::count_if(is_elsewhere, [](const auto& target) { return target.second; }));
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
  Indexes all(paths.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  Scope scope = {.bad = static_cast<unsigned>(CountNames(paths, open, &PathState::target)),
                 .total = static_cast<unsigned>(CountNames(paths, all, &PathState::target))};
  BlameSources(paths, open, scope);
  BlameTargets(paths, open, scope);
  BlameLinks(paths, open, scope);
  scope.alone = std::move(open);
  for (CommonCause& cause : scope.causes) {
    TellTargets(paths, cause);
    CountElsewhere(paths, cause);
  }
  std::stable_sort(
      scope.causes.begin(), scope.causes.end(),
      [](const CommonCause& a, const CommonCause& b) { return a.paths.size() > b.paths.size(); });
  return scope;
}

std::string DescribeLink(const PathLink& link) {
  return fmt::format("{}-{}", link.near_end.ToString(), link.far_end.ToString());
}

std::string DescribeScope(const Scope& scope, const CommonCause& cause) {
  std::string text = fmt::format("{} of {} targets", cause.targets.size(), scope.total);
  if (cause.kind != CauseKind::Link) {
    text += fmt::format(", all {} {}", cause.kind == CauseKind::Source ? "from" : "to", cause.at);
  }
  if (!cause.links.empty()) {
    text += ", all through " + DescribeLink(cause.links.front());
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

}  // namespace pathwitness
