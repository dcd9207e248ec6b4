#include "exporter/archive/report_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>

#include "probes/crypto/digest.h"

namespace pathwitness {
namespace {

constexpr std::size_t kLongestTarget = 128;
constexpr std::size_t kLongestEnd = 64;  // of source and destination
constexpr std::size_t kHashDigits = 12;
constexpr std::string_view kHashMark = "-x";
constexpr std::size_t kTimeLength = std::string_view("120000Z").size();

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c);
}

bool IsSafe(char c) {
  return IsLetterOrDigit(c) || c == '.' || c == '-' || c == '_';
}

// A name that starts with a dot is hidden or climbs; one that starts with '-' looks like a flag.
std::string Safe(std::string_view text, std::size_t most) {
  std::string safe(text.substr(0, most));
  std::replace_if(
      safe.begin(), safe.end(), [](char c) { return !IsSafe(c); }, '-');
  if (safe.empty() || !IsLetterOrDigit(safe.front())) {
    safe.insert(0, 1, 'x');
  }
  return safe;
}

bool IsHexDigit(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f');
}

bool LooksHashed(std::string_view name) {
  constexpr std::size_t kTail = kHashMark.size() + kHashDigits;
  if (name.size() < kTail) {
    return false;
  }
  const std::string_view tail = name.substr(name.size() - kTail);
  return tail.starts_with(kHashMark) &&
         std::all_of(tail.begin() + kHashMark.size(), tail.end(), IsHexDigit);
}

/// The number that all of `text` is.
std::optional<unsigned> NumberIn(std::string_view text) {
  unsigned number = 0;
  const char* const end = text.data() + text.size();
  const bool is_number = std::all_of(text.begin(), text.end(), IsDigit) &&
                         std::from_chars(text.data(), end, number).ptr == end && !text.empty();
  return is_number ? std::optional(number) : std::nullopt;
}

std::optional<std::chrono::sys_days> ParseDay(std::string_view text) {
  constexpr std::size_t kLength = std::string_view("2026-01-31").size();
  constexpr unsigned kFirstYear = 1970;
  constexpr unsigned kLastYear = 2261;  // nanoseconds in 64 bits end in the next one
  if (text.size() != kLength || text[4] != '-' || text[7] != '-') {
    return std::nullopt;
  }
  const auto year = NumberIn(text.substr(0, 4));
  const auto month = NumberIn(text.substr(5, 2));
  const auto day = NumberIn(text.substr(8, 2));
  if (!year || !month || !day || *year < kFirstYear || *year > kLastYear) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day));
  return date.ok() ? std::optional(std::chrono::sys_days(date)) : std::nullopt;
}

/// What the time at the start of a stem adds to its day.
std::optional<std::chrono::seconds> ParseTime(std::string_view stem) {
  if (stem.size() < kTimeLength || stem[kTimeLength - 1] != 'Z') {
    return std::nullopt;
  }
  const auto hours = NumberIn(stem.substr(0, 2));
  const auto minutes = NumberIn(stem.substr(2, 2));
  const auto seconds = NumberIn(stem.substr(4, 2));
  if (!hours || !minutes || !seconds || *hours > 23 || *minutes > 59 || *seconds > 59) {
    return std::nullopt;
  }
  return std::chrono::hours(*hours) + std::chrono::minutes(*minutes) +
         std::chrono::seconds(*seconds);
}

bool IsSafeName(std::string_view text) {
  return !text.empty() && IsLetterOrDigit(text.front()) &&
         std::all_of(text.begin(), text.end(), IsSafe);
}

}  // namespace

ReportName NameOf(const ReportFiles& report, unsigned number) {
  const auto day = std::chrono::floor<std::chrono::days>(report.at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(report.at - day));
  std::string stem =
      fmt::format("{:02}{:02}{:02}Z__{}_to_{}", time.hours().count(), time.minutes().count(),
                  time.seconds().count(), Safe(report.source, kLongestEnd),
                  Safe(report.destination, kLongestEnd));
  if (number > 1) {
    stem += fmt::format("__{:03}", number);
  }
  return {
      .target = TargetFolder(report.target),
      .day = fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                         static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day())),
      .stem = std::move(stem)};
}

std::string TargetFolder(std::string_view target) {
  std::string safe = Safe(target, kLongestTarget);
  if (safe == target && !LooksHashed(safe)) {
    return safe;
  }
  return fmt::format("{}{}{}", safe.substr(0, kLongestTarget - kHashMark.size() - kHashDigits),
                     kHashMark, ToHex(Sha256(target)).substr(0, kHashDigits));
}

std::optional<ReportName> ParseReportName(std::string_view path) {
  const std::size_t first = path.find('/');
  const std::size_t second = first == std::string_view::npos ? first : path.find('/', first + 1);
  if (second == std::string_view::npos) {
    return std::nullopt;
  }
  const ReportName name{.target = std::string(path.substr(0, first)),
                        .day = std::string(path.substr(first + 1, second - first - 1)),
                        .stem = std::string(path.substr(second + 1))};
  const bool is_safe = IsSafeName(name.target) && name.target.size() <= kLongestTarget &&
                       IsSafeName(name.stem) && name.stem.find("_to_") != std::string::npos &&
                       name.stem.size() > kTimeLength &&
                       name.stem.compare(kTimeLength, 2, "__") == 0;
  return is_safe && ParseDay(name.day) && ParseTime(name.stem) ? std::optional(name) : std::nullopt;
}

WallTime TimeOf(const ReportName& name) {
  return ParseDay(name.day).value_or(std::chrono::sys_days{}) +
         ParseTime(name.stem).value_or(std::chrono::seconds{});
}

bool IsExtension(std::string_view text) {
  constexpr std::size_t kLongest = 16;
  return !text.empty() && text.size() <= kLongest &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || IsDigit(c); });
}

}  // namespace pathwitness
