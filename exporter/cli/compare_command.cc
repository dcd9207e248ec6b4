#include "exporter/cli/compare_command.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ostream>

#include "config/values.h"
#include "exporter/evidence/gather.h"

namespace pathwitness {
namespace {

constexpr int kCompared = 0;

std::vector<WallTime> Moments(const CompareWords& words, WallTime now) {
  std::vector<WallTime> moments;
  for (const std::string& text : words.at) {
    moments.push_back(RequireMoment(text, now));
  }
  if (moments.size() < 2 || moments.size() > kMostMoments) {
    throw CommandError(
        fmt::format("two to {} moments are compared: give --at for each", kMostMoments));
  }
  std::ranges::sort(moments);
  return moments;
}

Duration LengthOf(const CompareWords& words) {
  const std::optional<Duration> length = ParseDuration(words.length);
  if (!length || *length < kFineBucket || *length > std::chrono::days(1)) {
    throw CommandError(fmt::format("--length {} is not between 10s and 1d", Quote(words.length)));
  }
  return *length;
}

}  // namespace

int RunCompare(const CompareWords& words, WallTime now, const TextStyle& style, std::ostream& out) {
  const std::vector<WallTime> moments = Moments(words, now);
  const Duration length = LengthOf(words);
  HistorySource source(words.history, now);
  const ProberKey prober = source.FindTrace(words.history);
  const Comparison comparison =
      CompareMoments(source.Reader(), prober, moments, length, source.Settings());
  source.RequireReadable();
  out << (words.as_json ? ComparisonJson(comparison) : ComparisonText(comparison, style));
  const auto known = std::ranges::count_if(comparison.moments, &ComparedMoment::is_known);
  if (known < 2) {
    throw CommandError(fmt::format("too little is known to compare: {}", source.KnownSpan()));
  }
  return kCompared;
}

TextStyle StandardOutputStyle() {
  TextStyle style;
  winsize size{};
  if (isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
    style.columns = size.ws_col == 0 ? style.columns : size.ws_col;
    style.is_coloured = std::getenv("NO_COLOR") == nullptr;  // NOLINT(concurrency-mt-unsafe)
  }
  return style;
}

}  // namespace pathwitness
