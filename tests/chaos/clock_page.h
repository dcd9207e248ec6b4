#pragma once

#include <atomic>
#include <cstdint>

namespace pathwitness {

/// How far a program's wall clock is ahead of the system's, in nanoseconds: a file that the program
/// and who sets its clock have both mapped.
struct ClockPage {
  std::atomic<std::int64_t> ahead;
  std::atomic<std::int64_t> was_ahead;  // before it was last set
  std::atomic<std::int64_t> set_at;     // by the system's clock
};

/// The environment variable that names the file.
inline constexpr const char* kClockPageVariable = "PATHWITNESS_TEST_CLOCK_PAGE";

}  // namespace pathwitness
