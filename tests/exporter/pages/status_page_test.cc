#include "exporter/pages/status_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>

#include "tests/support/fake_clock.h"

namespace pathwitness {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

const std::string kHostile = "<script>alert(\"x\")</script>&'";

WallTime Now() {
  return FakeClock().WallNow();
}

ProberStatus Status(const std::string& target, ProberKind prober, ProberFamily family) {
  ProberStatus status;
  status.key = {target, prober, family};
  status.state = ProberState::Up;
  status.rounds = 30;
  status.last_round = Now() - 4s;
  status.address = "192.0.2.7";
  return status;
}

TraceSnapshot ReachedTrace() {
  TraceSnapshot trace;
  trace.status = Status("fra-to-example", ProberKind::TraceIcmp, ProberFamily::Ipv4);
  trace.probes = 300;
  trace.lost = 3;
  trace.round_trips = Histogram({0.1});
  trace.round_trips.counts = {297, 0};
  trace.round_trips.sum = 297 * 0.0125;
  trace.reached = true;
  trace.destination_hop = 2;
  trace.hops.resize(2);
  trace.hops[1].last_round_trip = 0.0113;
  return trace;
}

HttpsSnapshot FailingHttps() {
  HttpsSnapshot https;
  https.status = Status("fra-to-example", ProberKind::Https, ProberFamily::Ipv4);
  https.status.state = ProberState::Down;
  https.requests = 8;
  https.failures[static_cast<std::size_t>(HttpFailure::Status)] = 1;
  HttpResult result;
  result.failure = HttpFailure::Status;
  result.error = "got 500: " + kHostile;
  result.status = 500;
  result.duration = 1.25;
  result.phases[static_cast<std::size_t>(HttpPhase::Connect)] = 0.012;
  CertificateFacts certificate;
  certificate.subject = "CN=" + kHostile;
  result.certificates.push_back(certificate);
  https.last = result;
  return https;
}

PulseSnapshot BeatingPulse() {
  PulseSnapshot pulse;
  pulse.status = Status("nightly-backup", ProberKind::Pulse, ProberFamily::None);
  pulse.status.address.clear();
  pulse.timestamp = ToUnixSeconds(Now() - 3h);
  return pulse;
}

StatusView View() {
  return {.frame = {.version = "0.1.0",
                    .environment = "default",
                    .telemetry_path = "/metrics",
                    .now = Now()},
          .targets = {"fra-to-example", "nightly-backup", kHostile},
          .traces = {std::make_shared<TraceSnapshot>(ReachedTrace())},
          .https = {std::make_shared<HttpsSnapshot>(FailingHttps())},
          .pulses = {std::make_shared<PulseSnapshot>(BeatingPulse())},
          .verdicts = {}};
}

std::string ReadAll(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(StatusPage, LooksLikeItsGoldenFile) {
  const std::string path = PATHWITNESS_SOURCE_DIR "/tests/data/golden/status.html";
  const std::string html = StatusPage(View());
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << html;
  }
  EXPECT_EQ(html, ReadAll(path));
}

TEST(StatusPage, HostileTextIsNeverMarkup) {
  const std::string html = StatusPage(View());
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("CN=&lt;script&gt;"));
}

TEST(StatusPage, LossStandsWithItsN) {
  EXPECT_THAT(StatusPage(View()), HasSubstr("3/300 (1.0 %)"));
}

TEST(StatusPage, ATargetWithoutProbersHasARow) {
  StatusView view = View();
  view.traces.clear();
  view.https.clear();
  EXPECT_THAT(StatusPage(view), HasSubstr(">fra-to-example</a></td>"));
}

TEST(StatusPage, ATraceThatReachesNothingSaysHowFarItCame) {
  TraceSnapshot trace = ReachedTrace();
  trace.reached = false;
  trace.last_responding_hop = 1;
  trace.last_round = std::make_shared<Round>();
  StatusView view = View();
  view.traces = {std::make_shared<TraceSnapshot>(trace)};
  EXPECT_THAT(StatusPage(view), HasSubstr("not reached, last 1"));
}

