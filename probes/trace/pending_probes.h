#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "probes/base/time.h"

namespace pathwitness {

/// A probe that was sent and may still be answered.
struct PendingProbe {
  enum class State : std::uint8_t { Awaited, Answered, Gone };

  MonoTime sent;
  std::uint64_t secret = 0;
  std::uint64_t round = 0;
  std::uint16_t flow = 0;
  std::uint8_t ttl = 0;  // 0: end to end
  State state = State::Awaited;
};

/// Probes in the order of sending, found by number or by token.
///
/// Numbers are consecutive, and only the oldest probe is ever removed: what is settled stays, to
/// tell duplicates. Tokens lie apart from the
/// rest: with thousands of tracers nothing is in the processor's cache when a reply comes, and a
/// search through the tokens alone touches one line of it or two.
class PendingProbes {
 public:
  bool IsEmpty() const { return count_ == 0; }
  std::size_t Count() const { return count_; }

  /// The number is that of the probe before plus one, also after Clear.
  std::uint32_t Add(std::uint32_t token, const PendingProbe& probe) {
    if (count_ == probes_.size()) {
      Grow();
    }
    const std::size_t slot = Slot(count_++);
    tokens_[slot] = token;
    probes_[slot] = probe;
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
      const std::size_t slot = Slot(position);
      if (tokens_[slot] == token && is_right(probes_[slot])) {
        return &probes_[slot];
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
    std::vector<std::uint32_t> tokens(size);
    std::vector<PendingProbe> probes(size);
    for (std::size_t position = 0; position < count_; ++position) {
      tokens[position] = tokens_[Slot(position)];
      probes[position] = probes_[Slot(position)];
    }
    tokens_.swap(tokens);
    probes_.swap(probes);
    head_ = 0;
  }

  std::vector<std::uint32_t> tokens_;  // beside probes_
  std::vector<PendingProbe> probes_;   // a ring
  std::size_t head_ = 0;
  std::size_t count_ = 0;
  std::size_t settled_ = 0;  // the oldest ones, before the first that is awaited
  std::uint32_t first_ = 0;  // number of the oldest
};

}  // namespace pathwitness
