#include "exporter/pages/target_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "exporter/pages/page_json.h"
#include "tests/support/fake_clock.h"

namespace pathwitness {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

const std::string kHostile = "<script>alert(\"x\")</script>&'";
const IpAddress kRouter = *IpAddress::Parse("192.0.2.1");
const IpAddress kOther = *IpAddress::Parse("192.0.2.9");
const IpAddress kDestination = *IpAddress::Parse("198.51.100.7");

WallTime Now() {
  return FakeClock().WallNow();
}

TraceSnapshot Trace() {
  TraceSnapshot trace;
  trace.status.key = {kHostile, ProberKind::TraceUdp, ProberFamily::Ipv4};
  trace.status.state = ProberState::Up;
  trace.status.rounds = 5;
  trace.status.last_round = Now() - 2s;
  trace.probes = 300;
  trace.lost = 3;
  trace.hops.resize(3);
  trace.hops[0] = {.probes = 50,
                   .replies_missing = 5,
                   .round_trip_count = 45,
                   .round_trip_sum = 45 * 0.002,
                   .last_round_trip = 0.0021,
                   .address = kRouter};
  trace.hops[1].probes = 50;
  trace.hops[1].replies_missing = 50;
  trace.hops[2] = {.probes = 50, .address = kDestination};
  return trace;
}

RouteChangeRecord Change() {
  RouteChangeRecord change;
  change.prober = Trace().status.key;
  change.event.at = Now() - 1h;
  change.event.ttl = 2;
  change.event.last_common_ttl = 1;
  change.event.last_common = kRouter;
  change.event.before = {{kRouter}, {}, {kDestination}};
  change.event.after = {{kRouter}, {kOther}, {kDestination}};
  change.kind = RouteChangeClass::InterAs;
  return change;
}

TracedPath Path() {
  RouteSnapshot route;
  route.path = {kRouter, std::nullopt, kOther};
  route.networks = {{.asn = 64500, .name = "AS64500", .as_name = kHostile}, {}, {.asn = 64501}};
  VerdictSnapshot said;
  said.hops = {HopClass::Clean, HopClass::Silent};
  Verdict verdict;
  verdict.text = "1.0 % of 300 probes are lost. " + kHostile;
  said.verdict = std::make_shared<const Verdict>(verdict);
  PtrSnapshot names;
  names.names[kRouter] = kHostile;
  return {.trace = std::make_shared<TraceSnapshot>(Trace()),
          .route = std::make_shared<RouteSnapshot>(route),
          .said = std::make_shared<VerdictSnapshot>(said),
          .names = std::make_shared<PtrSnapshot>(names),
          .charts = {},
          .changes = {Change()}};
}

IncidentRecord Incident() {
  return {.id = "20260101T000000Z-0001",
          .targets = {kHostile},
          .updates = {{.text = "It is down. " + kHostile}}};
}

TargetView View() {
  TargetView view{.name = kHostile, .status = {}, .services = {}, .paths = {Path()}};
  view.status.frame = {
      .version = "0.1.0", .environment = kHostile, .telemetry_path = "/metrics", .now = Now()};
  view.status.targets = {kHostile};
  view.status.traces = {view.paths.front().trace};
  view.status.open_incidents = {Incident()};
  return view;
}

std::string ReadAll(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(TargetPage, HostileTextIsNeverMarkup) {
  const std::string html = TargetPage(View());
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("alert(\"x\")")));
  EXPECT_THAT(html, HasSubstr("AS64500 &lt;script&gt;"));
}

TEST(TargetPage, AHopHasItsOwnerAndItsLossWithN) {
  const std::string html = TargetPage(View());
  EXPECT_THAT(html, HasSubstr("<td>192.0.2.1</td><td>AS64500"));
  EXPECT_THAT(html, HasSubstr("5/50 (10.0 %)"));
  EXPECT_THAT(html, HasSubstr("no answer</span></td><td>–</td><td class=\"number\">50/50"));
}

TEST(TargetPage, WhoeverAnswersNowHasNotTheOwnerOfWhoeverStoodThere) {
  const std::vector<LiveHop> hops = LiveHopsOf(Path());
  EXPECT_EQ(hops.at(0).responder.asn, 64500U);
  EXPECT_EQ(hops.at(2).responder.asn, 0U);
}

TEST(TargetPage, HopsAreJudgedAndTheLastIsCalledTheDestination) {
  TracedPath path = Path();
  TraceSnapshot trace = *path.trace;
  Round round;
  round.destination = *trace.hops.at(2).address;
  trace.last_round = std::make_shared<const Round>(round);
  path.trace = std::make_shared<const TraceSnapshot>(trace);
  const std::vector<LiveHop> hops = LiveHopsOf(path);
  EXPECT_EQ(hops.at(0).hop_class, "clean");
  EXPECT_EQ(hops.at(1).hop_class, "silent");
  EXPECT_EQ(hops.at(2).hop_class, "destination");
}

TEST(TargetPage, AChangeOfRouteLeadsToItsComparison) {
  const std::string html = TargetPage(View());
  EXPECT_THAT(html, HasSubstr("at1=2025-12-31T22%3A55%3A00Z&amp;at2=2025-12-31T23%3A00%3A00Z"));
  EXPECT_THAT(html, HasSubstr("192.0.2.1 › * › 198.51.100.7"));
}

TEST(TargetPage, WithoutAHistoryItSaysSoAndShowsWhatIsLive) {
  TargetView view = View();
  view.paths.front().changes.clear();
  view.history_problem = "the history cannot be read (corrupt)";
  const std::string html = TargetPage(view);
  EXPECT_THAT(html, HasSubstr("Only what is live is shown: the history cannot be read (corrupt)."));
  EXPECT_THAT(html, Not(HasSubstr("Route changes")));
  EXPECT_THAT(html, HasSubstr("192.0.2.1"));
}

TEST(TargetDocument, LooksLikeItsGoldenFile) {
  const std::string path = PATHWITNESS_SOURCE_DIR "/tests/data/golden/target.json";
  TargetView view = View();
  view.paths.front().charts.push_back(
      {.name = "Last hour", .chart = ChartOf({}, Now() - 1h, Now(), 1)});
  view.services.push_back(
      {.prober = {kHostile, ProberKind::Https, ProberFamily::Ipv4},
       .charts = {{.name = "Last hour", .chart = ServiceChartOf({}, Now() - 1h, Now(), 1)}}});
  const std::string json = TargetDocument(view);
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
    std::ofstream(path) << json;
  }
  EXPECT_EQ(json, ReadAll(path));
}

TEST(TargetsDocument, NamesEveryTargetAlsoOneWithoutProbers) {
  StatusView view = View().status;
  view.targets.emplace_back("silent");
  const auto json = nlohmann::json::parse(TargetsDocument(view));
  ASSERT_EQ(json["targets"].size(), 2U);
  EXPECT_EQ(json["targets"][0]["probers"][0]["lost"], 3);
  EXPECT_EQ(json["targets"][1]["name"], "silent");
  EXPECT_EQ(json["open_incidents"][0], "20260101T000000Z-0001");
}

}  // namespace
}  // namespace pathwitness
