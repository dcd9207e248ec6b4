#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <ctime>

#include "tests/chaos/clock_page.h"

// To be loaded before a program's C library: the program's wall clock is then that of a ClockPage,
// in what it asks the C library for and in the stamps of packets that it receives.
namespace pathwitness {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

const ClockPage* MapPage() {
  const char* const path = std::getenv(kClockPageVariable);  // NOLINT(concurrency-mt-unsafe)
  const int file = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  void* const page = mmap(nullptr, sizeof(ClockPage), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  return page == MAP_FAILED ? nullptr : static_cast<const ClockPage*>(page);
}

const ClockPage* Page() {
  static const ClockPage* const page = MapPage();
  return page;
}

std::int64_t ToNumber(const timespec& time) {
  return time.tv_sec * kSecond + time.tv_nsec;
}

timespec ToTime(std::int64_t nanoseconds) {
  return {.tv_sec = nanoseconds / kSecond, .tv_nsec = nanoseconds % kSecond};
}

/// A stamp was made by the clock as it was then.
void Shift(timespec& stamp) {
  const ClockPage* const page = Page();
  if (page != nullptr && (stamp.tv_sec != 0 || stamp.tv_nsec != 0)) {
    const std::int64_t time = ToNumber(stamp);
    stamp = ToTime(time + (time < page->set_at ? page->was_ahead : page->ahead));
  }
}

void ShiftStamps(msghdr& message) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
       control = CMSG_NXTHDR(&message, control)) {
    const bool is_stamp =
        control->cmsg_level == SOL_SOCKET &&
        (control->cmsg_type == SO_TIMESTAMPING || control->cmsg_type == SO_TIMESTAMPNS);
    if (is_stamp) {
      timespec stamp{};  // the first of three, or the only one
      std::memcpy(&stamp, CMSG_DATA(control), sizeof stamp);
      Shift(stamp);
      std::memcpy(CMSG_DATA(control), &stamp, sizeof stamp);
    }
  }
}

timespec WallNow() {
  timespec now{};
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  const ClockPage* const page = Page();
  return page == nullptr ? now : ToTime(ToNumber(now) + page->ahead);
}

}  // namespace
}  // namespace pathwitness

// The C library's names of parameters are reserved ones.
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) {
    *time = pathwitness::WallNow();
    return 0;
  }
  return static_cast<int>(syscall(SYS_clock_gettime, clock, time));
}

int gettimeofday(timeval* time, void* /*zone*/) noexcept {
  constexpr long kMicrosecond = 1000;
  const timespec now = pathwitness::WallNow();
  *time = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / kMicrosecond};
  return 0;
}

time_t time(time_t* seconds) noexcept {
  const timespec now = pathwitness::WallNow();
  if (seconds != nullptr) {
    *seconds = now.tv_sec;
  }
  return now.tv_sec;
}

ssize_t recvmsg(int socket, msghdr* message, int flags) {
  const auto size = static_cast<ssize_t>(syscall(SYS_recvmsg, socket, message, flags));
  if (size >= 0) {
    pathwitness::ShiftStamps(*message);
  }
  return size;
}

int recvmmsg(int socket, mmsghdr* messages, unsigned count, int flags, timespec* timeout) {
  const auto received =
      static_cast<int>(syscall(SYS_recvmmsg, socket, messages, count, flags, timeout));
  for (int i = 0; i < received; ++i) {
    pathwitness::ShiftStamps(messages[i].msg_hdr);
  }
  return received;
}

}  // extern "C"
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
