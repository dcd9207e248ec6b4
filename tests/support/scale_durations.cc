#include "tests/support/scale_durations.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <regex>
#include <utility>

namespace pathwitness {
namespace {

constexpr double kMillisecondsInDay = 86'400'000;
constexpr std::array<std::pair<std::string_view, double>, 7> kUnits = {{
    {"ms", 1},
    {"s", 1000},
    {"m", 60'000},
    {"h", 3'600'000},
    {"d", kMillisecondsInDay},
    {"w", 7 * kMillisecondsInDay},
    {"y", 365 * kMillisecondsInDay},
}};

double MillisecondsIn(const std::string& duration) {
  static const std::regex part(R"((\d+)(ms|[smhdwy]))");
  double sum = 0;
  for (std::sregex_iterator found(duration.begin(), duration.end(), part), end; found != end;
       ++found) {
    const std::string unit = (*found)[2];
    const auto* entry = std::ranges::find(kUnits, std::string_view(unit),
                                          [](const auto& known) { return known.first; });
    sum += std::stod((*found)[1]) * entry->second;
  }
  return sum;
}

/// As Prometheus itself prints it, so that rules can be compared as text: years and weeks only
/// where nothing is left.
std::string DurationText(long milliseconds) {
  std::string text;
  for (std::size_t i = kUnits.size(); i > 0; --i) {
    const auto& [name, in_milliseconds] = kUnits.at(i - 1);
    const auto length = static_cast<long>(in_milliseconds);
    const bool may_leave_a_rest = in_milliseconds <= kMillisecondsInDay;
    if (milliseconds >= length && (may_leave_a_rest || milliseconds % length == 0)) {
      text += std::to_string(milliseconds / length) + std::string(name);
      milliseconds %= length;
    }
  }
  return text;
}

/// With every match of `pattern`, whose second group is a duration, scaled.
std::string Scaled(const std::string& text, const std::regex& pattern, double factor) {
  std::string result;
  auto rest = text.cbegin();
  for (std::sregex_iterator found(text.begin(), text.end(), pattern), end; found != end; ++found) {
    const auto& duration = (*found)[2];
    const double scaled = std::max(1.0, std::round(MillisecondsIn(duration) / factor));
    result.append(rest, duration.first);
    result +=
        MillisecondsIn(duration) == 0 ? duration.str() : DurationText(static_cast<long>(scaled));
    rest = duration.second;
  }
  return result.append(rest, text.cend());
}

}  // namespace

std::string ScaleDurations(std::string_view text, double factor) {
  constexpr const char* kDuration = R"(((?:\d+(?:ms|[smhdwy]))+))";
  constexpr const char* kKey =
      R"((\b(?:interval|for|keep_firing_for|group_wait|group_interval|repeat_interval|resolve_timeout)"
      R"(|scrape_interval|scrape_timeout|evaluation_interval): +))";
  constexpr const char* kEnd = R"((?=\s*(?:[,}#]|$)))";
  const std::regex value(std::string(kKey) + kDuration + kEnd, std::regex::multiline);
  const std::regex range(std::string(R"((\[))") + kDuration + R"((?=[\]:]))");
  const std::regex step(std::string(R"((\[[0-9a-z]+:))") + kDuration + R"((?=\]))");
  const std::regex offset(std::string(R"((\boffset +-?))") + kDuration);
  std::string result(text);
  for (const std::regex* pattern : {&value, &range, &step, &offset}) {
    result = Scaled(result, *pattern, factor);
  }
  return result;
}

}  // namespace pathwitness
