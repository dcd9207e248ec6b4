#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/paging_stage.h"
#include "tests/support/running_server.h"
#include "tests/support/simulated_world.h"

// Two exporters, two Prometheus and two clustered Alertmanagers with the shipped rules and
// settings; a service that fails; what PagerDuty gets. Each waits for what it must see and for
// nothing else.
namespace pathwitness {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;
using testing::StartsWith;

constexpr const char* kPartnerTargets = R"(
targets:
  - {name: partner-watchdog, pulse: {push: {}, expected_interval: 2m}}
)";

/// A service on loopback that works or does not.
class Service {
 public:
  Service()
      : server_([this](const ReceivedRequest&) {
          return HttpAnswer{.status = works_ ? 200 : 500, .body = "{}"};
        }) {}

  std::string Url() const { return server_.Url() + "/"; }
  void Fail() { works_ = false; }
  void Recover() { works_ = true; }

 private:
  std::atomic<bool> works_ = true;
  WebhookSink server_;
};

/// What woke somebody for the service. Others may be woken at the start, as Prometheus needs up to
/// 5 s to know what to scrape, which is minutes here.
std::vector<PagerDutyIncident> PagesOf(const std::vector<PagerDutyEvent>& accepted) {
  std::vector<PagerDutyIncident> pages = IncidentsOf(accepted);
  std::erase_if(pages, [](const PagerDutyIncident& incident) {
    const PagerDutyEvent& event = incident.events.front();
    return event.payload.at("severity") != "critical" || event.details.at("team") != "shop";
  });
  return pages;
}

class Page : public testing::Test {
 protected:
  Page()
      : partner_(kPartnerTargets),
        exporters_{Server(Watching(service_)), Server(Watching(service_))} {
    const std::vector<std::string> exporters = {LoopbackPlace(exporters_[0].Port()),
                                                LoopbackPlace(exporters_[1].Port())};
    auto options = stage_.Alertmanager(exporters, LoopbackPlace(partner_.Port()));
    alertmanagers_[0] = std::make_unique<AlertmanagerServer>(options);
    options.peer = alertmanagers_[0]->ClusterAddress();
    alertmanagers_[1] = std::make_unique<AlertmanagerServer>(options);
    const PagingStage::Neighbours neighbours = {
        .exporters = exporters,
        .alertmanagers = {LoopbackPlace(alertmanagers_[0]->Port()),
                          LoopbackPlace(alertmanagers_[1]->Port())}};
    prometheus_[0] = std::make_unique<PrometheusServer>(stage_.Prometheus(neighbours, "a"));
    prometheus_[1] = std::make_unique<PrometheusServer>(stage_.Prometheus(neighbours, "b"));
    AwaitCalm();
  }

  static std::string Watching(const Service& service) {
    return "targets:\n  - name: here-to-shop\n    labels: {team: shop}\n    https: {url: \"" +
           service.Url() + "\", interval: 1s, timeout: 800ms}\n";
  }

  void AwaitCalm() {
    for (auto& alertmanager : alertmanagers_) {
      alertmanager->AwaitCluster();
      alertmanager->GetUntil("/api/v2/alerts", "Watchdog");
    }
    for (auto& prometheus : prometheus_) {
      prometheus->QueryUntil("count(pathwitness_https_success == 1)", "\"2\"]");
      prometheus->QueryUntil("pathwitness:target_worked:ever{target=\"here-to-shop\"}", "\"1\"]");
    }
  }

  bool AwaitPages(std::size_t count, std::chrono::milliseconds patience) {
    return stage_.PagerDuty().AwaitAccepted(
        [&](const auto& events) { return PagesOf(events).size() >= count; }, patience);
  }

  bool AwaitEnd(std::chrono::milliseconds patience) {
    return stage_.PagerDuty().AwaitAccepted(
        [](const auto& events) {
          return std::ranges::none_of(PagesOf(events), &PagerDutyIncident::is_open);
        },
        patience);
  }

  std::vector<PagerDutyIncident> Pages() { return PagesOf(stage_.PagerDuty().Accepted()); }

  /// When the partner last got a heartbeat, as its metrics say it; empty when never.
  std::string LastBeat() const {
    const std::string metrics = BodyOf(partner_.Get("/metrics"));
    const std::size_t found =
        metrics.find("\npathwitness_pulse_timestamp_seconds{target=\"partner-watchdog\"");
    return found == std::string::npos
               ? ""
               : metrics.substr(found + 1, metrics.find('\n', found + 1) - found);
  }

  /// True when the partner gets another beat within `patience`.
  bool AwaitBeat(std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    const std::string before = LastBeat();
    while (LastBeat() == before) {
      if (std::chrono::steady_clock::now() >= deadline) {
        return false;
      }
      partner_.Process().ReadUntil("never logged", 100ms);
    }
    return true;
  }

