#include "exporter/rfc3339.h"

#include <fmt/format.h>

#include <chrono>

namespace pathwitness {

std::string FormatRfc3339(WallTime time, TimePrecision precision) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::milliseconds>(time - day));
  const std::string seconds =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (precision == TimePrecision::Seconds) {
    return seconds + "Z";
  }
  return fmt::format("{}.{:03}Z", seconds, clock.subseconds().count());
}

}  // namespace pathwitness
