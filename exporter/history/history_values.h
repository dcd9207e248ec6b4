#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "diagnosis/route_class.h"
#include "diagnosis/route_watch.h"
#include "probes/base/ip_address.h"
#include "probes/base/prober_key.h"
#include "probes/base/time.h"
#include "probes/http/http_client.h"
#include "probes/reflect/one_way_count.h"

// What the history keeps, as plain values: the same when it is recorded and when it is read.
namespace pathwitness {

/// Finished durations, added up so that two can be joined: round trips, requests. In seconds, kept
/// on disk to the microsecond.
struct DurationStats {
  std::uint64_t count = 0;
  double last = 0;  // meaningless, as all below, when there are none
  double min = 0;
  double max = 0;
  double mean = 0;
  double squares = 0;  // the sum of the squared differences from the mean

  void Add(double seconds);
  void Merge(const DurationStats& later);

  /// Of the sample; 0 for fewer than two.
  double Deviation() const;

  bool operator==(const DurationStats&) const = default;
};

/// What one TTL of a path showed. What was sent is `received` in time, `late`, or lost.
struct HopStats {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t late = 0;
  std::uint64_t credited = 0;  // of `sent`: for other paths with the same hop; without durations
  DurationStats round_trips;

  std::uint64_t Lost() const { return sent - received - late; }
  void Merge(const HopStats& later);

  bool operator==(const HopStats&) const = default;
};

/// Probes to the destination itself, once it is known what became of them.
struct EndToEndStats {
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  std::uint64_t late = 0;
  std::uint64_t unsent = 0;  // of `lost`: they could not be sent, which tells nothing of the path
  std::uint64_t round_trips = 0;
  double round_trip_sum = 0;  // seconds

  void Merge(const EndToEndStats& later);

  bool operator==(const EndToEndStats&) const = default;
};

/// The same of one flow. Probes that could not be sent are not among them.
struct FlowStats {
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;

  bool operator==(const FlowStats&) const = default;
};

/// Who stood where on the path of one flow, as far as is known: a hop that is silent now has who
/// answered there last. Element i is TTL i + 1, empty: nobody answered so far.
struct Route {
  IpAddress source;
  IpAddress destination;
  bool is_reached = false;  // the last hop is the destination
  std::vector<std::optional<IpAddress>> hops;

  bool operator==(const Route&) const = default;
};

/// A path over a time. More than one route: its flows go by different ones, or it changed.
struct TraceStats {
  std::uint64_t rounds = 0;
  EndToEndStats end_to_end;
  std::vector<FlowStats> flows;                      // by index of the flow
  std::vector<HopStats> hops;                        // hops[0] is TTL 1
  std::vector<std::shared_ptr<const Route>> routes;  // distinct, at most kMostRoutes, newest last

  static constexpr std::size_t kMostRoutes = 16;

  void AddRoute(std::shared_ptr<const Route> route);
  void Merge(const TraceStats& later);
};

/// A service over a time.
struct HttpsStats {
  struct Phase {
    std::uint64_t count = 0;
    double sum = 0;  // seconds

    bool operator==(const Phase&) const = default;
  };

  std::uint64_t requests = 0;
  std::array<std::uint64_t, kHttpFailureNames.size()> failures{};  // by HttpFailure
  DurationStats durations;                                         // of whole requests
  std::array<Phase, kHttpPhaseNames.size()> phases{};              // by HttpPhase
  int last_status = 0;                                             // 0: no response

  std::uint64_t Failed() const;
  void Merge(const HttpsStats& later);

  bool operator==(const HttpsStats&) const = default;
};

/// What a reflector told of both directions over a time: packets whose fate became known.
struct OneWayStats {
  OneWayPackets forward;
  OneWayPackets backward;

  void Merge(const OneWayStats& later);

