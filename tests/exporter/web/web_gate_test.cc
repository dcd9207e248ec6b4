#include "exporter/web/web_gate.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>

#include "exporter/web/web_counters.h"
#include "probes/base/time.h"
#include "tests/support/recording_log.h"

namespace pathwitness {
namespace {

// In memory that has been used, as the stack has: what is not there must not be read either.
TEST(WebGate, WithoutAFileIsOpenAndReadsNone) {
  alignas(WebGate) std::array<std::byte, sizeof(WebGate)> memory{};
  memory.fill(std::byte{0xAB});
  SystemClock clock;
  RecordingLog log;
  WebCounters counters;
  auto* const gate = reinterpret_cast<WebGate*>(memory.data());
  std::construct_at(gate, std::nullopt, counters, clock, log);
  gate->Refresh();
  EXPECT_TRUE(gate->IsOpen());
  EXPECT_EQ(gate->IsConfigGood(), std::nullopt);
  std::destroy_at(gate);
}

}  // namespace
}  // namespace pathwitness