TEST(StatusPage, AProberWithoutARoundShowsNoNumbers) {
  TraceSnapshot trace;
  trace.status.key = {"new", ProberKind::TraceUdp, ProberFamily::Ipv6};
  StatusView view = View();
  view.traces = {std::make_shared<TraceSnapshot>(trace)};
  EXPECT_THAT(StatusPage(view), HasSubstr("<td class=\"unknown\">unknown</td><td>–</td>"));
}

TEST(StatusPage, AnAbsurdBeatTimeIsShownAndNotComputedWith) {
  for (const double absurd : {1e300, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    PulseSnapshot pulse = BeatingPulse();
    pulse.timestamp = absurd;
    StatusView view = View();
    view.pulses = {std::make_shared<PulseSnapshot>(pulse)};
    EXPECT_THAT(StatusPage(view), HasSubstr("last beat at the impossible time"));
  }
}

TEST(StatusPage, TheWorstStandsFirst) {
  const std::string html = StatusPage(View());
  EXPECT_LT(html.find("class=\"down\">down"), html.find("class=\"unknown\">unknown"));
  EXPECT_LT(html.find("class=\"unknown\">unknown"), html.find("class=\"up\">up"));
}

TEST(StatusPage, ASearchLeavesOthersOut) {
  StatusView view = View();
  view.search = "night";
  const std::string html = StatusPage(view);
  EXPECT_THAT(html, HasSubstr(">nightly-backup</a>"));
  EXPECT_THAT(html, Not(HasSubstr("fra-to-example")));
}

TEST(StatusPage, ManyRowsAreSplitAndTheSearchGoesOn) {
  StatusView view = View();
  for (std::size_t i = 0; i < 2 * kRowsOfAPage; ++i) {
    view.targets.push_back("many-" + std::to_string(i));
  }
  view.search = "many";
  view.page = 1;
  EXPECT_THAT(StatusPage(view), HasSubstr("<p>Rows 201 to 400 of 400. "
                                          "<a href=\"/?q=many&amp;page=0\">Previous</a></p>"));
  view.page = 1'000'000;  // behind the last one
  EXPECT_THAT(StatusPage(view), HasSubstr("<p>Rows 201 to 400 of 400."));
}

TEST(StatusPage, AnOpenIncidentStandsOnTop) {
  StatusView view = View();
  view.open_incidents = {{.id = "20260101T000000Z-0001", .updates = {{.text = kHostile}}}};
  EXPECT_THAT(StatusPage(view), HasSubstr("<a href=\"/incidents/20260101T000000Z-0001\">"));
  EXPECT_THAT(StatusPage(view), Not(HasSubstr("<script")));
}

TEST(EscapeUrl, LeavesOnlyWhatIsUnreserved) {
  EXPECT_EQ(EscapeUrl("a-Z_0.~/?%é\""), "a-Z_0.~%2F%3F%25%C3%A9%22");
}

TEST(EscapeHtml, LeavesUtf8AndReplacesControlCharacters) {
  EXPECT_EQ(EscapeHtml("é<\x01>"), "é&lt;\xEF\xBF\xBD&gt;");
}

TEST(StatusPage, ShowsWhatIsSaidOfAPathAndSinceWhenAsText) {
  VerdictSnapshot said;
  said.status = ReachedTrace().status;
  said.since = Now() - 90s;
  Verdict verdict;
  verdict.state = VerdictState::Loss;
  verdict.text = "12.0 % of probes are lost. " + kHostile;
  said.verdict = std::make_shared<const Verdict>(verdict);
  StatusView view = View();
  view.verdicts = {std::make_shared<VerdictSnapshot>(said)};
  EXPECT_THAT(StatusPage(view), HasSubstr("(90 s ago): 12.0 % of probes are lost. &lt;script&gt;"));
  EXPECT_THAT(StatusPage(View()), Not(HasSubstr("12.0 %")));
}

}  // namespace
}  // namespace pathwitness
