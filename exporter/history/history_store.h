#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "exporter/history/history_file.h"
#include "exporter/history/history_values.h"

namespace pathwitness {

/// Writes the history: one file, `history.sqlite`, in SQLite's WAL mode. One transaction a call,
/// on disk when the call returns: neither kill -9 nor a power cut loses more than what was not yet
/// given to it.
///
/// A row is never changed. Each flush adds rows of its own number, so that a bucket whose time
/// comes twice, by a step of the clock or a restart, has several; readers add them up. Coarse
/// buckets are made of the fine ones on disk, in the transaction that marks these as counted:
/// neither lost nor doubled, wherever the program is killed.
///
/// Each call tells what went wrong and can be repeated later. A file that turns out to be damaged
/// is renamed to `history.sqlite.damaged-<time>`, with its companions, and a new one begun. Belongs
/// to one thread.
class HistoryStore {
 public:
  /// Opens nothing yet. `directory` is made when it is missing.
  explicit HistoryStore(std::filesystem::path directory);
  ~HistoryStore();
  HistoryStore(const HistoryStore&) = delete;
  HistoryStore& operator=(const HistoryStore&) = delete;

  /// `now` names a damaged file that has to give way.
  std::optional<HistoryFailure> Write(const HistoryBatch& batch, WallTime now);

  /// Makes coarse buckets of all minutes but that of `now`, then lets go what is too old or too
  /// much. At most an hour of each kind at a time, so that a clock that is wrong by years cannot
  /// clear everything at once, and of that `rows_at_once`, but two minutes at least.
  std::optional<HistoryFailure> Tidy(const HistoryLimits& limits, WallTime now);

  /// Pre: the follow-up is fit to be kept, but for how many there are.
  FollowUpOutcome AddFollowUp(const std::string& incident, const FollowUp& follow_up);

  /// Incidents that a predecessor left open and that are not in `open` are closed as of when they
  /// were last seen.
  std::optional<HistoryFailure> CloseOrphans(const std::vector<std::string>& open, WallTime now);

  HistoryExtent Extent();

  /// For people, of the last failure.
  const std::string& FailureText() const { return failure_text_; }

  /// Files set aside so far, and the last of them.
  std::uint64_t SetAside() const { return set_aside_; }
  const std::filesystem::path& LastSetAside() const { return last_set_aside_; }

  /// Rows that could not be made part of a coarse bucket as they make no sense, since the call
  /// before.
  std::uint64_t TakeDamaged() { return std::exchange(damaged_, 0); }

  static constexpr std::uint64_t kForgetsEvery = 60;  // calls of Tidy
  static constexpr const char* kFileName = "history.sqlite";

 private:
  using Task = std::function<void(HistoryFile&)>;

  std::optional<HistoryFailure> Do(WallTime now, const Task& task);
  std::optional<HistoryFailure> Open();
  std::optional<HistoryFailure> Finish(WallTime now);
  void PutAside(WallTime now);

  std::filesystem::path directory_;
  std::unique_ptr<HistoryFile> file_;
  std::string failure_text_;
  std::uint64_t set_aside_ = 0;
  std::filesystem::path last_set_aside_;
  std::uint64_t damaged_ = 0;
  std::uint64_t tidied_ = 0;
};

}  // namespace pathwitness
