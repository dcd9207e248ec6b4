#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probes/base/ip_address.h"
#include "probes/base/time.h"

namespace pathwitness {

/// What is between two responders that follow each other on a path, silent hops included.
struct PathLink {
  IpAddress near_end;
  IpAddress far_end;

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 misreads the comparison with 0 in it
  auto operator<=>(const PathLink&) const = default;
};

/// The links of a path, from its source on. Element i is TTL i + 1, empty: silent.
std::vector<PathLink> LinksOf(const IpAddress& source,
                              const std::vector<std::optional<IpAddress>>& path);

/// How one path is now.
struct PathState {
  std::string source;       // where its probes leave from
  std::string target;       // the target
  unsigned flow_class = 0;  // paths of one class are treated alike by routers: a prober's kind
  bool is_bad = false;
  Duration bad_for{};          // of a bad path: since the first sign that was known
  double least_loss = 0;       // of a bad path: the lower end of its loss ratio's interval
  unsigned clean_samples = 0;  // of a good path: its newest probes, none of which was lost
  Duration clean_for{};        // and over how long they were sent; 0: all count
  std::vector<PathLink> links;
};

/// Where the cause of what is bad lies.
enum class CauseKind : std::uint8_t {
  Own,          // a fault of this exporter, which sees others through it
  Source,       // what all paths of a source share
  Destination,  // a target, for most that look at it
  Link,         // that several paths share
  Path,         // a single path
  Service,      // behind a path without fault
};

/// The `cause` label: "own", "source", "destination", "link", "path" or "service".
std::string_view CauseKindName(CauseKind kind);

/// What explains that several paths are bad at once.
struct CommonCause {
  CauseKind kind = CauseKind::Link;  // or Source or Destination
  std::string at;                    // of a source or destination: its name
  std::vector<PathLink> links;       // suspects that cannot be told apart, in path order
  std::vector<std::size_t> paths;    // the bad ones that it explains, as indexes
  std::vector<std::string> targets;  // theirs, sorted
  double votes = 0;  // of one of the links: each bad path has one vote for all of its links
  unsigned good_elsewhere = 0;  // targets without a bad path, none of which goes through it

  bool operator==(const CommonCause&) const = default;
};

/// Which of the bad paths have something in common.
struct Scope {
  unsigned bad = 0;                 // targets with a bad path
  unsigned total = 0;               // targets
  std::vector<CommonCause> causes;  // the one that explains most first
  std::vector<std::size_t> alone;   // bad paths that share no suspect

  bool operator==(const Scope&) const = default;
};

/// Looks for common causes, coarse first: a source 80 % of whose targets are bad, a target that 80
/// % of its sources see bad (each of at least three), else links. A good path clears its links by
/// clean samples, as many as make the loss of the bad path unlikely (below 5 %): 59 for a loss of
/// 5 %, less for a larger one, and only those since the bad path went bad. What is left is blamed
/// when two bad paths share it. Links that explain what is bad at a source, by half as many causes
/// as there are bad paths, come before the source when another path of it is fine.
/// Source: Jin et al., "Zooming in on wide-area latencies to a global cloud provider" (SIGCOMM
/// 2019), coarse first; Arzani et al., "007" (NSDI 2018), votes.
Scope FindScope(const std::vector<PathState>& paths);

/// "192.0.2.1-192.0.2.2".
std::string DescribeLink(const PathLink& link);

/// "3 of 5 targets, all through 192.0.2.1-192.0.2.2; 2 not through it are fine".
std::string DescribeScope(const Scope& scope, const CommonCause& cause);

}  // namespace pathwitness
