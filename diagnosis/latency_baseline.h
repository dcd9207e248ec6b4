#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "diagnosis/small_round_trip.h"
#include "diagnosis/statistics.h"
#include "probes/base/time.h"

namespace pathwitness {

/// Which round trips one path is used to: each hop's over the last day, and the destination's at
/// each hour of the week, as far as the newest three weeks are known.
///
/// Hours are those of the steady clock, so a week is 168 of them, whatever a wall clock does: where
/// clocks are put forward, habits of people come an hour early until they are learnt again.
/// 72 bytes per hop and 1 KiB per path: 21 MB for 10,000 paths of 15 hops.
class LatencyBaseline {
 public:
  /// `medians`: of the round trips of a few minutes that began at `began`, in milliseconds; element
  /// 0 is TTL 1, the last one is the destination, 0: no answers. Blocks come in their order, at
  /// most kBlocksPerHour of an hour count.
  void OnBlock(std::span<const double> medians, MonoTime began);

  /// The median of a hop's hours in the day before `at`, with 1.96 times their robust standard
  /// deviation to each side. The hour that goes on is not among them. Empty: too few are known.
  std::optional<MedianEstimate> DayBefore(std::size_t hop, MonoTime at) const;

  /// Up to how many milliseconds the destination's median is no news at this hour of the week, give
  /// or take a quarter of an hour. Empty: neither hour is known of an earlier week.
  std::optional<double> UsualAt(MonoTime at) const;

  static constexpr std::size_t kBlocksPerHour = 12;

 private:
  using Hour = std::chrono::time_point<std::chrono::steady_clock, std::chrono::hours>;

  static constexpr std::size_t kHoursPerDay = 24;
  static constexpr std::size_t kHoursPerWeek = 168;
  static constexpr std::size_t kWeeks = 3;

  struct HopHours {
    std::array<SmallRoundTrip, kBlocksPerHour> blocks{};  // of the hour that goes on
    std::array<SmallRoundTrip, kHoursPerDay> day{};       // medians, by hour
  };
  using Weeks = std::array<SmallRoundTrip, kWeeks>;  // the newest first

  void BeginHour(Hour hour);
  void CloseHour();
  void LearnHour();
  std::optional<double> UsualOf(Hour hour) const;

  Hour hour_;               // that goes on
  std::size_t blocks_ = 0;  // of it
  std::vector<HopHours> hops_;
  // The destination's upper quartiles: each hour is covered with a quarter of an hour to each side,
  // whenever within it something begins or ends, and a fault of ten minutes leaves it alone.
  Hour closed_hour_;  // the hour before, which is not learnt yet
  SmallRoundTrip closed_ = 0;
  std::vector<Weeks> week_;  // empty until an hour is learnt
};

}  // namespace pathwitness
