#include "tests/support/tun_internet.h"

#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <system_error>
#include <utility>

namespace pathwitness {
namespace {

constexpr std::size_t kMaxPacketBytes = 1500;

OwnedDescriptor Opened(int descriptor, const char* what) {
  if (descriptor < 0) {
    throw std::system_error(errno, std::system_category(), what);
  }
  return OwnedDescriptor(descriptor);
}

void Watch(const OwnedDescriptor& epoll, const OwnedDescriptor& watched) {
  epoll_event event{};
  event.events = EPOLLIN;
  if (epoll_ctl(epoll.Get(), EPOLL_CTL_ADD, watched.Get(), &event) != 0) {
    throw std::system_error(errno, std::system_category(), "epoll_ctl");
  }
}

itimerspec AlarmAt(MonoTime when) {
  const auto since_start = std::max(when.time_since_epoch(), Duration(1));  // 0 would disarm
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_start);
  itimerspec alarm{};
  alarm.it_value.tv_sec = seconds.count();
  alarm.it_value.tv_nsec = Duration(since_start - seconds).count();
  return alarm;
}

void SetScheduling(std::thread& thread, int policy) {
  sched_param parameters{};
  parameters.sched_priority = policy == SCHED_FIFO ? 10 : 0;
  pthread_setschedparam(thread.native_handle(), policy, &parameters);
}

}  // namespace

TunInternet::TunInternet(Scenario scenario, const Options& options)
    : tun_(OpenTun(options.addresses)),
      epoll_(Opened(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      timer_(Opened(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create")),
      wake_(Opened(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      departures_(kTunName),
      options_(options),
      model_(std::move(scenario), std::chrono::steady_clock::now()) {
  Watch(epoll_, tun_);
  Watch(epoll_, timer_);
  Watch(epoll_, wake_);
  thread_ = std::thread([this] { Run(); });
  SetScheduling(thread_, options.scheduling_policy);
}

TunInternet::~TunInternet() {
  Stop();
}

void TunInternet::Become(Scenario scenario) {
  {
    const std::lock_guard lock(mutex_);
    next_ = std::move(scenario);
  }
  has_next_ = true;
  eventfd_write(wake_.Get(), 1);
}

void TunInternet::TakeNext() {
  has_next_ = false;
  eventfd_t wakes = 0;
  eventfd_read(wake_.Get(), &wakes);
  const std::lock_guard lock(mutex_);
  if (next_) {
    model_ = InternetModel(*std::exchange(next_, std::nullopt), std::chrono::steady_clock::now());
  }
}

InternetTruth TunInternet::Stop() {
  if (!thread_.joinable()) {
    return {};
  }
  is_stopping_ = true;
  eventfd_write(wake_.Get(), 1);
  thread_.join();
  departures_.Collect();
  departures_.Assign(truth_.probes);
  return std::move(truth_);
}

void TunInternet::Run() {
  while (!is_stopping_) {
    if (has_next_) {
      TakeNext();
    }
    ReadAll();
    SendDue();
    departures_.Collect();
    Sleep(answers_.NextDue());
  }
}

void TunInternet::Sleep(MonoTime until) {
  const MonoTime now = std::chrono::steady_clock::now();
  if (until != MonoTime::max() && until - options_.awake_before_answer <= now) {
    return;
  }
  if (until != MonoTime::max()) {
    const itimerspec alarm = AlarmAt(until - options_.awake_before_answer);
    timerfd_settime(timer_.Get(), TFD_TIMER_ABSTIME, &alarm, nullptr);
  }
  std::array<epoll_event, 3> events{};
  epoll_wait(epoll_.Get(), events.data(), static_cast<int>(events.size()), -1);
  std::uint64_t expirations = 0;
  [[maybe_unused]] const ssize_t drained = read(timer_.Get(), &expirations, sizeof(expirations));
}

void TunInternet::SendDue() {
  while (!answers_.Empty()) {
    const MonoTime now = std::chrono::steady_clock::now();
    if (answers_.NextDue() > now) {
      return;
    }
    Answer answer = answers_.Pop();
    if (answer.record != Answer::kNoRecord) {
      truth_.probes[answer.record].answered = now;
    }
    const std::span<const std::byte> packet = answer.Packet();
    const bool is_written = write(tun_.Get(), packet.data(), packet.size()) >= 0;
    truth_.failed_writes += is_written ? 0 : 1;
    answers_.Recycle(std::move(answer));
  }
}

// Answers that fall due while a burst of probes is being read are not kept waiting.
void TunInternet::ReadAll() {
  std::array<std::byte, kMaxPacketBytes> buffer{};
  while (true) {
    const ssize_t size = read(tun_.Get(), buffer.data(), buffer.size());
    if (size <= 0) {
      return;
    }
    const MonoTime arrived = std::chrono::steady_clock::now();
    auto probe = ReadProbe(std::span(buffer).first(static_cast<std::size_t>(size)));
    if (!probe) {
      ++truth_.foreign_packets;
      continue;
    }
    truth_.probes.push_back(model_.Handle(*probe, arrived, truth_.probes.size(), answers_));
    if (answers_.NextDue() <= arrived) {
      SendDue();
    }
  }
}

}  // namespace pathwitness
