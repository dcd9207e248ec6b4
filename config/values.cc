#include "config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace pathwitness {
namespace {

constexpr Duration kDay = std::chrono::hours(24);
constexpr Duration kLongest = 100 * 365 * kDay;

struct Unit {
  std::string_view name;
  Duration length;
};

// Largest first, the order in which a duration is written.
constexpr std::array<Unit, 7> kUnits = {{{"y", 365 * kDay},
                                         {"w", 7 * kDay},
                                         {"d", kDay},
                                         {"h", std::chrono::hours(1)},
                                         {"m", std::chrono::minutes(1)},
                                         {"s", std::chrono::seconds(1)},
                                         {"ms", std::chrono::milliseconds(1)}}};

constexpr std::array<std::pair<std::string_view, unsigned>, 4> kSizeSuffixes = {
    {{"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"B", 0}}};

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// Takes the leading characters of `text` that are (or are not) digits off it.
std::string_view TakeRun(std::string_view& text, bool digits) {
  const auto* const end =
      std::find_if(text.begin(), text.end(), [digits](char c) { return IsDigit(c) != digits; });
  const std::string_view run = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(run.size());
  return run;
}

}  // namespace

std::optional<Duration> ParseDuration(std::string_view text) {
  if (text.empty()) {
    return std::nullopt;
  }
  Duration total{};
  const auto* next_unit = kUnits.begin();
  while (!text.empty()) {
    const std::string_view digits = TakeRun(text, true);
    const std::string_view name = TakeRun(text, false);
    std::int64_t count = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    const auto* unit = std::find_if(next_unit, kUnits.end(),
                                    [name](const Unit& known) { return known.name == name; });
    if (digits.empty() || read.ec != std::errc() || unit == kUnits.end() ||
        count > (kLongest - total) / unit->length) {
      return std::nullopt;
    }
    total += count * unit->length;
    next_unit = std::next(unit);
  }
  return total;
}

std::string FormatDuration(Duration duration) {
  std::string text;
  for (const Unit& unit : kUnits) {
    // Days read better than years and weeks in a limit: "90d", not "12w6d".
    if (unit.length > kDay || duration < unit.length) {
      continue;
    }
    text += fmt::format("{}{}", duration / unit.length, unit.name);
    duration %= unit.length;
  }
  return text.empty() ? "0s" : text;
}

std::optional<std::uint64_t> ParseWholeNumber(std::string_view text) {
  if (text.size() > 1 && text.front() == '0') {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

std::optional<double> ParseNumber(std::string_view text) {
  const std::size_t first_digit = text.starts_with('-') ? 1 : 0;
  const bool has_leading_zero =
      text.size() > first_digit + 1 && text[first_digit] == '0' && IsDigit(text[first_digit + 1]);
  double number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (has_leading_zero || read.ec != std::errc() || read.ptr != end || !std::isfinite(number)) {
    return std::nullopt;
  }
  return number;
}

std::optional<std::uint64_t> ParseByteSize(std::string_view text) {
  unsigned shift = 0;
  for (const auto& [suffix, bits] : kSizeSuffixes) {
    if (text.ends_with(suffix)) {
      text.remove_suffix(suffix.size());
      shift = bits;
      break;
    }
  }
  const std::optional<std::uint64_t> count = ParseWholeNumber(text);
  if (!count || *count > std::numeric_limits<std::uint64_t>::max() >> shift) {
    return std::nullopt;
  }
  return *count << shift;
}

std::optional<bool> ParseBool(std::string_view text) {
  if (text != "true" && text != "false") {
    return std::nullopt;
  }
  return text == "true";
}

std::string Quote(std::string_view text) {
  constexpr std::size_t kLongestShown = 80;
  std::size_t end = std::min(text.size(), kLongestShown);
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80) {
    --end;  // not in the middle of a UTF-8 character
  }
  std::string quoted = "'";
  for (const char c : text.substr(0, end)) {
    const auto byte = static_cast<unsigned char>(c);
    quoted += byte < 0x20 || byte == 0x7F ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return quoted + (end < text.size() ? "...'" : "'");
}

}  // namespace pathwitness
