#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "probes/base/time.h"

namespace pathwitness {

/// Deadlines of many small integers (indices of probers), on a coarse grid.
///
/// An id may be set again at any time; only its newest deadline counts. Deadlines beyond one
/// revolution wait in their slot for the revolution they belong to. Setting and expiring cost O(1)
/// per deadline, whatever the number of ids (Varghese, Lauck, "Hashed and hierarchical timing
/// wheels", SOSP 1987).
class TimerWheel {
 public:
  /// Deadlines are met at the first Expire at or after them, rounded up to `grid`.
  explicit TimerWheel(Duration grid, MonoTime now)
      : grid_(grid), slots_(kSlots), cursor_(TickOf(now)) {}

  void Set(std::uint32_t id, MonoTime deadline) {
    if (id >= due_.size()) {
      due_.resize(id + 1, kNever);
    }
    const std::int64_t tick = deadline == MonoTime::max()
                                  ? kNever
                                  : std::max(TickOf(deadline + grid_ - Duration(1)), cursor_);
    if (tick == due_[id]) {
      return;
    }
    due_[id] = tick;
    if (tick != kNever) {
      SlotOf(tick).push_back({tick, id});
    }
  }

  void Cancel(std::uint32_t id) { Set(id, MonoTime::max()); }

  /// Calls `expired(id)` for every id whose deadline is at or before `now`; it may Set again.
  template <typename Expired>
  void Expire(MonoTime now, Expired expired) {
    const std::int64_t last = TickOf(now);
    // After a long pause one revolution sees every slot.
    const std::int64_t first = std::max(cursor_, last - static_cast<std::int64_t>(kSlots) + 1);
    const std::int64_t from = cursor_ > last ? last + 1 : first;
    cursor_ = std::max(cursor_, last + 1);
    for (std::int64_t tick = from; tick <= last; ++tick) {
      batch_.swap(SlotOf(tick));
      for (const Entry& entry : batch_) {
        if (entry.tick > last) {
          SlotOf(entry.tick).push_back(entry);  // of a later revolution
        } else if (due_[entry.id] == entry.tick) {
          due_[entry.id] = kNever;
          expired(entry.id);
        }
      }
      batch_.clear();
    }
  }

  /// Not later than the earliest deadline, and at most one revolution ahead of `now`.
  MonoTime NextDeadline(MonoTime now) const {
    const std::int64_t end = TickOf(now) + static_cast<std::int64_t>(kSlots);
    for (std::int64_t tick = cursor_; tick < end; ++tick) {
      if (!slots_[static_cast<std::size_t>(tick) % kSlots].empty()) {
        return MonoTime(tick * grid_);
      }
    }
    return MonoTime(end * grid_);
  }

 private:
  struct Entry {
    std::int64_t tick;
    std::uint32_t id;
  };
  static constexpr std::size_t kSlots = 1024;
  static constexpr std::int64_t kNever = INT64_MAX;

  std::int64_t TickOf(MonoTime time) const { return time.time_since_epoch() / grid_; }
  std::vector<Entry>& SlotOf(std::int64_t tick) {
    return slots_[static_cast<std::size_t>(tick) % kSlots];
  }

  Duration grid_;
  std::vector<std::vector<Entry>> slots_;
  std::vector<std::int64_t> due_;  // by id
  std::vector<Entry> batch_;       // kept for its capacity
  std::int64_t cursor_;            // the first tick that has not been expired
};

}  // namespace pathwitness
