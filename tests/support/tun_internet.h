#pragma once

#include <sched.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "tests/support/departure_stamps.h"
#include "tests/support/internet_model.h"
#include "tests/support/internet_scenario.h"
#include "tests/support/namespaces.h"

namespace pathwitness {

/// What really happened, to compare measurements with.
struct InternetTruth {
  std::vector<ProbeRecord> probes;    // in the order of arrival
  std::uint64_t foreign_packets = 0;  // that are no probes
  std::uint64_t failed_writes = 0;    // answers that the kernel did not take
};

/// A simulated internet behind a TUN device: the truth that real sockets are tested against.
///
/// A thread reads every IP packet that leaves the network namespace and answers as the routers and
/// destinations of a scenario would, on time.
class TunInternet {
 public:
  struct Options {
    TunAddresses addresses;
    /// Answers are waited for awake during their last stretch, because a timer alone is late by
    /// 50 us and more. Costs up to a whole core. Zero: let timers be late, and trust the stamps.
    Duration awake_before_answer = std::chrono::microseconds(200);
    /// Of the thread, where permitted: SCHED_FIFO answers punctually, SCHED_BATCH never takes a
    /// core from who sends.
    int scheduling_policy = SCHED_OTHER;
  };

  /// Pre: the calling thread is in a namespace of its own (EnterFreshNamespace).
  /// Throws std::system_error.
  explicit TunInternet(Scenario scenario, const Options& options);
  explicit TunInternet(Scenario scenario) : TunInternet(std::move(scenario), Options{}) {}
  TunInternet(const TunInternet&) = delete;
  TunInternet& operator=(const TunInternet&) = delete;
  ~TunInternet();

  /// From now on the internet is as this scenario says; answers under way still come.
  void Become(Scenario scenario);

  /// Ends the simulation; answers still under way are dropped.
  InternetTruth Stop();

 private:
  void Run();
  void TakeNext();
  void Sleep(MonoTime until);
  void SendDue();
  void ReadAll();

  OwnedDescriptor tun_;
  OwnedDescriptor epoll_;
  OwnedDescriptor timer_;
  OwnedDescriptor wake_;
  DepartureStamps departures_;
  Options options_;

  // The thread's until it ends.
  InternetModel model_;
  AnswerQueue answers_;
  InternetTruth truth_;
  std::atomic<bool> is_stopping_ = false;
  std::atomic<bool> has_next_ = false;
  std::mutex mutex_;
  std::optional<Scenario> next_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace pathwitness
