#include "exporter/evidence/shown_time.h"

#include <cstddef>

#include "exporter/rfc3339.h"

namespace pathwitness {
namespace {

constexpr std::size_t kDayLength = 10;

std::string DayAndClock(WallTime time) {
  std::string text = FormatRfc3339(time, TimePrecision::Seconds);
  text[kDayLength] = ' ';
  text.pop_back();
  return text;
}

}  // namespace

std::string ShowTime(WallTime time) {
  return DayAndClock(time) + " UTC";
}

std::string ShowTimes(WallTime from, WallTime to) {
  const std::string first = DayAndClock(from);
  const std::string last = DayAndClock(to);
  const bool is_one_day = first.substr(0, kDayLength) == last.substr(0, kDayLength);
  return first + " - " + (is_one_day ? last.substr(kDayLength + 1) : last) + " UTC";
}

}  // namespace pathwitness
