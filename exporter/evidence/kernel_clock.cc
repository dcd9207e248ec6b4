#include "exporter/evidence/kernel_clock.h"

#include <sys/timex.h>

namespace pathwitness {
namespace {

constexpr double kMicrosecond = 1e-6;
constexpr double kNanosecond = 1e-9;

}  // namespace

ReportClock ReadKernelClock() {
  timex state{};
  const int result = adjtimex(&state);
  if (result < 0) {
    return {};
  }
  const bool is_synchronized = result != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  ReportClock clock{.is_synchronized = is_synchronized};
  if (is_synchronized) {
    const double unit = (state.status & STA_NANO) != 0 ? kNanosecond : kMicrosecond;
    clock.offset = static_cast<double>(state.offset) * unit;
    clock.maximum = static_cast<double>(state.maxerror) * kMicrosecond;
  }
  return clock;
}

}  // namespace pathwitness
