#pragma once

#include <poll.h>

#include <chrono>

namespace pathwitness {

/// Turns what has Descriptor() and Turn(now) until `is_done()`, waiting on its descriptor between.
/// False when ten real seconds did not suffice. `now()` tells the time that it is turned at.
template <typename Driven, typename Now, typename Question>
bool DriveUntil(Driven& driven, Now now, Question is_done) {
  constexpr int kLongestWait = 5;  // ms; retries of third parties' timers are seen this late
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!is_done()) {
    if (std::chrono::steady_clock::now() > give_up) {
      return false;
    }
    pollfd waited{.fd = driven.Descriptor(), .events = POLLIN, .revents = 0};
    poll(&waited, 1, kLongestWait);
    driven.Turn(now());
  }
  return true;
}

}  // namespace pathwitness
