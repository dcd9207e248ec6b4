#include "exporter/history/history_store.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "exporter/history/history_time.h"
#include "exporter/rfc3339.h"

namespace pathwitness {
namespace {

/// "20261121T161320Z".
std::string FileTime(WallTime now) {
  std::string text = FormatRfc3339(now, TimePrecision::Seconds);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

HistoryFailure FailureOf(const std::error_code& error) {
  if (error == std::errc::read_only_file_system) {
    return HistoryFailure::ReadOnly;
  }
  return error == std::errc::no_space_on_device ? HistoryFailure::Full : HistoryFailure::CannotOpen;
}

/// Made for its owner and group alone: what a network looks like inside is nobody else's business.
std::error_code MakeFolder(const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::create_directories(folder, error)) {
    using std::filesystem::perms;
    std::filesystem::permissions(folder, perms::owner_all | perms::group_read | perms::group_exec,
                                 error);
  }
  return error;
}

}  // namespace

HistoryStore::HistoryStore(std::filesystem::path directory) : directory_(std::move(directory)) {}

HistoryStore::~HistoryStore() = default;

std::optional<HistoryFailure> HistoryStore::Open() {
  if (file_) {
    return std::nullopt;
  }
  if (const std::error_code error = MakeFolder(directory_)) {
    failure_text_ = error.message();
    return FailureOf(error);
  }
  file_ = std::make_unique<HistoryFile>(directory_ / kFileName);
  return file_->Database().Failure();
}

// What a failed transaction believed about the file may be wrong: it is opened anew next time.
std::optional<HistoryFailure> HistoryStore::Finish(WallTime now) {
  const std::optional<HistoryFailure> failure = file_->Database().Failure();
  if (!failure) {
    return std::nullopt;
  }
  failure_text_ = file_->Database().FailureText();
  file_.reset();
  if (failure == HistoryFailure::Corrupt) {
    PutAside(now);
  }
  return failure;
}

std::optional<HistoryFailure> HistoryStore::Do(WallTime now, const Task& task) {
  std::optional<HistoryFailure> failure;
  for (int attempt = 0; attempt < 2; ++attempt) {
    failure = Open();
    if (!file_) {
      return failure;
    }
    if (!failure) {
      task(*file_);
    }
    const std::uint64_t before = set_aside_;
    failure = Finish(now);
    if (before == set_aside_) {
      break;  // else once more, into the new file
    }
  }
  return failure;
}

std::optional<HistoryFailure> HistoryStore::Write(const HistoryBatch& batch, WallTime now) {
  return Do(now, [&batch](HistoryFile& file) { file.Write(batch); });
}

std::optional<HistoryFailure> HistoryStore::Tidy(const HistoryLimits& limits, WallTime now) {
  return Do(now, [&](HistoryFile& file) {
    damaged_ += file.RollUp(now);
    file.Thin(limits, now);
    if (tidied_++ % kForgetsEvery == 0) {
      file.Forget(limits, now);
    }
    file.Shrink(limits);
  });
}

FollowUpOutcome HistoryStore::AddFollowUp(const std::string& incident, const FollowUp& follow_up) {
  FollowUpOutcome outcome = FollowUpOutcome::NotWritten;
  const auto failure =
      Do(follow_up.at, [&](HistoryFile& file) { outcome = file.AddFollowUp(incident, follow_up); });
  return failure ? FollowUpOutcome::NotWritten : outcome;
}

std::optional<HistoryFailure> HistoryStore::CloseOrphans(const std::vector<std::string>& open,
                                                         WallTime now) {
  return Do(now, [&open](HistoryFile& file) { file.CloseOrphans(open); });
}

HistoryExtent HistoryStore::Extent() {
  return file_ ? file_->Extent() : HistoryExtent();
}

// Renamed, never deleted: what can be saved of it is for people to find out.
void HistoryStore::PutAside(WallTime now) {
  const std::filesystem::path file = directory_ / kFileName;
  const std::string base = file.string() + ".damaged-" + FileTime(now);
  std::string aside = base;
  std::error_code error;
  for (int i = 2; std::filesystem::exists(aside, error); ++i) {
    aside = base + "-" + std::to_string(i);
  }
  std::filesystem::rename(file, aside, error);
  if (error) {
    return;  // the next attempt meets the same file, and the same failure
  }
  ++set_aside_;
  last_set_aside_ = aside;
  for (const char* const companion : {"-wal", "-shm"}) {
    std::filesystem::rename(file.string() + companion, aside + companion, error);
  }
}

}  // namespace pathwitness
