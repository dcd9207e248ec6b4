#include "diagnosis/own_fault.h"

#include <chrono>

namespace pathwitness {
namespace {

constexpr double kLookupsFailing = .8;
constexpr unsigned kFewestLookups = 3;
constexpr Duration kLargestClockStep = std::chrono::milliseconds(500);

}  // namespace

std::string_view OwnFaultName(OwnFault fault) {
  switch (fault) {
    case OwnFault::ClockStep:
      return "clock_step";
    case OwnFault::LocalDrops:
      return "local_drops";
    case OwnFault::Silence:
      return "silence";
    case OwnFault::Uplink:
      return "uplink";
    case OwnFault::Dns:
      return "dns";
    case OwnFault::None:
      break;
  }
  return "none";
}

OwnFault FindOwnFault(const OwnState& state) {
  if (state.clock_step > kLargestClockStep || state.clock_step < -kLargestClockStep) {
    return OwnFault::ClockStep;
  }
  if (state.receive_drops > 0) {
    return OwnFault::LocalDrops;
  }
  const bool has_no_anchor = state.anchors > 1 && state.anchors_down == state.anchors;
  if (has_no_anchor || (state.is_silent && state.gateway_answers == false)) {
    return OwnFault::Uplink;
  }
  if (state.is_silent && !state.gateway_answers) {
    return OwnFault::Silence;
  }
  const bool has_no_names =
      state.lookups >= kFewestLookups &&
      static_cast<double>(state.lookups_failed) >= kLookupsFailing * state.lookups;
  return has_no_names ? OwnFault::Dns : OwnFault::None;
}

}  // namespace pathwitness
