#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace pathwitness {

/// Where one engine puts its latest results and any thread reads them.
///
/// A snapshot never changes once published; readers keep theirs as long as they like. Only the
/// newest Writer's calls count: an engine that was given up because it no longer turned cannot
/// overwrite what its successor publishes.
///
/// Mutex and swap, not std::atomic<std::shared_ptr>: ThreadSanitizer reports a race inside
/// libstdc++ 12's.
template <typename Key, typename Snapshot>
class SnapshotBoard {
 public:
  using Pointer = std::shared_ptr<const Snapshot>;

  class Writer {
   public:
    void Publish(const Key& key, Pointer snapshot) {
      board_->Publish(epoch_, key, std::move(snapshot));
    }
    void Remove(const Key& key) { board_->Publish(epoch_, key, nullptr); }

   private:
    friend class SnapshotBoard;
    Writer(SnapshotBoard* board, std::uint64_t epoch) : board_(board), epoch_(epoch) {}
    SnapshotBoard* board_;
    std::uint64_t epoch_;
  };

  /// Every earlier Writer falls silent. The board must outlive its writers.
  Writer NewWriter() {
    const std::lock_guard lock(mutex_);
    return Writer(this, ++epoch_);
  }

  /// Null when there is none.
  Pointer Find(const Key& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = snapshots_.find(key);
    return found == snapshots_.end() ? nullptr : found->second;
  }

  /// All snapshots, in the order of their keys.
  std::vector<Pointer> All() const {
    std::vector<Pointer> all;
    const std::lock_guard lock(mutex_);
    all.reserve(snapshots_.size());
    for (const auto& [key, snapshot] : snapshots_) {
      all.push_back(snapshot);
    }
    return all;
  }

 private:
  void Publish(std::uint64_t epoch, const Key& key, Pointer snapshot) {
    const std::lock_guard lock(mutex_);  // the old snapshot is freed by `snapshot`, after unlocking
    if (epoch != epoch_) {
      return;
    }
    if (snapshot == nullptr) {
      snapshots_.erase(key);
      return;
    }
    snapshots_[key].swap(snapshot);
  }

  mutable std::mutex mutex_;
  std::map<Key, Pointer> snapshots_;  // guarded by mutex_
  std::uint64_t epoch_ = 0;           // guarded by mutex_
};

}  // namespace pathwitness
