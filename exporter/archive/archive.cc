#include "exporter/archive/archive.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string_view>

#include "exporter/archive/manifest.h"

namespace pathwitness {
namespace {

constexpr Duration kClockStep = std::chrono::minutes(10);  // a larger one is no drift
constexpr Duration kTrustClockAfter = std::chrono::hours(1);
constexpr int kMostRemovedForOne = 1000;  // reports, to make room for another
constexpr std::uint64_t kBlock = 4096;    // what a small file takes on most file systems

std::uint64_t InBlocks(std::uint64_t bytes) {
  return (bytes + kBlock - 1) / kBlock * kBlock;
}

std::uint64_t BytesOnDisk(const ReportFiles& report) {
  std::uint64_t bytes = kBlock;  // the manifest
  for (const auto& [extension, form] : report.forms) {
    bytes += InBlocks(form.size());
  }
  return bytes;
}

bool IsValid(const ReportFiles& report) {
  return !report.forms.empty() &&
         std::all_of(report.forms.begin(), report.forms.end(), [](const auto& form) {
           return IsExtension(form.first) && form.first != kManifestExtension &&
                  form.second.size() <= kLongestForm;
         });
}

KeepFailure FailureOf(const std::error_code& error) {
  switch (error.value()) {
    case ENOSPC:
    case EDQUOT:
      return KeepFailure::DiskFull;
    case EROFS:
      return KeepFailure::ReadOnly;
    case EACCES:
    case EPERM:
      return KeepFailure::Denied;
    default:
      return KeepFailure::Io;
  }
}

}  // namespace

std::filesystem::path ArchiveFolder(const Config& config) {
  return config.archive.directory.empty()
             ? std::filesystem::path(config.state_directory) / "archive"
             : std::filesystem::path(config.archive.directory);
}

Archive::Archive(std::filesystem::path folder, const ArchiveSnapshot& earlier, const Clock& clock,
                 EventLog& log)
    : store_(std::move(folder)), clock_(clock), log_(log), counted_(earlier) {
  counted_.is_complete = false;
  counted_.reports = 0;
  counted_.bytes = 0;
}

std::variant<ReportName, KeepFailure> Archive::Keep(const ReportFiles& report) {
  std::variant<ReportName, KeepFailure> outcome = TryKeep(report);
  NoteOutcome(outcome);
  return outcome;
}

std::variant<ReportName, KeepFailure> Archive::TryKeep(const ReportFiles& report) {
  if (!IsValid(report)) {
    return KeepFailure::Invalid;
  }
  const std::uint64_t bytes = BytesOnDisk(report);
  if (!MakeRoom(bytes)) {
    return KeepFailure::DiskLow;
  }
  const std::optional<ReportName> name = FreeName(report);
  if (!name) {
    return KeepFailure::Invalid;
  }
  if (const std::error_code error = store_.Write(MakeManifest(*name, report), report)) {
    return FailureOf(error);
  }
  if (!limits_.is_uploading) {
    store_.Tickets().Remove(Spool::TicketOf(*name));
  }
  Count(*name, bytes);
  return *name;
}

std::optional<ReportName> Archive::FreeName(const ReportFiles& report) const {
  for (unsigned number = 1; number <= kMostInOneSecond; ++number) {
    ReportName name = NameOf(report, number);
    if (!store_.IsTaken(name, report)) {
      return name;
    }
  }
  return std::nullopt;
}

// A folder that does not exist yet cannot be asked for its free space, and is not refused.
bool Archive::MakeRoom(std::uint64_t bytes) {
  const auto is_low = [&] {
    const std::optional<std::uint64_t> free = FreeBytes();
    return free && *free < limits_.min_free_bytes + bytes;
  };
  const int most = counted_.is_complete ? kMostRemovedForOne : 0;
  for (int i = 0; i < most && is_low() && !reports_.empty(); ++i) {
    RemoveOldest(RemovalReason::DiskLow);
  }
  return !is_low();
}

std::optional<std::uint64_t> Archive::FreeBytes() const {
  struct statvfs status {};
  if (statvfs(Folder().c_str(), &status) != 0) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

bool Archive::Explore(MonoTime until) {
  if (!is_exploring_) {
    is_exploring_ = true;
    store_.Tickets().RemoveDrafts();
    const std::vector<std::string> tickets = store_.Tickets().List();
    tickets_.assign(tickets.begin(), tickets.end());
    const std::vector<std::filesystem::path> targets = ReportStore::FoldersIn(Folder());
    to_count_.assign(targets.begin(), targets.end());
  }
  while (!tickets_.empty() && clock_.Now() < until) {
    store_.Settle(tickets_.front());
    tickets_.pop_front();
  }
  while (tickets_.empty() && !to_count_.empty() && clock_.Now() < until) {
    for (const std::filesystem::path& day : ReportStore::FoldersIn(to_count_.front())) {
      for (const auto& [name, bytes] : ReportStore::ReportsOf(day)) {
        Count(name, bytes);
      }
    }
    to_count_.pop_front();
  }
  counted_.is_complete = tickets_.empty() && to_count_.empty();
  return counted_.is_complete;
}

bool Archive::Sweep(MonoTime until) {
  WatchClock();
  while (counted_.is_complete) {
    const std::optional<RemovalReason> reason = WhyRemoveOldest();
    if (!reason) {
      return true;
    }
    if (clock_.Now() >= until) {
      return false;
    }
    RemoveOldest(*reason);
  }
  return true;
}

ArchiveSnapshot Archive::Look() const {
  ArchiveSnapshot snapshot = counted_;
  snapshot.reports = reports_.size();
  snapshot.max_bytes = limits_.max_bytes;
  snapshot.min_free_bytes = limits_.min_free_bytes;
  snapshot.free_bytes = FreeBytes();
  snapshot.oldest = reports_.empty() ? std::nullopt : std::optional(reports_.begin()->first.first);
  return snapshot;
}

void Archive::Count(const ReportName& name, std::uint64_t bytes) {
  const bool is_new = reports_.emplace(Key(TimeOf(name), name.Path()), bytes).second;
  counted_.bytes += is_new ? bytes : 0;
}

std::optional<RemovalReason> Archive::WhyRemoveOldest() const {
  if (reports_.empty()) {
    return std::nullopt;
  }
  const Duration age = clock_.WallNow() - reports_.begin()->first.first;
  if (age > limits_.retention && clock_.Now() >= age_counts_from_) {
    return RemovalReason::Age;
  }
  if (counted_.bytes > limits_.max_bytes) {
    return RemovalReason::Size;
  }
  const std::optional<std::uint64_t> free = FreeBytes();
  return free && *free < limits_.min_free_bytes ? std::optional(RemovalReason::DiskLow)
                                                : std::nullopt;
}

// What cannot be removed is not counted any more: it is not ours, or the disk refuses, and the next
// start looks again.
void Archive::RemoveOldest(RemovalReason reason) {
  const auto oldest = reports_.begin();
  const ReportName name = *ParseReportName(oldest->first.second);
  // Before its files, so that nobody takes a report that is going for a damaged one.
  const bool was_waiting = store_.Tickets().Remove(Spool::TicketOf(name));
  if (store_.Remove(name)) {
    ++counted_.removed.at(static_cast<std::size_t>(reason));
  }
  counted_.removed_unsent += was_waiting ? 1U : 0U;
  counted_.bytes -= oldest->second;
  reports_.erase(oldest);
}

void Archive::NoteOutcome(const std::variant<ReportName, KeepFailure>& outcome) {
  const auto* const failure = std::get_if<KeepFailure>(&outcome);
  if (failure == nullptr) {
    ++counted_.kept;
    counted_.last_kept = clock_.WallNow();
    if (failing_) {
      log_.Write(LogLevel::Info, "reports are kept again", {{"folder", Folder().string()}});
    }
    failing_.reset();
    return;
  }
  ++counted_.failures.at(static_cast<std::size_t>(*failure));
  if (failing_ != *failure) {
    log_.Write(LogLevel::Error, "a report cannot be kept",
               {{"folder", Folder().string()},
                {"reason", std::string(kKeepFailureNames.at(static_cast<std::size_t>(*failure)))}});
  }
  failing_ = *failure;
}

void Archive::WatchClock() {
  const std::pair<MonoTime, WallTime> seen(clock_.Now(), clock_.WallNow());
  const std::pair<MonoTime, WallTime> before = clock_seen_.value_or(seen);
  const Duration step = (seen.second - before.second) - (seen.first - before.first);
  if (std::chrono::abs(step) > kClockStep) {
    age_counts_from_ = seen.first + kTrustClockAfter;
    log_.Write(LogLevel::Warn, "the clock was set: no report is removed by age for an hour",
               {{"by_seconds",
                 std::to_string(std::chrono::duration_cast<std::chrono::seconds>(step).count())}});
  }
  clock_seen_ = seen;
}

}  // namespace pathwitness
