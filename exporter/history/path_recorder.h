#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "exporter/history/history_values.h"
#include "probes/https/https_snapshot.h"
#include "probes/reflect/one_way_snapshot.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// Where the path of a flow goes now, by where it went before and a new round of it. Whoever is
/// silent is still who answered there before, unless somebody new answered nearer to us. Pre:
/// `before` is of the same flow, or null.
Route FollowRoute(const Route* before, const Round& round);

/// Adds up what one trace prober published since it was asked last.
class PathRecorder {
 public:
  using Snapshot = TraceBoard::Pointer;

  /// What the prober counted up to `snapshot` is not ours to keep.
  void Begin(const Snapshot& snapshot) { seen_ = snapshot; }

  void OnSnapshot(const Snapshot& snapshot);

  /// The prober is gone. One that comes again counts from zero.
  void OnGone() { seen_ = nullptr; }

  const Snapshot& Seen() const { return seen_; }
  bool IsEmpty() const { return stats_.rounds == 0 && stats_.end_to_end.sent == 0; }
  const TraceStats& Stats() const { return stats_; }
  void Clear();

  /// Rounds that were over and gone before anybody looked, since the call before.
  std::uint64_t TakeRoundsMissed() { return std::exchange(rounds_missed_, 0); }

 private:
  void OnRoundsSince(const Round* seen, const TraceSnapshot& now);
  void OnRound(const Round& round);

  static constexpr std::size_t kMostFlows = 64;  // others share their memory

  Snapshot seen_;
  TraceStats stats_;
  std::vector<std::shared_ptr<const Route>> flows_;
  std::uint64_t rounds_missed_ = 0;
};

/// The same of a service.
class ServiceRecorder {
 public:
  using Snapshot = HttpsBoard::Pointer;

  void Begin(const Snapshot& snapshot) { seen_ = snapshot; }
  void OnSnapshot(const Snapshot& snapshot);
  void OnGone() { seen_ = nullptr; }

  const Snapshot& Seen() const { return seen_; }
  bool IsEmpty() const { return stats_.requests == 0; }
  const HttpsStats& Stats() const { return stats_; }
  void Clear() { stats_ = HttpsStats(); }

 private:
  Snapshot seen_;
  HttpsStats stats_;
};

/// The same of what a reflector tells.
class OneWayRecorder {
 public:
  using Snapshot = OneWayBoard::Pointer;

  void Begin(const Snapshot& snapshot) { seen_ = snapshot; }
  void OnSnapshot(const Snapshot& snapshot);
  void OnGone() { seen_ = nullptr; }

  const Snapshot& Seen() const { return seen_; }
  bool IsEmpty() const { return stats_ == OneWayStats(); }
  const OneWayStats& Stats() const { return stats_; }
  void Clear() { stats_ = OneWayStats(); }

 private:
  Snapshot seen_;
  OneWayStats stats_;
};

}  // namespace pathwitness
