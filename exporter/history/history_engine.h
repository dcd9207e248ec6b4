#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "config/config.h"
#include "exporter/diagnosis/incident_snapshot.h"
#include "exporter/diagnosis/route_snapshot.h"
#include "exporter/history/history_snapshot.h"
#include "exporter/history/history_store.h"
#include "exporter/history/recorder.h"
#include "probes/base/event_log.h"
#include "probes/dns/ptr_snapshot.h"
#include "probes/engine.h"
#include "probes/https/https_snapshot.h"
#include "probes/reflect/one_way_snapshot.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// What the engine reads and writes. Everything must outlive it.
struct HistoryBoards {
  const TraceBoard& traces;
  const HttpsBoard& https;
  const OneWayBoard& one_way;
  const RouteBoard& routes;
  const IncidentBoard& incidents;
  const PtrBoard& names;
  HistoryBoard& history;
};

/// Keeps on disk what the probers found out.
///
/// It looks at the boards every second, or twice in one where probers are faster, and writes when a
/// bucket of the wall clock is over, when the clock was set to another one, and at its end. While
/// the disk cannot be written, the newest two minutes wait in memory; what is older is given up and
/// counted. Nothing else ever waits for it: it has a thread of its own, and who probes does not
/// know it.
class HistoryEngine final : public Engine {
 public:
  /// `clock` and `log` must outlive the engine. `clock` and Turn's `now` are the same time.
  HistoryEngine(const HistoryBoards& boards, const Clock& clock, EventLog& log);
  ~HistoryEngine() override;
  HistoryEngine(const HistoryEngine&) = delete;
  HistoryEngine& operator=(const HistoryEngine&) = delete;

  void Apply(std::shared_ptr<const Config> config, MonoTime now) override;
  void Turn(MonoTime now) override;
  MonoTime NextDeadline() const override { return look_due_; }
  int Descriptor() const override { return -1; }

  /// Keeps what somebody wrote about an incident. It is on disk when this returns Kept.
  FollowUpOutcome AddFollowUp(const std::string& incident, const FollowUp& follow_up);

  static constexpr Duration kLooksEvery = std::chrono::seconds(1);
  static constexpr Duration kLooksFastEvery = std::chrono::milliseconds(500);
  static constexpr std::size_t kMostPending = 12;

 private:
  void Flush(MonoTime now);
  void WritePending();
  void Tidy();
  void Note(std::optional<HistoryFailure> failure);
  void NoteSetAside();
  void Publish();

  HistoryBoards boards_;
  HistoryBoard::Writer writer_;
  const Clock& clock_;
  EventLog& log_;

  std::string directory_;
  HistoryLimits limits_;
  std::unique_ptr<HistoryStore> store_;  // null: no history is kept
  Recorder recorder_;
  bool has_closed_orphans_ = false;
  HistorySnapshot self_;
  std::uint64_t set_aside_ = 0;  // of `store_`, as noted so far
  std::deque<HistoryBatch> pending_;

  WallTime bucket_;  // that is being filled
  WallTime responders_looked_at_;
  MonoTime flushed_;
  Duration looks_every_ = kLooksFastEvery;
  MonoTime look_due_ = MonoTime::max();
};

}  // namespace pathwitness
