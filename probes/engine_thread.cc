#include "probes/engine_thread.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <exception>
#include <system_error>
#include <thread>
#include <utility>

namespace pathwitness {
namespace {

constexpr Duration kLongestWait = std::chrono::seconds(1);
constexpr Duration kStopPatience = std::chrono::seconds(1);

const std::vector<double>& LatenessBounds() {
  static const std::vector<double> bounds = {.0005, .001, .0025, .005, .01, .025, .05,
                                             .1,    .25,  .5,    1,    2.5, 5,    10};
  return bounds;
}

void Add(Histogram& to, const Histogram& from) {
  for (std::size_t bucket = 0; bucket < to.counts.size(); ++bucket) {
    to.counts[bucket] += from.counts[bucket];
  }
  to.sum += from.sum;
}

/// Waits until `when`, or until one of the descriptors is readable. -1 descriptors are left out.
void WaitUntil(MonoTime when, MonoTime now, std::array<int, 2> descriptors) {
  if (when <= now) {
    return;
  }
  std::array<pollfd, 2> fds{};
  for (std::size_t i = 0; i < fds.size(); ++i) {
    fds[i] = {.fd = descriptors[i], .events = POLLIN, .revents = 0};
  }
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(when - now).count();
  const timespec timeout{.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
  ppoll(fds.data(), fds.size(), &timeout, nullptr);
}

}  // namespace

/// One incarnation: a thread, its engine, and what others may see of them. The thread holds a
/// reference of its own, so that it may outlive the EngineThread that gave it up.
class EngineThread::Seat : public std::enable_shared_from_this<Seat> {
 public:
  Seat(std::unique_ptr<Engine> engine, const Clock& clock, Duration tick)
      : engine_(std::move(engine)),
        clock_(clock),
        tick_(tick),
        wakeup_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (wakeup_ < 0) {
      throw std::system_error(errno, std::generic_category(), "cannot create an event descriptor");
    }
    last_turn_ = clock_.Now();
    last_turn_wall_ = clock_.WallNow();
  }
  ~Seat() { close(wakeup_); }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

  /// `name`: what `ps -L` and `top -H` show, its first 15 characters.
  void Launch(const std::string& name) {
    std::thread([seat = shared_from_this(), name] {
      prctl(PR_SET_NAME, name.c_str());
      seat->Run();
    }).detach();
  }

  void Post(Message message) {
    {
      const std::lock_guard lock(mutex_);
      inbox_.push_back(std::move(message));
    }
    Wake();
  }

  void AskToStop() {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    Wake();
  }

  bool AwaitEnd() {
    std::unique_lock lock(mutex_);
    return ended_.wait_for(lock, kStopPatience, [this] { return has_ended_; });
  }

  /// Why the thread ended by itself; empty while it has not.
  std::string Failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

  void Describe(EngineVitals& vitals) const {
    const std::lock_guard lock(mutex_);
    vitals.last_turn = last_turn_wall_;
    vitals.since_last_turn = clock_.Now() - last_turn_;
    vitals.has_turned = has_turned_;
    vitals.lateness = lateness_;
  }

 private:
  void Run() {
    std::string failure;
    try {
      while (TurnOnce()) {
      }
    } catch (const std::exception& error) {
      failure = error.what();
    }
    // The engine goes before anybody learns that the thread has ended: its owner may then destroy
    // what the engine refers to.
    engine_.reset();
    const std::lock_guard lock(mutex_);
    failure_ = std::move(failure);
    has_ended_ = true;
    ended_.notify_all();
  }

  /// False when the thread shall end.
  bool TurnOnce() {
    std::vector<Message> messages;
    {
      const std::lock_guard lock(mutex_);
      if (is_stopping_) {
        return false;
      }
      messages.swap(inbox_);
    }
    const MonoTime start = clock_.Now();
    for (const Message& message : messages) {
      message(*engine_, start);
    }
    engine_->Turn(start);
    RecordTurn(start);

    const MonoTime earliest = start + tick_;
    due_ = std::clamp(engine_->NextDeadline(), earliest, std::max(earliest, start + kLongestWait));
    WaitUntil(earliest, clock_.Now(), {wakeup_, -1});
    WaitUntil(due_, clock_.Now(), {wakeup_, engine_->Descriptor()});
    Drain();
    return true;
  }

  void RecordTurn(MonoTime start) {
    const std::lock_guard lock(mutex_);
    if (due_ != MonoTime::min() && start >= due_) {
      lateness_.Observe(ToSeconds(start - due_));
    }
    last_turn_ = start;
    last_turn_wall_ = clock_.WallNow();
    has_turned_ = true;
  }

