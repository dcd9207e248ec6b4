#include "exporter/cli/moment.h"

#include <chrono>
#include <cmath>
#include <string>

#include "config/values.h"
#include "probes/pulse/pulse_reading.h"

namespace pathwitness {
namespace {

constexpr std::size_t kMinutesLength = 5;  // "16:00"
constexpr double kLatest = 9e9;            // in 2255: nanoseconds in 64 bits end soon after

std::optional<WallTime> ParseFull(const std::string& text) {
  const std::optional<double> seconds = ReadRfc3339(text);
  if (!seconds || !(std::abs(*seconds) < kLatest)) {
    return std::nullopt;
  }
  return WallTime(std::chrono::milliseconds(std::llround(*seconds * 1000)));
}

std::optional<WallTime> ParseClock(std::string_view text, WallTime now) {
  const auto today = std::chrono::floor<std::chrono::days>(now);
  const std::string seconds = text.size() == kMinutesLength ? ":00" : "";
  const std::optional<WallTime> time =
      ParseFull(FormatDay(today) + "T" + std::string(text) + seconds + "Z");
  return time && *time > now ? *time - std::chrono::days(1) : time;
}

}  // namespace

std::optional<WallTime> ParseMoment(std::string_view text, WallTime now) {
  if (text == "now") {
    return now;
  }
  if (text.starts_with('-')) {
    const std::optional<Duration> ago = ParseDuration(text.substr(1));
    return ago ? std::optional(now - *ago) : std::nullopt;
  }
  const bool is_clock = text.size() > 2 && text[2] == ':';
  return is_clock ? ParseClock(text, now) : ParseFull(std::string(text));
}

}  // namespace pathwitness