  PagingStage stage_{90};
  Service service_;
  Server partner_;
  std::array<Server, 2> exporters_;
  std::array<std::unique_ptr<AlertmanagerServer>, 2> alertmanagers_;
  std::array<std::unique_ptr<PrometheusServer>, 2> prometheus_;
};

TEST_F(Page, OfAnOutageIsOneWithAllThatOneNeedsAndEndsWithIt) {
  service_.Fail();
  ASSERT_TRUE(AwaitPages(1, 60s));
  const PagerDutyEvent page = Pages().at(0).events.at(0);
  RecordProperty("event", page.body);
  EXPECT_EQ(page.payload.at("source"), "here-to-shop");
  EXPECT_EQ(page.payload.at("group"), "test");
  EXPECT_EQ(page.details.at("num_firing"), "1") << "the two Prometheus are not told apart";
  EXPECT_THAT(
      page.links,
      AllOf(
          Contains(Pair("Runbook", EndsWith("/runbooks/" + page.payload.at("class")))),
          Contains(Pair("Dashboard around the alert", HasSubstr("var-target=here-to-shop&from="))),
          Contains(Pair("Evidence", EndsWith("/?target=here-to-shop"))),
          Contains(Pair("Silence", StartsWith("http://alertmanager.example/#/silences/new")))));
  EXPECT_FALSE(AwaitEnd(4s)) << "it lasts as long as the outage";
  service_.Recover();
  ASSERT_TRUE(AwaitEnd(60s));
  EXPECT_FALSE(AwaitPages(2, 4s)) << "it came back after its end";
}

TEST_F(Page, ArrivesOnceWithOneOfEachKilledAndPagerDutyRefusing) {
  stage_.PagerDuty().AnswerNext({429, 500});
  alertmanagers_[0]->Kill();
  service_.Fail();
  ASSERT_TRUE(AwaitPages(1, 60s));
  prometheus_[0]->Kill();
  exporters_[0].Process().Signal(SIGKILL);
  EXPECT_FALSE(AwaitEnd(4s)) << "what is left keeps the page up";
  service_.Recover();
  ASSERT_TRUE(AwaitEnd(60s));
  EXPECT_THAT(Pages(), SizeIs(1));
}

TEST_F(Page, WithoutAnyPrometheusTheHeartbeatStops) {
  ASSERT_TRUE(AwaitBeat(20s));
  ASSERT_TRUE(AwaitBeat(5s)) << "it beats on";
  for (auto& prometheus : prometheus_) {
    prometheus->Kill();
  }
  // Alertmanager takes the Watchdog for over when it has not heard of it for 4 resend delays.
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  bool is_beating = true;
  while (is_beating && std::chrono::steady_clock::now() < deadline) {
    is_beating = AwaitBeat(5s);
  }
  EXPECT_FALSE(is_beating);
}

/// In a simulated internet, where whose the fault is is known. The rules are faster than the
/// exporter, which has its usual speed, so they start when it has found out.
TEST(PageOfAFault, SaysWhoseItIsAndWhere) {
  const std::string why_not = SimulatedWorld::WhyNot();
  if (!why_not.empty()) {
    GTEST_SKIP() << why_not;
  }
  SimulatedWorld world;
  world.SetLoss(0.5);
  world.MetricsUntil("state=\"loss\",owner=");
  ASSERT_THAT(world.MetricsUntil("state=\"loss\",owner=\"lab-cloud\""),
              HasSubstr("state=\"loss\",owner=\"lab-cloud\""));
  PagingStage stage(90);
  const std::vector<std::string> exporters(2, LoopbackPlace(world.Port()));
  const AlertmanagerServer alertmanager(stage.Alertmanager(exporters));
  const std::vector<std::string> alertmanagers(2, LoopbackPlace(alertmanager.Port()));
  const PrometheusServer prometheus(
      stage.Prometheus({.exporters = exporters, .alertmanagers = alertmanagers}, "a"));
  ASSERT_TRUE(stage.PagerDuty().AwaitAccepted(
      [](const auto& events) { return !PagesOf(events).empty(); }, 60s));
  const PagerDutyEvent page = PagesOf(stage.PagerDuty().Accepted()).at(0).events.at(0);
  RecordProperty("event", page.body);
  EXPECT_THAT(page.details.at("verdict"),
              AllOf(StartsWith("loss (trace_icmp, ipv4): lab-cloud, P="),
                    ContainsRegex("between hop [1-4] and hop [5-7]")));
  EXPECT_THAT(page.details.at("owner"), StartsWith("lab-cloud (P="));
  EXPECT_THAT(page.details.at("scope"), HasSubstr("target here-to-shop"));
}

}  // namespace
}  // namespace pathwitness
