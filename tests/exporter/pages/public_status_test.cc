#include "exporter/pages/public_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "tests/support/fake_clock.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using namespace std::chrono_literals;

const std::string kHostile = "<script>alert(\"x\")</script>&'";

WallTime Now() {
  return FakeClock().WallNow();
}

/// An exporter that knows what is put on its boards.
class PublicStatusOf : public testing::Test {
 protected:
  PublicStatusOf() { config_.state_directory = folder_.Path(); }

  void Watch(const std::string& name, std::map<std::string, std::string> labels = {}) {
    TargetConfig target;
    target.name = name;
    target.labels = std::move(labels);
    config_.targets.push_back(target);
  }

  template <typename Snapshot, typename Board>
  void Put(Board& board, const std::string& target, ProberKind kind, ProberState state) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->status.key = {target, kind, ProberFamily::Ipv4};
    snapshot->status.state = state;
    snapshot->status.address = "192.0.2.77";
    board.NewWriter().Publish(snapshot->status.key, snapshot);
  }

  void Trace(const std::string& target, ProberState state) {
    Put<TraceSnapshot>(boards_.traces, target, ProberKind::TraceIcmp, state);
  }
  void Trace6(const std::string& target, ProberState state) {
    Put<TraceSnapshot>(boards_.traces, target, ProberKind::TraceUdp, state);
  }
  void Service(const std::string& target, ProberState state) {
    Put<HttpsSnapshot>(boards_.https, target, ProberKind::Https, state);
  }

  void Say(const std::string& target, VerdictState state) {
    auto said = std::make_shared<VerdictSnapshot>();
    said->status.key = {target, ProberKind::TraceIcmp, ProberFamily::Ipv4};
    Verdict verdict;
    verdict.state = state;
    verdict.text = "between 192.0.2.77 and 192.0.2.78";
    said->verdict = std::make_shared<const Verdict>(verdict);
    boards_.verdicts.NewWriter().Publish(said->status.key, said);
  }

  void Open(const std::vector<std::string>& targets) {
    auto incident = std::make_shared<IncidentSnapshot>();
    incident->id = "20251231T233000Z-0001";
    incident->opened = Now() - 30min;
    incident->since = Now() - 31min;
    incident->last_seen = Now();
    incident->targets = targets;
    incident->verdict.state = VerdictState::Loss;
    incident->owner = HopOwner{.name = kHostile};
    incident->text = "It is 192.0.2.78.";
    boards_.incidents.NewWriter().Publish(incident->id, incident);
  }

  PageSources Sources() const {
    return {.boards = boards_,
            .config = std::make_shared<const Config>(config_),
            .frame = {.version = "0.1.0",
                      .environment = "inner",
                      .telemetry_path = "/metrics",
                      .now = Now()}};
  }

  PublicStatus Gather() const { return GatherPublicStatus(Sources()); }

  PublicState StateOf(const std::string& name) const {
    for (const PublicTarget& target : Gather().targets) {
      if (target.name == name) {
        return target.state;
      }
    }
    ADD_FAILURE() << name << " is not shown";
    return PublicState::Unknown;
  }

  TestFolder folder_;
  Config config_;
  Boards boards_;
};

TEST_F(PublicStatusOf, AServiceIsJudgedByItsRequestsAndNotByAPathThatDoesNotAnswer) {
  Watch("web");
  Trace("web", ProberState::Down);
  EXPECT_EQ(StateOf("web"), PublicState::Down);
  Service("web", ProberState::Up);
  EXPECT_EQ(StateOf("web"), PublicState::Up);
}

TEST_F(PublicStatusOf, ATargetOfWhichSomeProbersFailIsImpaired) {
  Watch("host");
  Trace("host", ProberState::Up);
  Trace6("host", ProberState::Down);
  EXPECT_EQ(StateOf("host"), PublicState::Impaired);
}

TEST_F(PublicStatusOf, LossImpairsAndAChangeOfRouteDoesNot) {
  Watch("host");
  Trace("host", ProberState::Up);
  Say("host", VerdictState::Route);
  EXPECT_EQ(StateOf("host"), PublicState::Up);
  Say("host", VerdictState::Loss);
  EXPECT_EQ(StateOf("host"), PublicState::Impaired);
}

