#include "exporter/archive/archive_engine.h"

#include <chrono>
#include <utility>

namespace pathwitness {
namespace {

constexpr int kOnlyKey = 0;
constexpr Duration kBetweenSweeps = std::chrono::seconds(10);
constexpr Duration kLongestTurn = std::chrono::milliseconds(100);  // then reports get their chance

}  // namespace

ArchiveEngine::ArchiveEngine(ArchiveBoard& board, const Clock& clock, EventLog& log)
    : board_(board), writer_(board.NewWriter()), clock_(clock), log_(log) {}

void ArchiveEngine::Apply(std::shared_ptr<const Config> config, MonoTime now) {
  const std::filesystem::path folder = ArchiveFolder(*config);
  if (archive_ == nullptr || archive_->Folder() != folder) {
    const ArchiveBoard::Pointer before = board_.Find(kOnlyKey);
    archive_ =
        std::make_unique<Archive>(folder, before ? *before : ArchiveSnapshot{}, clock_, log_);
  }
  archive_->SetLimits({.retention = config->archive.retention,
                       .max_bytes = config->archive.max_bytes,
                       .min_free_bytes = config->archive.min_free_bytes,
                       .is_uploading = !config->upload.endpoint.empty()});
  due_ = now;
  Publish();
}

void ArchiveEngine::Turn(MonoTime now) {
  if (now < due_) {
    return;
  }
  const MonoTime until = now + kLongestTurn;
  const bool is_through = archive_->Explore(until) && archive_->Sweep(until);
  due_ = is_through ? now + kBetweenSweeps : now;
  Publish();
}

std::variant<ReportName, KeepFailure> ArchiveEngine::Keep(const ReportFiles& report) {
  std::variant<ReportName, KeepFailure> outcome = archive_->Keep(report);
  Publish();
  return outcome;
}

void ArchiveEngine::Publish() {
  writer_.Publish(kOnlyKey, std::make_shared<const ArchiveSnapshot>(archive_->Look()));
}

}  // namespace pathwitness
