#include "config/values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
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

// Levenshtein's distance: insertions, deletions and replacements that turn `from` into `to`.
std::size_t EditDistance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

// Empty when none is near.
std::string_view Nearest(std::string_view word, const std::vector<std::string_view>& known) {
  constexpr std::size_t kMostEdits = 2;
  constexpr std::size_t kLongestCompared = 64;
  std::string_view nearest;
  std::size_t fewest = std::min(kMostEdits + 1, word.size());
  for (const std::string_view candidate : known) {
    const std::size_t edits =
        word.size() > kLongestCompared ? fewest : EditDistance(word, candidate);
    if (edits < fewest) {
      fewest = edits;
      nearest = candidate;
    }
  }
  return nearest;
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

std::string Suggest(std::string_view word, const std::vector<std::string_view>& known) {
  const std::string_view nearest = Nearest(word, known);
  if (!nearest.empty()) {
    return fmt::format("did you mean '{}'?", nearest);
  }
  constexpr std::size_t kMostShown = 50;
  const std::vector<std::string_view> shown(
      known.begin(),
      known.begin() + static_cast<std::ptrdiff_t>(std::min(known.size(), kMostShown)));
  return known.empty() ? "allowed: none"
                       : fmt::format("allowed: {}{}", fmt::join(shown, ", "),
                                     shown.size() < known.size() ? ", ..." : "");
}

std::optional<std::chrono::sys_days> ParseDay(std::string_view text) {
  constexpr std::size_t kLength = std::string_view("2027-01-31").size();
  if (text.size() != kLength || text[4] != '-' || text[7] != '-') {
    return std::nullopt;
  }
  std::array<unsigned, 3> parts{};
  constexpr std::array<std::pair<std::size_t, std::size_t>, 3> kPlaces = {{{0, 4}, {5, 2}, {8, 2}}};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& [start, length] = kPlaces.at(i);
    const char* const end = text.data() + start + length;
    if (std::from_chars(text.data() + start, end, parts.at(i)).ptr != end) {
      return std::nullopt;
    }
  }
  const std::chrono::year_month_day day(std::chrono::year(static_cast<int>(parts[0])),
                                        std::chrono::month(parts[1]), std::chrono::day(parts[2]));
  if (!day.ok() || parts[0] < 2000 || parts[0] > 2199) {
    return std::nullopt;
  }
  return std::chrono::sys_days(day);
}

std::string FormatDay(std::chrono::sys_days day) {
  const std::chrono::year_month_day parts(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(parts.year()),
                     static_cast<unsigned>(parts.month()), static_cast<unsigned>(parts.day()));
}

}  // namespace pathwitness
