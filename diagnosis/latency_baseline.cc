#include "diagnosis/latency_baseline.h"

#include <algorithm>
#include <cmath>

namespace pathwitness {
namespace {

constexpr std::size_t kFewestOfHour = 6;  // to speak of an hour
constexpr std::size_t kFewestOfDay = 6;   // to speak of a day
constexpr Duration kPunctuality = std::chrono::minutes(15);
constexpr double kDeviationPerMad = 1.4826;  // of a normal distribution

// In ascending order, without those that are not known.
std::vector<double> Known(std::span<const SmallRoundTrip> codes) {
  std::vector<double> values;
  for (const SmallRoundTrip code : codes) {
    if (code != 0) {
      values.push_back(ToMilliseconds(code));
    }
  }
  std::sort(values.begin(), values.end());
  return values;
}

template <typename Hour>
std::size_t PlaceOf(Hour hour, std::size_t places) {
  return static_cast<std::size_t>(hour.time_since_epoch().count()) % places;
}

}  // namespace

void LatencyBaseline::OnBlock(std::span<const double> medians, MonoTime began) {
  BeginHour(std::chrono::floor<std::chrono::hours>(began));
  if (blocks_ == kBlocksPerHour) {
    return;
  }
  hops_.resize(medians.size());
  for (std::size_t i = 0; i < medians.size(); ++i) {
    hops_[i].blocks[blocks_] = ToSmallRoundTrip(medians[i]);
  }
  ++blocks_;
}

std::optional<MedianEstimate> LatencyBaseline::DayBefore(std::size_t hop, MonoTime at) const {
  const auto age = std::chrono::floor<std::chrono::hours>(at) - hour_;
  if (hop >= hops_.size() || age >= std::chrono::hours(kHoursPerDay)) {
    return std::nullopt;
  }
  std::vector<SmallRoundTrip> hours;
  for (auto back = kHoursPerDay - static_cast<std::size_t>(age.count()); back > 0; --back) {
    hours.push_back(hops_[hop].day[PlaceOf(hour_ - std::chrono::hours(back), kHoursPerDay)]);
  }
  std::vector<double> known = Known(hours);
  if (known.size() < kFewestOfDay) {
    return std::nullopt;
  }
  const double median = known[known.size() / 2];
  for (double& value : known) {
    value = std::abs(value - median);
  }
  std::sort(known.begin(), known.end());
  const double half = kZ95 * kDeviationPerMad * known[known.size() / 2];
  return MedianEstimate{.median = median,
                        .interval = {.low = median - half, .high = median + half}};
}

std::optional<double> LatencyBaseline::UsualAt(MonoTime at) const {
  const auto before = UsualOf(std::chrono::floor<std::chrono::hours>(at - kPunctuality));
  const auto after = UsualOf(std::chrono::floor<std::chrono::hours>(at + kPunctuality));
  return std::max(before, after);  // what is unknown is less than anything
}

void LatencyBaseline::BeginHour(Hour hour) {
  if (hour == hour_) {
    return;
  }
  CloseHour();
  const auto passed =
      std::min<std::size_t>(static_cast<std::size_t>((hour - hour_).count()), kHoursPerDay);
  for (HopHours& hop : hops_) {
    for (std::size_t i = 0; i < passed; ++i) {
      hop.day[PlaceOf(hour - std::chrono::hours(i), kHoursPerDay)] = 0;
    }
  }
  hour_ = hour;
}

void LatencyBaseline::CloseHour() {
  LearnHour();
  for (HopHours& hop : hops_) {
    const std::vector<double> known = Known(hop.blocks);
    const bool is_known = known.size() >= kFewestOfHour;
    hop.day[PlaceOf(hour_, kHoursPerDay)] =
        is_known ? ToSmallRoundTrip(known[known.size() / 2]) : 0;
    closed_ =
        is_known ? ToSmallRoundTrip(known[known.size() * 3 / 4]) : 0;  // the destination comes last
    hop.blocks.fill(0);
  }
  closed_hour_ = hour_;
  blocks_ = 0;
}

// Once the next hour is over, too: a quarter of an hour later than an hour, that hour is still
// asked for, and is not to be its own past.
void LatencyBaseline::LearnHour() {
  if (closed_ == 0) {
    return;
  }
  week_.resize(kHoursPerWeek);
  Weeks& weeks = week_[PlaceOf(closed_hour_, kHoursPerWeek)];
  std::rotate(weeks.begin(), weeks.end() - 1, weeks.end());
  weeks.front() = closed_;
  closed_ = 0;
}

// One bad week of three, or of two, is outvoted.
std::optional<double> LatencyBaseline::UsualOf(Hour hour) const {
  if (week_.empty()) {
    return std::nullopt;
  }
  const std::vector<double> known = Known(week_[PlaceOf(hour, kHoursPerWeek)]);
  return known.empty() ? std::nullopt : std::optional(known[(known.size() - 1) / 2]);
}

}  // namespace pathwitness
