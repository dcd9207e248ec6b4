#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "probes/base/prefetch.h"
#include "probes/base/time.h"

namespace pathwitness {

/// A probe that was sent and may still be answered.
struct PendingProbe {
  enum class State : std::uint8_t { Awaited, Answered, Gone };

  MonoTime sent;
  std::uint64_t secret = 0;
  std::uint32_t token = 0;
  std::uint32_t round = 0;  // the low bits of its number
  std::uint16_t flow = 0;
  std::uint16_t flow_port = 0;
  std::uint8_t ttl = 0;  // 0: end to end
  State state = State::Awaited;
};

/// Probes in the order of sending, found by number or by token.
///
/// Numbers are consecutive, and only the oldest probe is ever removed: what is settled stays, to
/// tell duplicates. With thousands of tracers nothing is in the processor's cache when a reply
/// comes; the search for its probe begins with the newest ones, which are the likeliest.
class PendingProbes {
 public:
  bool IsEmpty() const { return count_ == 0; }
  std::size_t Count() const { return count_; }

  /// The number is that of the probe before plus one, also after Clear.
  std::uint32_t Add(const PendingProbe& probe) {
    if (count_ == probes_.size()) {
      Grow();
    }
    probes_[Slot(count_++)] = probe;
    return first_ + static_cast<std::uint32_t>(count_ - 1);
  }

  /// Null when there is none.
  PendingProbe* FindNumber(std::uint32_t number) {
    const std::uint32_t position = number - first_;
    return position < count_ ? &probes_[Slot(position)] : nullptr;
  }

  /// The newest with `token` that `is_right` accepts; null when there is none.
  template <typename IsRight>
  PendingProbe* FindToken(std::uint32_t token, IsRight is_right) {
    for (std::size_t position = count_; position-- > 0;) {
      PendingProbe& probe = probes_[Slot(position)];
      if (probe.token == token && is_right(probe)) {
        return &probe;
      }
    }
    return nullptr;
  }

  /// Oldest first; 0 <= position < Count().
  PendingProbe& At(std::size_t position) { return probes_[Slot(position)]; }
  const PendingProbe& At(std::size_t position) const { return probes_[Slot(position)]; }

  /// The oldest that may still be answered; null when there is none.
  const PendingProbe* OldestAwaited() const {
    return settled_ < count_ ? &probes_[Slot(settled_)] : nullptr;
  }

  /// `probe`, one of these, is awaited no more.
  void Settle(PendingProbe& probe, PendingProbe::State state) {
    probe.state = state;
    while (settled_ < count_ && probes_[Slot(settled_)].state != PendingProbe::State::Awaited) {
      ++settled_;
    }
  }

  /// Pre: not IsEmpty(), and the oldest is settled.
  void RemoveOldest() {
    head_ = Slot(1);
    ++first_;
    --count_;
    --settled_;
  }

  /// Has the processor fetch what the next call will look at.
  void Prefetch() const {
    if (!probes_.empty()) {
      pathwitness::Prefetch(&probes_[head_]);
      pathwitness::Prefetch(&probes_[Slot(settled_)]);
      pathwitness::Prefetch(&probes_[Slot(count_)]);
      pathwitness::Prefetch(&probes_[Slot(count_ - 1)]);
    }
  }

  void Clear() {
    first_ += static_cast<std::uint32_t>(count_);
    count_ = 0;
    settled_ = 0;
  }

 private:
  std::size_t Slot(std::size_t position) const { return (head_ + position) & (probes_.size() - 1); }

  // Sizes are powers of two, for Slot's sake.
  void Grow() {
    constexpr std::size_t kFirstSize = 16;
    const std::size_t size = probes_.empty() ? kFirstSize : probes_.size() * 2;
    std::vector<PendingProbe> probes(size);
    for (std::size_t position = 0; position < count_; ++position) {
      probes[position] = probes_[Slot(position)];
    }
    probes_.swap(probes);
    head_ = 0;
  }

  std::vector<PendingProbe> probes_;  // a ring
  std::size_t head_ = 0;
  std::size_t count_ = 0;
  std::size_t settled_ = 0;  // the oldest ones, before the first that is awaited
  std::uint32_t first_ = 0;  // number of the oldest
};

}  // namespace pathwitness
