#include "probes/engine_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>

#include "tests/support/fake_clock.h"
#include "tests/support/recording_log.h"

namespace pathwitness {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// What the test and the engines that it had made share.
struct Stage {
  std::atomic<int> made = 0;
  std::atomic<int> applied = 0;
  std::atomic<bool> shall_throw = false;
  std::atomic<bool> shall_hang = false;
  std::promise<void> release;
  std::shared_future<void> released{release.get_future()};
};

class StagedEngine final : public Engine {
 public:
  explicit StagedEngine(Stage& stage) : stage_(stage) {}
  void Apply(std::shared_ptr<const Config>, MonoTime) override { ++stage_.applied; }
  void Turn(MonoTime) override {
    if (stage_.shall_throw.exchange(false)) {
      throw std::runtime_error("out of luck");
    }
    if (stage_.shall_hang.exchange(false)) {
      stage_.released.wait();
    }
  }
  MonoTime NextDeadline() const override { return MonoTime::max(); }
  int Descriptor() const override { return -1; }

 private:
  Stage& stage_;
};

class EngineThreadTest : public testing::Test {
 protected:
  /// Returns once the engine has handled everything posted before; false after ten seconds.
  bool Settle() {
    auto done = std::make_shared<std::promise<void>>();
    thread_.Post([done](Engine&, MonoTime) { done->set_value(); });
    return done->get_future().wait_for(seconds(10)) == std::future_status::ready;
  }

  /// Two settled messages enclose a whole turn.
  bool TurnOnce() { return Settle() && Settle(); }

  Stage stage_;
  FakeClock clock_;
  RecordingLog log_;
  EngineThread thread_{"trace",
                       [this] {
                         ++stage_.made;
                         return std::make_unique<StagedEngine>(stage_);
                       },
                       clock_, log_, milliseconds(0)};
};

TEST_F(EngineThreadTest, AppliesTheConfigurationBeforeAnythingElse) {
  thread_.Start(std::make_shared<Config>());
  ASSERT_TRUE(Settle());
  EXPECT_EQ(stage_.applied, 1);
}

TEST_F(EngineThreadTest, AnEngineThatThrowsIsReplacedAndCounted) {
  thread_.Start(std::make_shared<Config>());
  ASSERT_TRUE(Settle());
  stage_.shall_throw = true;
  thread_.Post([](Engine&, MonoTime) {});
  for (int i = 0; i < 10'000 && stage_.made == 1; ++i) {
    std::promise<void>().get_future().wait_for(milliseconds(1));
    thread_.Supervise();
  }
  EXPECT_EQ(stage_.made, 2);
  ASSERT_TRUE(Settle());
  EXPECT_EQ(stage_.applied, 2) << "the successor gets the configuration";
  EXPECT_EQ(thread_.Vitals().restarts, 1U);
  ASSERT_EQ(log_.Lines().size(), 1U);
  EXPECT_EQ(log_.Lines()[0], "engine restarted engine=trace reason=out of luck");
}

TEST_F(EngineThreadTest, AnEngineThatHangsIsReplacedAfterItsPatience) {
  thread_.Start(std::make_shared<Config>());
  ASSERT_TRUE(Settle());
  stage_.shall_hang = true;
  thread_.Post([](Engine&, MonoTime) {});
  while (stage_.shall_hang) {
  }
  for (int second = 0; second < 9; ++second) {
    clock_.Advance(seconds(1));
    thread_.Supervise();
  }
  EXPECT_EQ(stage_.made, 1) << "not yet";
  clock_.Advance(seconds(1));
  thread_.Supervise();
  EXPECT_EQ(stage_.made, 2);
  EXPECT_TRUE(Settle());
  stage_.release.set_value();
  EXPECT_TRUE(thread_.Stop());
}

TEST_F(EngineThreadTest, ASuccessorHasNotTurnedUntilItHas) {
  thread_.Start(std::make_shared<Config>());
  ASSERT_TRUE(TurnOnce());
  EXPECT_TRUE(thread_.Vitals().has_turned);
  stage_.shall_hang = true;
  thread_.Post([](Engine&, MonoTime) {});
  while (stage_.shall_hang) {
  }
  stage_.shall_hang = true;  // its successor hangs too
  for (int second = 0; second < 10; ++second) {
    clock_.Advance(seconds(1));
    thread_.Supervise();
  }
  while (stage_.shall_hang) {
  }
  EXPECT_FALSE(thread_.Vitals().has_turned);
  stage_.release.set_value();
  ASSERT_TRUE(TurnOnce());
  EXPECT_TRUE(thread_.Vitals().has_turned);
}

TEST_F(EngineThreadTest, APauseOfTheWholeProcessIsNoHang) {
  thread_.Start(std::make_shared<Config>());
  ASSERT_TRUE(TurnOnce());
  clock_.Advance(std::chrono::hours(1));
  thread_.Supervise();
  EXPECT_EQ(stage_.made, 1);
}

TEST_F(EngineThreadTest, StopReportsAThreadThatDoesNotEnd) {
  thread_.Start(std::make_shared<Config>());
  ASSERT_TRUE(Settle());
  stage_.shall_hang = true;
  thread_.Post([](Engine&, MonoTime) {});
  while (stage_.shall_hang) {
  }
  EXPECT_FALSE(thread_.Stop());
  stage_.release.set_value();
  EXPECT_TRUE(thread_.Stop());
}

TEST_F(EngineThreadTest, LatenessIsTheTimeFromDueToTurn) {
  thread_.Start(std::make_shared<Config>());
  ASSERT_TRUE(TurnOnce());
  const double before = thread_.Vitals().lateness.sum;
  clock_.Advance(seconds(4));  // the turn was due at the latest after one
  ASSERT_TRUE(TurnOnce());
  EXPECT_NEAR(thread_.Vitals().lateness.sum - before, 3, 1e-9);
}

}  // namespace
}  // namespace pathwitness