TEST_F(PublicStatusOf, TheWorstIsFirstAndOneNeverHeardOfIsUnknown) {
  Watch("a-up");
  Watch("b-silent");
  Watch("c-down");
  Trace("a-up", ProberState::Up);
  Trace("c-down", ProberState::Down);
  std::vector<std::string> order;
  for (const PublicTarget& target : Gather().targets) {
    order.push_back(target.name);
  }
  EXPECT_THAT(order, ElementsAre("c-down", "b-silent", "a-up"));
  EXPECT_EQ(StateOf("b-silent"), PublicState::Unknown);
}

TEST_F(PublicStatusOf, OnlyTargetsWithTheLabelsAreShownAndIncidentsOfThem) {
  config_.status_page.labels = {{"public", "yes"}};
  Watch("web", {{"public", "yes"}, {"team", "shop"}});
  Watch("vault", {{"public", "no"}});
  Watch("bare");
  Open({"vault", "web"});
  const PublicStatus status = Gather();
  ASSERT_THAT(status.targets, SizeIs(1));
  ASSERT_THAT(status.incidents, SizeIs(1));
  EXPECT_THAT(status.incidents[0].targets, ElementsAre("web"));
  EXPECT_THAT(PublicStatusPage(status) + PublicStatusDocument(status), Not(HasSubstr("vault")));
  config_.status_page.labels = {{"public", "no"}, {"team", "shop"}};
  EXPECT_THAT(Gather().incidents, IsEmpty());
}

TEST_F(PublicStatusOf, NoAddressOwnerOrVerdictIsTold) {
  Watch("web");
  Trace("web", ProberState::Up);
  Say("web", VerdictState::Loss);
  Open({"web"});
  const std::string all = PublicStatusPage(Gather()) + PublicStatusDocument(Gather());
  for (const char* const secret : {"192.0.2.7", "inner", "script", "0.1.0", "href=\"/", "0001"}) {
    EXPECT_THAT(all, Not(HasSubstr(secret)));
  }
  EXPECT_THAT(all, AllOf(HasSubstr("1 of 1 impaired."), HasSubstr("packets lost"),
                         HasSubstr("For 31 min now.")));
}

TEST_F(PublicStatusOf, AnOwnerIsToldWhereTheConfigurationSaysSoAndIsNeverMarkup) {
  config_.status_page.has_owners = true;
  Watch("web");
  Open({"web"});
  EXPECT_THAT(PublicStatusPage(Gather()),
              AllOf(HasSubstr("Traced to &lt;script&gt;"), Not(HasSubstr("<script"))));
}

TEST_F(PublicStatusOf, StandsBehindASlashSoThatItsJsonIsBesideIt) {
  const HttpResponse response = AnswerPage({.method = "GET", .path = "/status"}, Sources());
  EXPECT_EQ(response.status, 302);
  EXPECT_THAT(response.headers, ElementsAre(testing::Pair("Location", "/status/")));
  EXPECT_EQ(AnswerPage({.method = "GET", .path = "/status/"}, Sources()).status, 200);
  EXPECT_EQ(AnswerPage({.method = "GET", .path = "/status/status.json"}, Sources()).content_type,
            "application/json");
  EXPECT_EQ(AnswerPage({.method = "GET", .path = "/status/x"}, Sources()).status, 404);
}

TEST(PublicStatusPage, SaysHowLongAnIncidentWasAndWhatWasWritten) {
  const PublicStatus status{
      .title = kHostile,
      .now = Now(),
      .targets = {{.name = "web", .state = PublicState::Up}},
      .incidents = {{.since = Now() - 3h,
                     .closed = Now() - 167min,
                     .kind = "loss",
                     .targets = {"web", kHostile},
                     .owner = "",
                     .follow_ups = {{.at = Now() - 1h, .author = "ann", .text = kHostile}}}}};
  EXPECT_THAT(PublicStatusPage(status),
              AllOf(HasSubstr("All 1 up."), HasSubstr("Over after 13 min."),
                    HasSubstr("&lt;script&gt;"), Not(HasSubstr("<script")), Not(HasSubstr("ann"))));
}

TEST(PublicStatusPage, NamesNoMoreTargetsThanCanBeRead) {
  PublicStatus status{.title = "Status", .now = Now(), .targets = {}, .incidents = {}};
  status.targets.resize(kMostPublicTargets + 9'000, {.name = "web", .state = PublicState::Up});
  EXPECT_THAT(PublicStatusPage(status), HasSubstr("<p class=\"soft\">And 9000 more.</p>"));
  EXPECT_EQ(nlohmann::json::parse(PublicStatusDocument(status))["targets"].size(),
            status.targets.size());
}

}  // namespace
}  // namespace pathwitness
