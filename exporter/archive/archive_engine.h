#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "exporter/archive/archive.h"
#include "exporter/archive/archive_snapshot.h"
#include "exporter/archive/report_files.h"
#include "exporter/archive/report_name.h"
#include "probes/base/event_log.h"
#include "probes/base/time.h"
#include "probes/engine.h"

namespace pathwitness {

/// Keeps reports on disk and removes old ones, on a thread of its own: a disk that hangs holds up
/// nobody else. Publishes one ArchiveSnapshot.
///
/// To keep a report from another thread, post a message to the engine's thread that calls Keep.
class ArchiveEngine final : public Engine {
 public:
  /// Everything referred to must outlive the engine. `clock` and Turn's `now` are the same time.
  ArchiveEngine(ArchiveBoard& board, const Clock& clock, EventLog& log);

  /// Another folder is used from now on; what is in the old one stays there.
  void Apply(std::shared_ptr<const Config> config, MonoTime now) override;
  void Turn(MonoTime now) override;
  MonoTime NextDeadline() const override { return due_; }
  int Descriptor() const override { return -1; }

  /// As Archive::Keep; the board shows it when this returns. Pre: after the first Apply.
  std::variant<ReportName, KeepFailure> Keep(const ReportFiles& report);

 private:
  void Publish();

  ArchiveBoard& board_;
  ArchiveBoard::Writer writer_;
  const Clock& clock_;
  EventLog& log_;
  std::unique_ptr<Archive> archive_;  // null before the first Apply
  MonoTime due_ = MonoTime::max();
};

}  // namespace pathwitness
