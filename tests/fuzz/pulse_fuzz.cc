#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "probes/pulse/pulse_reading.h"

namespace pathwitness {
namespace {

void Check(const PulseReading& reading) {
  const double* const seconds = std::get_if<double>(&reading);
  if (seconds != nullptr && !(*seconds >= 0 && std::isfinite(*seconds))) {
    __builtin_trap();
  }
}

// Up to the first line's end stands a JSON pointer or a metric's name.
void Read(std::string_view input) {
  const std::string_view first_line = input.substr(0, input.find('\n'));
  const std::string_view rest = input.substr(std::min(input.size(), first_line.size() + 1));
  Check(ReadHttpDateHeader({{"date", std::string(input)}}, "Date", WallTime{}));
  Check(ReadJsonField(rest, first_line));
  Check(ReadPrometheusSample(rest, first_line, {}));
  Check(ReadPrometheusSample(rest, "a", {{"b", "c"}}));
}

}  // namespace
}  // namespace pathwitness

// libFuzzer's entry; the name is its own.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  pathwitness::Read({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
