#include "exporter/rules/rules_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>

#include "tests/support/drive.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_log.h"
#include "tests/support/scripted_server.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

std::string Running(const std::string& expr) {
  const std::string body = R"({"data":{"groups":[{"name":"g","interval":30,"rules":[{"name":"A",)"
                           R"("query":")" +
                           expr + R"(","duration":0,"type":"alerting"}]}]}})";
  return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

/// The engine over a real socket and a folder of rules, in virtual time.
class RulesEngineTest : public testing::Test {
 protected:
  RulesEngineTest() { Ship("up == 0"); }

  void Ship(const std::string& expr) const {
    folder_.Write("a.yaml", "groups:\n- name: g\n  rules:\n  - {alert: A, expr: '" + expr + "'}\n");
  }

  /// A Prometheus that always gives this answer.
  void Serve(const std::string& answer) {
    server_ = std::make_unique<ScriptedServer>(ServerScript{.answer = answer, .rest = ""}, nullptr);
  }

  void Apply(const std::vector<std::string>& urls) {
    Config config;
    config.alerting.rules = folder_.Path();
    for (const std::string& url : urls) {
      config.alerting.prometheus.push_back({.url = url, .timeout = std::chrono::seconds(5)});
    }
    engine_->Apply(std::make_shared<const Config>(std::move(config)), clock_.Now());
  }

  RulesSnapshot Known() const {
    const auto all = board_.All();
    return all.size() == 1 ? *all.front() : RulesSnapshot{};
  }

  /// Until one more comparison is over.
  void Compare() {
    const std::uint64_t before = Known().comparisons;
    const auto now = [this] {
      clock_.Advance(std::chrono::milliseconds(10));
      return clock_.Now();
    };
    ASSERT_TRUE(DriveUntil(*engine_, now, [&] { return Known().comparisons > before; }));
  }

  void CompareLater() {
    clock_.Advance(minutes(5));
    Compare();
  }

  std::uint64_t Failures(ComparisonFailure failure) const {
    return Known().failures.at(static_cast<std::size_t>(failure));
  }

  TestFolder folder_;
  FakeClock clock_;
  RecordingLog log_;
  RulesBoard board_;
  std::unique_ptr<RulesEngine> engine_ = std::make_unique<RulesEngine>(board_, clock_, log_);
  std::unique_ptr<ScriptedServer> server_;
};

TEST_F(RulesEngineTest, NoPrometheusIsAskedUnlessConfigured) {
  Apply({});
  EXPECT_EQ(engine_->NextDeadline(), MonoTime::max());
  EXPECT_THAT(board_.All(), IsEmpty());
}

TEST_F(RulesEngineTest, RulesAsShippedAreNoDrift) {
  Serve(Running("up == 0"));
  Apply({server_->Url()});
  EXPECT_FALSE(Known().has_compared);
  Compare();
  EXPECT_TRUE(Known().has_compared);
  EXPECT_THAT(Known().drifts, IsEmpty()) << Known().error;
  EXPECT_EQ(Known().last_comparison, clock_.WallNow());
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(RulesEngineTest, ADriftIsLoggedOnceAndWhenItIsOver) {
  Serve(Running("up == 1"));
  Apply({server_->Url()});
  Compare();
  CompareLater();
  EXPECT_THAT(Known().drifts, SizeIs(1));
  Ship("up == 1");
  CompareLater();
  EXPECT_THAT(Known().drifts, IsEmpty());
  EXPECT_THAT(log_.Lines(),
              ElementsAre(StartsWith("rules are not as shipped prometheus=" + server_->Url()),
                          StartsWith("rules are as shipped again")));
}

TEST_F(RulesEngineTest, AFailureIsCountedAndKeepsWhatIsKnown) {
  Serve(Running("up == 1"));
  Apply({server_->Url()});
  Compare();
  const WallTime compared_at = Known().last_comparison;
  folder_.Write("a.yaml", "groups: [");
  CompareLater();
  CompareLater();
  EXPECT_EQ(Failures(ComparisonFailure::Rules), 2U);
  EXPECT_EQ(Known().comparisons, 3U);
  EXPECT_THAT(Known().drifts, SizeIs(1));
  EXPECT_EQ(Known().last_comparison, compared_at);
  Ship("up == 1");
  CompareLater();
  EXPECT_THAT(
      log_.Lines(),
      ElementsAre(HasSubstr("not as shipped"), HasSubstr("rules cannot be compared"),
                  StartsWith("rules can be compared again"), HasSubstr("as shipped again")));
}

TEST_F(RulesEngineTest, EachKindOfBadAnswerHasItsReason) {
  Serve("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
  Apply({server_->Url()});
  Compare();
  EXPECT_EQ(Failures(ComparisonFailure::Status), 1U) << Known().error;
  Serve("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]");
  Apply({server_->Url()});
  Compare();
  EXPECT_EQ(Failures(ComparisonFailure::Parse), 1U) << Known().error;
}

TEST_F(RulesEngineTest, APrometheusThatIsNotThereIsAFailure) {
  Serve("");
  const std::string url = server_->Url();
  server_.reset();
  Apply({url});
  Compare();
  EXPECT_EQ(Failures(ComparisonFailure::Connect), 1U) << Known().error;
  EXPECT_FALSE(Known().has_compared);
}

TEST_F(RulesEngineTest, APrometheusThatIsNoLongerConfiguredIsForgotten) {
  Serve(Running("up == 0"));
  Apply({server_->Url()});
  Compare();
  Apply({});
  EXPECT_THAT(board_.All(), IsEmpty());
}

TEST_F(RulesEngineTest, ALateAnswerFindsNobody) {
  Serve(Running("up == 1"));
  Apply({server_->Url()});
  engine_->Turn(clock_.Now());
  Apply({});
  const auto now = [this] { return clock_.Now(); };
  EXPECT_TRUE(
      DriveUntil(*engine_, now, [&] { return engine_->NextDeadline() == MonoTime::max(); }));
  EXPECT_THAT(board_.All(), IsEmpty());
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(RulesEngineTest, ASuccessorGoesOnCounting) {
  Serve(Running("up == 1"));
  Apply({server_->Url()});
  Compare();
  engine_ = std::make_unique<RulesEngine>(board_, clock_, log_);
  Apply({server_->Url()});
  Compare();
  EXPECT_EQ(Known().comparisons, 2U);
  EXPECT_THAT(log_.Lines(), SizeIs(1)) << "an old drift is no news";
}

}  // namespace
}  // namespace pathwitness
