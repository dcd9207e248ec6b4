#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>

namespace pathwitness {

/// Which of a row of numbers were seen: each is taken once, those too far behind the highest never.
/// Source: RFC 4303, 3.4.3 (the anti-replay window of IPsec).
class ReplayWindow {
 public:
  static constexpr std::size_t kSize = 1024;

  /// Numbers up to `seen` count as seen.
  explicit ReplayWindow(std::uint64_t seen) : highest_(seen) { seen_.set(); }

  /// False: seen before, or it may have been.
  bool Take(std::uint64_t number) {
    if (number > highest_) {
      const std::uint64_t ahead = number - highest_;
      highest_ = number;
      seen_ = ahead < kSize ? seen_ << static_cast<std::size_t>(ahead) : std::bitset<kSize>();
      seen_.set(0);
      return true;
    }
    const std::uint64_t behind = highest_ - number;
    if (behind >= kSize || seen_.test(static_cast<std::size_t>(behind))) {
      return false;
    }
    seen_.set(static_cast<std::size_t>(behind));
    return true;
  }

 private:
  std::uint64_t highest_;
  std::bitset<kSize> seen_;  // bit i: highest_ - i
};

}  // namespace pathwitness
