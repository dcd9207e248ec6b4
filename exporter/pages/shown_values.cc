#include "exporter/pages/shown_values.h"

#include <fmt/format.h>

#include <array>

#include "exporter/rfc3339.h"

namespace pathwitness {
std::string ShowSeconds(double seconds) {
  if (seconds < 1e-3) {
    return fmt::format("{:.0f} µs", seconds * 1e6);
  }
  return seconds < 1 ? fmt::format("{:.1f} ms", seconds * 1e3) : fmt::format("{:.2f} s", seconds);
}

std::string ShowLoss(std::uint64_t lost, std::uint64_t sent) {
  if (sent == 0) {
    return std::string(kNoValue);
  }
  return fmt::format("{}/{} ({:.1f} %)", lost, sent,
                     100.0 * static_cast<double>(lost) / static_cast<double>(sent));
}

std::string ShowAge(WallTime time, WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now - time).count();
  if (seconds < 120) {
    return fmt::format("{} s ago", seconds);
  }
  return seconds < 7200 ? fmt::format("{} min ago", seconds / 60)
                        : fmt::format("{} h ago", seconds / 3600);
}

std::string ShowMoment(WallTime time, WallTime now) {
  return fmt::format("{} ({})", FormatRfc3339(time, TimePrecision::Seconds), ShowAge(time, now));
}

std::string_view ProberStateName(ProberState state) {
  constexpr std::array<std::string_view, 3> kNames = {"unknown", "up", "down"};
  return kNames[static_cast<std::size_t>(state)];
}

}  // namespace pathwitness
