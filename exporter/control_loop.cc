#include "exporter/control_loop.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <future>
#include <system_error>
#include <vector>

namespace pathwitness {
namespace {

constexpr Duration kSupervisionInterval = std::chrono::seconds(1);

int OpenSignals() {
  sigset_t signals{};
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  const int descriptor = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor < 0) {
    throw std::system_error(errno, std::generic_category(), "cannot take signals");
  }
  return descriptor;
}

}  // namespace

ControlLoop::ControlLoop(App& app, ServiceManager& manager, WebGate& gate, const Clock& clock,
                         EventLog& log)
    : app_(app),
      manager_(manager),
      gate_(gate),
      clock_(clock),
      log_(log),
      signals_(OpenSignals()),
      next_supervision_(clock.Now()) {
  WatchFiles();
}

ControlLoop::~ControlLoop() {
  close(signals_);
}

void ControlLoop::RunUntilTold() {
  while (!IsToldToStop()) {
    AnswerRequests();
    LookAtFiles();
    Supervise();
    Wait(std::min(next_supervision_, watch_.NextDeadline()));
  }
  manager_.OnStopping();
  app_.ReloadRequests().Close();
}

bool ControlLoop::IsToldToStop() {
  const std::optional<int> signal = NextSignal();
  if (!signal) {
    return false;
  }
  if (*signal == SIGHUP) {
    Reload("SIGHUP");
    return false;
  }
  log_.Write(LogLevel::Info, "stopping", {{"signal", *signal == SIGTERM ? "TERM" : "INT"}});
  return true;
}

void ControlLoop::Supervise() {
  const MonoTime now = clock_.Now();
  if (now < next_supervision_) {
    return;
  }
  app_.Supervise();
  gate_.Refresh();
  app_.MergeDiscovered();
  manager_.OnSupervised(app_.StuckEngines());
  next_supervision_ = now + kSupervisionInterval;
}

void ControlLoop::Wait(MonoTime until) {
  const MonoTime now = clock_.Now();
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::max(until, now) - now);
  std::array<pollfd, 3> waited{
      pollfd{.fd = signals_, .events = POLLIN, .revents = 0},
      pollfd{.fd = app_.ReloadRequests().Descriptor(), .events = POLLIN, .revents = 0},
      pollfd{.fd = watch_.Descriptor(), .events = POLLIN, .revents = 0}};
  poll(waited.data(), waited.size(), static_cast<int>(left.count()));
  if ((waited[2].revents & POLLIN) != 0) {
    watch_.OnReadable(clock_.Now());
  }
}

std::optional<int> ControlLoop::NextSignal() const {
  signalfd_siginfo received{};
  const bool has_one = read(signals_, &received, sizeof received) == sizeof received;
  return has_one ? std::optional(static_cast<int>(received.ssi_signo)) : std::nullopt;
}

ReloadResult ControlLoop::Reload(std::string_view trigger) {
  watch_.Remember();
  manager_.OnReloading(clock_.Now());
  ReloadResult result = app_.Reload(trigger);
  manager_.OnReloaded();
  WatchFiles();
  return result;
}

void ControlLoop::WatchFiles() {
  try {
    watch_.Watch(app_.FilesToWatch(), clock_.Now());
  } catch (const std::system_error& error) {
    log_.Write(LogLevel::Error, "changed files go unnoticed", {{"reason", error.what()}});
  }
}

void ControlLoop::AnswerRequests() {
  std::vector<std::promise<ReloadResult>> requests = app_.ReloadRequests().Take();
  if (requests.empty()) {
    return;
  }
  const ReloadResult result = Reload("POST /-/reload");
  for (std::promise<ReloadResult>& request : requests) {
    request.set_value(result);
  }
}

void ControlLoop::LookAtFiles() {
  if (watch_.HasChanged(clock_.Now())) {
    Reload("changed file");
  }
}

}  // namespace pathwitness
