#include "exporter/evidence/end_to_end_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "probes/base/wilson_interval.h"

namespace pathwitness {
namespace {

constexpr double kMilliseconds = 1000;

}  // namespace

std::string EndToEndText(const EndToEndStats& stats) {
  const auto sent = static_cast<double>(stats.sent - std::min(stats.unsent, stats.sent));
  const auto lost = static_cast<double>(stats.lost - std::min(stats.unsent, stats.lost));
  if (sent == 0) {
    return "no probes";
  }
  const Interval interval = WilsonInterval(lost, sent);
  std::string text =
      fmt::format("{:.1f} % lost ({:.0f}/{:.0f}, 95 % CI {:.1f}-{:.1f} %)", lost * 100 / sent, lost,
                  sent, interval.low * 100, interval.high * 100);
  if (stats.round_trips > 0) {
    text += fmt::format(", {:.1f} ms on average", stats.round_trip_sum * kMilliseconds /
                                                      static_cast<double>(stats.round_trips));
  }
  return text;
}

}  // namespace pathwitness
