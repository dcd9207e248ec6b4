#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "exporter/history/history_engine.h"
#include "exporter/history/history_reader.h"
#include "probes/base/time.h"
#include "tests/diagnosis/path_text.h"
#include "tests/support/recording_log.h"

namespace pathwitness {

/// A clock that moves when a test says so, and whose wall can be set apart from it.
class SteppedClock final : public Clock {
 public:
  explicit SteppedClock(WallTime wall = WallTime(std::chrono::seconds(1767225600))) : wall_(wall) {}

  MonoTime Now() const override { return now_; }
  WallTime WallNow() const override { return wall_; }

  void Advance(Duration step) {
    now_ += step;
    wall_ += step;
  }
  void StepWall(Duration step) { wall_ += step; }

 private:
  MonoTime now_{std::chrono::hours(1)};
  WallTime wall_;
};

inline const std::string kStagePath = "192.168.1.1 198.51.100.1 203.0.113.200";

/// Boards with trace probers on them, and an engine that keeps their history in `directory`.
class HistoryStage {
 public:
  HistoryStage(std::string directory, std::vector<std::string> targets,
               WallTime wall = SteppedClock().WallNow())
      : clock_(wall) {
    config_.history.directory = std::move(directory);
    for (std::string& target : targets) {
      TraceSnapshot trace;
      trace.status.key = {std::move(target), ProberKind::TraceIcmp, ProberFamily::Ipv4};
      trace.round_trips = Histogram({0.1});
      traces_.push_back(std::move(trace));
      config_.targets.push_back({.name = traces_.back().status.key.target});
      config_.targets.back().trace.interval = std::chrono::seconds(1);
    }
    Begin();
  }

  /// An engine in place of the one before, which may have been given up: then it never writes.
  void Begin() {
    engine_ = std::make_unique<HistoryEngine>(boards_, clock_, log_);
    Apply();
  }
  void Apply() { engine_->Apply(std::make_shared<const Config>(config_), clock_.Now()); }
  void End() { engine_.reset(); }

  /// Half a second passes; the engine turns.
  void Turn() {
    clock_.Advance(HistoryEngine::kLooksFastEvery);
    engine_->Turn(clock_.Now());
  }

  /// `seconds` pass, in each of which every target sends a probe, and loses the tenth.
  void Live(unsigned seconds) {
    for (unsigned second = 0; second < seconds; ++second) {
      Turn();
      Measure();
      Turn();
    }
  }

  /// Every target sends an end-to-end probe, and every ten ends a round over `path_`.
  void Measure() {
    ++sent_;
    for (TraceSnapshot& trace : traces_) {
      ++trace.probes;
      if (trace.probes % 10 == 0) {
        ++trace.lost;
        EndRound(trace);
      } else {
        trace.round_trips.Observe(0.02);
      }
      writer_.Publish(trace.status.key, std::make_shared<const TraceSnapshot>(trace));
    }
  }

  std::uint64_t Sent() const { return sent_; }  // by each target
  const ProberKey& Key(std::size_t target = 0) const { return traces_.at(target).status.key; }
  HistoryBoard::Pointer Self() const { return history_.Find(0); }

  SteppedClock clock_;
  RecordingLog log_;
  Config config_;
  std::string path_ = kStagePath;
  TraceBoard trace_board_;
  HttpsBoard https_;
  OneWayBoard one_way_;
  RouteBoard routes_;
  IncidentBoard incidents_;
  PtrBoard names_;
  HistoryBoard history_;
  std::unique_ptr<HistoryEngine> engine_;

 private:
  void EndRound(TraceSnapshot& trace) const {
    Round round = RoundOf(path_);
    round.number = ++trace.status.rounds;
    round.started = clock_.WallNow();
    for (Hop& hop : round.hops) {
      for (HopReply& reply : hop.replies) {
        reply.round_trip = std::chrono::milliseconds(hop.ttl);
      }
    }
    trace.last_round = std::make_shared<const Round>(std::move(round));
  }

  HistoryBoards boards_{.traces = trace_board_,
                        .https = https_,
                        .one_way = one_way_,
                        .routes = routes_,
                        .incidents = incidents_,
                        .names = names_,
                        .history = history_};
  TraceBoard::Writer writer_ = trace_board_.NewWriter();
  std::vector<TraceSnapshot> traces_;
  std::uint64_t sent_ = 0;
};

/// All that was sent to a target's destination, ever, in buckets of that kind.
inline std::uint64_t SentInHistory(HistoryReader& reader, const ProberKey& prober,
                                   Resolution resolution = Resolution::Fine) {
  std::uint64_t sent = 0;
  const auto begin = WallTime();
  const auto end = begin + std::chrono::years(200);
  for (const TraceBucket& bucket : reader.Traces(prober, begin, end, resolution)) {
    sent += bucket.stats.end_to_end.sent;
  }
  return sent;
}

}  // namespace pathwitness
