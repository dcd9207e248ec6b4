#include "exporter/web/go_duration.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <system_error>
#include <utility>

namespace pathwitness {
namespace {

// The longer of two that begin alike comes first.
constexpr std::array<std::pair<std::string_view, double>, 8> kUnits = {{{"ns", 1e-9},
                                                                        {"us", 1e-6},
                                                                        {"\u00b5s", 1e-6},
                                                                        {"\u03bcs", 1e-6},
                                                                        {"ms", 1e-3},
                                                                        {"s", 1},
                                                                        {"m", 60},
                                                                        {"h", 3600}}};

/// Cuts and returns one number with its unit, in seconds.
std::optional<double> TakePart(std::string_view& text) {
  constexpr std::string_view kDigits = "0123456789.";
  const std::size_t length = std::min(text.find_first_not_of(kDigits), text.size());
  double number = 0;
  const char* const end = text.data() + length;
  const auto [stop, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (length == 0 || error != std::errc() || stop != end) {
    return std::nullopt;
  }
  text.remove_prefix(length);
  const auto* const unit = std::ranges::find_if(
      kUnits, [text](const auto& candidate) { return text.starts_with(candidate.first); });
  if (unit == kUnits.end()) {
    return std::nullopt;
  }
  text.remove_prefix(unit->first.size());
  return number * unit->second;
}

}  // namespace

std::optional<Duration> ParseGoDuration(std::string_view text) {
  if (text == "0") {
    return Duration::zero();
  }
  constexpr double kLongest = 100.0 * 365 * 24 * 3600;
  double seconds = 0;
  bool is_empty = true;
  while (!text.empty()) {
    const std::optional<double> part = TakePart(text);
    if (!part) {
      return std::nullopt;
    }
    seconds += *part;
    is_empty = false;
  }
  if (is_empty || !(seconds <= kLongest)) {
    return std::nullopt;
  }
  return std::chrono::round<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace pathwitness