  void Wake() const {
    const std::uint64_t one = 1;
    // Fails only when the counter is full: then the thread is awake anyway.
    [[maybe_unused]] const ssize_t written = write(wakeup_, &one, sizeof one);
  }

  void Drain() const {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(wakeup_, &count, sizeof count);
  }

  std::unique_ptr<Engine> engine_;  // the thread's alone
  const Clock& clock_;
  const Duration tick_;
  const int wakeup_;
  MonoTime due_ = MonoTime::min();  // the thread's alone

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::vector<Message> inbox_;            // guarded by mutex_
  bool is_stopping_ = false;              // guarded by mutex_
  bool has_ended_ = false;                // guarded by mutex_
  std::string failure_;                   // guarded by mutex_
  MonoTime last_turn_;                    // guarded by mutex_
  WallTime last_turn_wall_;               // guarded by mutex_
  bool has_turned_ = false;               // guarded by mutex_
  Histogram lateness_{LatenessBounds()};  // guarded by mutex_
};

EngineThread::EngineThread(std::string name, Factory make, const Clock& clock, EventLog& log,
                           Duration tick)
    : name_(std::move(name)),
      make_(std::move(make)),
      clock_(clock),
      log_(log),
      tick_(tick),
      past_lateness_(LatenessBounds()) {}

EngineThread::~EngineThread() {
  Stop();
}

void EngineThread::Start(std::shared_ptr<const Config> config) {
  Seed(std::move(config));
}

void EngineThread::Seed(std::shared_ptr<const Config> config) {
  auto seat = std::make_shared<Seat>(make_(), clock_, tick_);
  seat->Post([config](Engine& engine, MonoTime now) { engine.Apply(config, now); });
  {
    const std::lock_guard lock(mutex_);
    seat_ = seat;
    config_ = std::move(config);
  }
  seat->Launch(name_);
}

void EngineThread::Apply(std::shared_ptr<const Config> config) {
  {
    const std::lock_guard lock(mutex_);
    config_ = config;
  }
  Post([config = std::move(config)](Engine& engine, MonoTime now) { engine.Apply(config, now); });
}

void EngineThread::Post(Message message) {
  std::shared_ptr<Seat> seat;
  {
    const std::lock_guard lock(mutex_);
    seat = seat_;
  }
  if (seat != nullptr) {
    seat->Post(std::move(message));
  }
}

EngineVitals EngineThread::Vitals() const {
  EngineVitals vitals{.name = name_, .last_turn = {}, .lateness = Histogram(LatenessBounds())};
  const std::lock_guard lock(mutex_);
  if (seat_ != nullptr) {
    seat_->Describe(vitals);
  }
  Add(vitals.lateness, past_lateness_);
  vitals.restarts = restarts_;
  return vitals;
}

void EngineThread::Supervise() {
  std::shared_ptr<Seat> seat;
  std::shared_ptr<const Config> config;
  {
    const std::lock_guard lock(mutex_);
    seat = seat_;
    config = config_;
  }
  const MonoTime now = clock_.Now();
  // After a pause of the whole process (SIGSTOP, a frozen VM) every engine looks stuck.
  const bool was_paused = now - std::exchange(last_supervised_, now) > kStuckAfter / 2;
  if (seat == nullptr) {
    return;
  }
  EngineVitals vitals;
  seat->Describe(vitals);
  const std::string failure = seat->Failure();
  if (failure.empty() && (was_paused || vitals.since_last_turn < kStuckAfter)) {
    return;
  }
  log_.Write(LogLevel::Error, "engine restarted",
             {{"engine", name_}, {"reason", failure.empty() ? "it did not turn" : failure}});
  seat->AskToStop();
  {
    const std::lock_guard lock(mutex_);
    ++restarts_;
    Add(past_lateness_, vitals.lateness);
    abandoned_.push_back(std::move(seat));
  }
  Seed(std::move(config));
}

bool EngineThread::Stop() {
  std::vector<std::shared_ptr<Seat>> seats;
  {
    const std::lock_guard lock(mutex_);
    seats = std::exchange(abandoned_, {});
    if (seat_ != nullptr) {
      seats.push_back(std::exchange(seat_, nullptr));
    }
  }
  for (const std::shared_ptr<Seat>& seat : seats) {
    seat->AskToStop();
  }
  std::erase_if(seats, [](const std::shared_ptr<Seat>& seat) { return seat->AwaitEnd(); });
  const bool have_all_ended = seats.empty();
  const std::lock_guard lock(mutex_);
  abandoned_ = std::move(seats);
  return have_all_ended;
}

}  // namespace pathwitness
