#include "probes/dns/epoll_set.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>

namespace pathwitness {

EpollSet::EpollSet() : descriptor_(epoll_create1(EPOLL_CLOEXEC)) {
  if (descriptor_ < 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_create1");
  }
}

EpollSet::~EpollSet() {
  close(descriptor_);
}

void EpollSet::Watch(int member, Interest interest) const {
  epoll_event event{};
  event.events = (interest.in_reading ? static_cast<unsigned>(EPOLLIN) : 0U) |
                 (interest.in_writing ? static_cast<unsigned>(EPOLLOUT) : 0U);
  event.data.fd = member;
  if (event.events == 0) {
    epoll_ctl(descriptor_, EPOLL_CTL_DEL, member, nullptr);
    return;
  }
  if (epoll_ctl(descriptor_, EPOLL_CTL_MOD, member, &event) != 0 && errno == ENOENT) {
    epoll_ctl(descriptor_, EPOLL_CTL_ADD, member, &event);
  }
}

std::vector<EpollSet::Ready> EpollSet::TakeReady() const {
  std::array<epoll_event, 64> events{};
  const int count = epoll_wait(descriptor_, events.data(), static_cast<int>(events.size()), 0);
  std::vector<Ready> ready;
  for (std::size_t i = 0; i < (count > 0 ? static_cast<std::size_t>(count) : 0); ++i) {
    ready.push_back({.descriptor = events[i].data.fd,
                     .is_readable = (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0,
                     .is_writable = (events[i].events & EPOLLOUT) != 0});
  }
  return ready;
}

}  // namespace pathwitness
