#include "exporter/reload_mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace pathwitness {

ReloadMailbox::ReloadMailbox() : wakeup_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wakeup_ < 0) {
    throw std::system_error(errno, std::generic_category(), "cannot create an event descriptor");
  }
}

ReloadMailbox::~ReloadMailbox() {
  close(wakeup_);
}

std::optional<ReloadResult> ReloadMailbox::Ask(Duration patience) {
  std::future<ReloadResult> answer;
  {
    const std::lock_guard lock(mutex_);
    if (is_closed_) {
      return std::nullopt;
    }
    answer = requests_.emplace_back().get_future();
  }
  const std::uint64_t one = 1;
  // Fails only when the counter is full: then the main thread is awake anyway.
  [[maybe_unused]] const ssize_t written = write(wakeup_, &one, sizeof one);
  if (answer.wait_for(patience) != std::future_status::ready) {
    return std::nullopt;
  }
  try {
    return answer.get();
  } catch (const std::future_error&) {  // closed meanwhile
    return std::nullopt;
  }
}

std::vector<std::promise<ReloadResult>> ReloadMailbox::Take() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = read(wakeup_, &count, sizeof count);
  const std::lock_guard lock(mutex_);
  return std::exchange(requests_, {});
}

void ReloadMailbox::Close() {
  std::vector<std::promise<ReloadResult>> broken;  // after unlocking, as it wakes their owners
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  broken.swap(requests_);
}

}  // namespace pathwitness