  bool operator==(const OneWayStats&) const = default;
};

using ProberStats = std::variant<TraceStats, HttpsStats, OneWayStats>;

/// What became known in [start, start + length). The wall clock says when: a result counts when it
/// is known, a hop's at the end of its round, a lost probe three timeouts after it was sent. A time
/// that the clock showed twice has both in one bucket.
template <typename Stats>
struct HistoryBucket {
  WallTime start;
  Duration length{};
  Stats stats;
};

using TraceBucket = HistoryBucket<TraceStats>;
using HttpsBucket = HistoryBucket<HttpsStats>;
using OneWayBucket = HistoryBucket<OneWayStats>;

/// What is known of an address, from `since` on.
struct ResponderFacts {
  IpAddress address;
  WallTime since;
  std::string host_name;   // empty: unknown
  std::uint32_t asn = 0;   // 0: unknown
  std::string owner_name;  // as in verdicts: of the configuration, else "AS64500"; of an exchange
  std::string as_name;     // of the database

  bool operator==(const ResponderFacts&) const = default;
};

struct RouteChangeRecord {
  ProberKey prober;
  RouteEvent event;
  RouteChangeClass kind = RouteChangeClass::Unknown;
};

/// What was said of an incident from `at` on.
struct IncidentUpdate {
  WallTime at;
  unsigned bad = 0;  // targets that it explains
  unsigned total = 0;
  std::string via;    // the link they share; may be empty
  std::string state;  // of the verdict, its label
  std::string direction;
  std::string segment;  // of the owner; empty when nobody is named
  std::string owner;    // named; empty: nobody
  std::uint32_t owner_asn = 0;
  double probability = 0;
  std::string text;

  bool IsSameExceptAt(const IncidentUpdate& other) const;
  bool operator==(const IncidentUpdate&) const = default;
};

/// What somebody wrote about an incident.
struct FollowUp {
  WallTime at;
  std::string author;
  std::string text;

  bool operator==(const FollowUp&) const = default;
};

inline constexpr std::size_t kLongestAuthor = 200;      // bytes
inline constexpr std::size_t kLongestFollowUp = 16384;  // bytes of the text
inline constexpr std::size_t kMostFollowUps = 200;      // of one incident

/// What became of a follow-up.
enum class FollowUpOutcome : std::uint8_t {
  Kept,        // on disk, for as long as the incident
  Empty,       // it has no text
  TooLong,     // the text or the author
  NotText,     // see IsText
  NoIncident,  // none of that id is in the history; one that opened now is there after 10 s
  TooMany,     // the incident has kMostFollowUps
  NotWritten,  // the disk fails, or no history is kept: to be tried again later
};

struct IncidentRecord {
  std::string id;
  WallTime opened;
  WallTime since;
  WallTime last_seen;
  std::optional<WallTime> closed;  // empty: open
  std::string merged_into;
  std::string cause;  // the label
  std::string at;
  ProberKey witness;
  std::vector<std::string> targets;     // sorted
  std::vector<IncidentUpdate> updates;  // in time order; the last holds now
  std::vector<FollowUp> follow_ups;     // in time order

  bool operator==(const IncidentRecord&) const = default;
};

/// Why the history could not be written or read: a closed set, the `reason` label.
enum class HistoryFailure : std::uint8_t {
  CannotOpen,   // the directory or file cannot be made or opened
  ReadOnly,     // the file or its file system
  Full,         // no space left
  Corrupt,      // not what was written; the file is set aside
  Busy,         // another process holds it
  NewerSchema,  // written by a newer version of this program; left alone
  InputOutput,  // the disk fails
  Other,
};
inline constexpr std::array<std::string_view, 8> kHistoryFailureNames = {
    "cannot_open", "read_only", "full", "corrupt", "busy", "newer_schema", "io", "other"};

constexpr std::string_view HistoryFailureName(HistoryFailure failure) {
  return kHistoryFailureNames[static_cast<std::size_t>(failure)];
}

inline constexpr Duration kFineBucket = std::chrono::seconds(10);
inline constexpr Duration kCoarseBucket = std::chrono::minutes(1);

/// Fine buckets stay from this long before an incident to as long after it.
inline constexpr Duration kFrozenAround = std::chrono::minutes(15);

}  // namespace pathwitness
