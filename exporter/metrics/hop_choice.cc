#include "exporter/metrics/hop_choice.h"

#include <chrono>

namespace pathwitness {
namespace {

constexpr Duration kAfterTrouble = std::chrono::hours(1);
constexpr std::uint64_t kSeriesPerHop = 8;  // at most: 5 families, a summary of 2 lines, an info

bool IsInTrouble(const TraceSnapshot& trace, WallTime now) {
  return trace.last_trouble != WallTime() && now - trace.last_trouble <= kAfterTrouble;
}

bool IsWanted(bool is_in_trouble, HopSeries which) {
  return which == HopSeries::Always || (which == HopSeries::OnIncident && is_in_trouble);
}

// Seats probers as long as there is room.
class Room {
 public:
  explicit Room(std::uint64_t series) : left_(series) {}

  bool Take(const TraceSnapshot& trace) {
    const std::uint64_t needed = kSeriesPerHop * trace.hops.size();
    if (needed > left_) {
      refused_ += needed;
      return false;
    }
    left_ -= needed;
    return true;
  }

  std::uint64_t Refused() const { return refused_; }

 private:
  std::uint64_t left_;
  std::uint64_t refused_ = 0;
};

}  // namespace

HopChoice ChooseHops(const std::vector<TraceBoard::Pointer>& traces, const MetricsConfig& config,
                     WallTime now) {
  Room room(config.max_hop_series);
  std::vector<bool> is_shown(traces.size());
  for (const bool trouble : {true, false}) {
    for (std::size_t i = 0; i < traces.size(); ++i) {
      if (IsInTrouble(*traces[i], now) == trouble && IsWanted(trouble, config.hop_series)) {
        is_shown[i] = room.Take(*traces[i]);
      }
    }
  }
  HopChoice choice{.shown = {}, .refused = room.Refused()};
  for (std::size_t i = 0; i < traces.size(); ++i) {
    if (is_shown[i]) {
      choice.shown.push_back(traces[i]);
    }
  }
  return choice;
}

}  // namespace pathwitness
