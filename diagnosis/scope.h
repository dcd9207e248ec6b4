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
  std::string source;       // the exporter
  std::string target;       // the target
  unsigned flow_class = 0;  // paths of one class are treated alike by routers: a prober's kind
  bool is_bad = false;
  unsigned clean_samples = 0;  // of a good path: probes since the onset, none lost
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
  double votes = 0;  // of one of the links: each bad path has one vote for all of its links
  unsigned good_elsewhere = 0;  // good paths that do not go through it

  bool operator==(const CommonCause&) const = default;
};

/// Which of the bad paths have something in common.
struct Scope {
  unsigned bad = 0;
  unsigned total = 0;
  std::vector<CommonCause> causes;  // the one that explains most first
  std::vector<std::size_t> alone;   // bad paths that share no suspect

  bool operator==(const Scope&) const = default;
};

/// Looks for common causes, coarse first: a source of whose paths 80 % are bad, a target that 80 %
/// of its sources see bad (each with at least three paths), else links. A good path with 59 clean
/// samples clears its links (less than 5 % loss, at 95 %); what is left is blamed when two bad
/// paths share it. A link that explains all that is bad at a source comes before the source when
/// another path of the source is clean.
/// Source: Jin et al., "Zooming in on wide-area latencies to a global cloud provider" (SIGCOMM
/// 2019), coarse first; Arzani et al., "007" (NSDI 2018), votes.
Scope FindScope(const std::vector<PathState>& paths);

/// "3 of 5 paths, all through 192.0.2.1-192.0.2.2; 2 not through it are fine".
std::string DescribeScope(const Scope& scope, const CommonCause& cause);

/// What is wrong with the observer itself, in the order in which it is looked at: while there is
/// something, what it sees of others is no evidence.
enum class OwnFault : std::uint8_t { None, ClockStep, LocalDrops, Uplink, Dns };

/// "none", "clock_step", "local_drops", "uplink" or "dns".
std::string_view OwnFaultName(OwnFault fault);

/// What the observer knows of itself, over the window that is judged.
struct OwnState {
  Duration clock_step{};                // wall clock against steady clock
  std::uint64_t receive_drops = 0;      // answers that its own sockets dropped
  std::optional<bool> gateway_answers;  // empty: not asked, or it never does
  unsigned anchors = 0;                 // targets whose only purpose is to be up
  unsigned anchors_down = 0;
  unsigned lookups = 0;
  unsigned lookups_failed = 0;
};

OwnFault FindOwnFault(const OwnState& state);

/// Gives each common cause an identity that lasts while it does, so that twenty alerts of one
/// cause are one incident.
class IncidentBook {
 public:
  struct Incident {
    std::string id;  // as "20261121T161320Z-2"
    CommonCause cause;
    std::vector<std::string> targets;  // of the paths that it explains, sorted
    WallTime since;
    WallTime last_seen;
  };

  /// Takes a new scope of the same paths. A cause is that of an open incident when they share a
  /// link, or the name of a source or target, or most of the cause's targets; an incident is over
  /// when it was not seen for `kLinger`. Returns those open, oldest first.
  const std::vector<Incident>& Update(const std::vector<PathState>& paths, const Scope& scope,
                                      WallTime now);

  static constexpr Duration kLinger = std::chrono::minutes(5);

 private:
  Incident* FindOpen(const CommonCause& cause, const std::vector<std::string>& targets,
                     WallTime now);

  std::vector<Incident> incidents_;
  std::uint64_t count_ = 0;
};

}  // namespace pathwitness
