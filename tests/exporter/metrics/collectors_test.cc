#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "exporter/metrics/dns_collector.h"
#include "exporter/metrics/https_collector.h"
#include "exporter/metrics/path_collector.h"
#include "exporter/metrics/prober_collector.h"
#include "exporter/metrics/process_collector.h"
#include "exporter/metrics/pulse_collector.h"
#include "exporter/metrics/route_collector.h"
#include "exporter/metrics/self_collector.h"
#include "exporter/metrics/target_collector.h"
#include "exporter/metrics/text_writer.h"
#include "tests/exporter/metrics/sample_world.h"

namespace pathwitness {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const WallTime kNow{seconds(1767225600)};

std::string TextOf(const prometheus::Collectable& collector) {
  std::string text;
  AppendText(collector.Collect(), text);
  return text;
}

/// The same of a collector that writes series.
template <typename Collector>
std::string WrittenBy(const Collector& collector) {
  std::string text;
  PageWriter page([&](std::string_view piece) {
    text += piece;
    return true;
  });
  collector.Write(page);
  page.Finish();
  return text;
}

std::string PathText(const TraceSnapshot& trace, WallTime now) {
  const auto copy = std::make_shared<const TraceSnapshot>(trace);
  return WrittenBy(PathCollector({copy}, {copy}, now));
}

std::string HttpsText(const HttpsSnapshot& https, WallTime now) {
  return WrittenBy(HttpsCollector({std::make_shared<const HttpsSnapshot>(https)}, now));
}

std::string PulseText(const PulseSnapshot& pulse, WallTime now) {
  return WrittenBy(PulseCollector({std::make_shared<const PulseSnapshot>(pulse)}, now));
}

std::string ProberText(const ProberStatus& status, WallTime now) {
  return WrittenBy(ProberCollector({std::make_shared<const ProberStatus>(status)}, now));
}

/// A prober whose last round is `age` old; it makes one every 10 s.
StatusPointer StatusOfAge(ProberState state, Duration age) {
  ProberStatus status;
  status.key = {"fra-to-example", ProberKind::TraceIcmp, ProberFamily::Ipv4};
  status.interval = seconds(10);
  status.rounds = 1;
  status.last_round = kNow - age;
  status.state = state;
  return std::make_shared<const ProberStatus>(status);
}

TargetState Judge(const std::vector<StatusPointer>& statuses) {
  return JudgeTarget(statuses, kNow);
}

TEST(PathCollector, ShowsTheLastRoundForFiveIntervals) {
  const TraceSnapshot trace = ReachedTrace(kNow);
  EXPECT_THAT(
      PathText(trace, trace.status.last_round + seconds(50)),
      AllOf(HasSubstr("pathwitness_path_reached{"), HasSubstr("path_hop_last_rtt_seconds{")));
}

TEST(PathCollector, WithholdsTheLastRoundAfterFiveIntervals) {
  const TraceSnapshot trace = ReachedTrace(kNow);
  EXPECT_THAT(
      PathText(trace, trace.status.last_round + seconds(51)),
      AllOf(Not(HasSubstr("path_reached")), Not(HasSubstr("path_destination_hop")),
            Not(HasSubstr("path_last_responding_hop")), Not(HasSubstr("path_hop_last_rtt"))));
}

TEST(PathCollector, ShowsCountersHoweverOldTheLastRoundIs) {
  const TraceSnapshot trace = ReachedTrace(kNow);
  EXPECT_THAT(PathText(trace, kNow + seconds(100000)),
              AllOf(HasSubstr("path_probes_total{"), HasSubstr("path_rtt_seconds_count{"),
                    HasSubstr("path_hop_probes_total{")));
}

TEST(PathCollector, HasAllReasonsAndCodesBeforeTheFirstRound) {
  TraceSnapshot trace;
  trace.status.key = {"fra-to-example", ProberKind::TraceUdp, ProberFamily::Ipv6};
  const std::string text = PathText(trace, kNow);
  const std::string key = R"(target="fra-to-example",prober="trace_udp",family="ipv6")";
  for (const std::string_view reason : kUnsentReasonNames) {
    EXPECT_THAT(text, HasSubstr("path_probes_unsent_total{" + key + ",reason=\"" +
                                std::string(reason) + "\"} 0\n"));
  }
  for (const std::string_view code : kUnreachableCodeNames) {
    EXPECT_THAT(text, HasSubstr("path_unreachable_total{" + key + ",code=\"" + std::string(code) +
                                "\"} 0\n"));
  }
  EXPECT_THAT(text, Not(HasSubstr("path_reached")));
}

TEST(PathCollector, KeepsTheSeriesOfASilentHop) {
  const std::string text = PathText(ReachedTrace(kNow), kNow);
  EXPECT_THAT(text, HasSubstr("family=\"ipv4\",hop=\"2\"} 30\n"));
}

/// One trace, of which nothing more is known.
RouteSights SampleSights() {
  return {.traces = {std::make_shared<const TraceSnapshot>(ReachedTrace(kNow))},
          .routes = {},
          .verdicts = {},
          .asn = nullptr,
          .names = nullptr,
          .config = std::make_shared<const Config>()};
}

std::string RouteText(const std::vector<RouteBoard::Pointer>& routes, WallTime now,
                      const AsnBoard::Pointer& asn = nullptr) {
  RouteSights sights = SampleSights();
  sights.routes = routes;
  sights.asn = asn;
  return WrittenBy(RouteCollector(std::move(sights), now));
}

/// Of the trace; its first hop is told, its third was another router then.
RouteBoard::Pointer SampleRoute() {
  RouteSnapshot route;
  route.status = ReachedTrace(kNow).status;
  route.path = {IpAddress::Parse("192.0.2.1"), std::nullopt, IpAddress::Parse("203.0.113.99")};
  route.networks = {{.kind = AddressKind::Network, .asn = 64500, .as_name = "Example"}, {}, {}};
  route.owners = {{.segment = Segment::SourceIsp, .asn = 64500, .name = "lab-isp"}, {}, {}};
  return std::make_shared<const RouteSnapshot>(std::move(route));
}

TEST(RouteCollector, NamesOneResponderPerHopAndNoneForASilentOne) {
  const std::string unknown = R"(,ptr="",asn="",as_name="",owner="",segment="undetermined"} 1)";
  EXPECT_THAT(RouteText({}, kNow), AllOf(HasSubstr("hop=\"1\",address=\"192.0.2.1\"" + unknown),
                                         Not(HasSubstr("hop=\"2\",address")),
                                         HasSubstr("hop=\"3\",address=\"203.0.113.7\"" + unknown)));
}

TEST(RouteCollector, TellsTheOwnerOfTheResponderItWasToldFor) {
  const std::string text = RouteText({SampleRoute()}, kNow);
  EXPECT_THAT(text, HasSubstr(R"(address="192.0.2.1",ptr="",asn="64500",as_name="Example",)"
                              R"(owner="lab-isp",segment="source_isp"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(address="203.0.113.7",ptr="",asn="",)"));
}

TEST(RouteCollector, ShowsTheNamesThatAreKnown) {
  RouteSights sights = SampleSights();
  sights.names = std::make_shared<const PtrSnapshot>(
      PtrSnapshot{.names = {{*IpAddress::Parse("192.0.2.1"), "ae1.fra.example"}}});
  EXPECT_THAT(WrittenBy(RouteCollector(sights, kNow)),
              AllOf(HasSubstr(R"(address="192.0.2.1",ptr="ae1.fra.example",)"),
                    HasSubstr(R"(address="203.0.113.7",ptr="",)")));
}

TEST(RouteCollector, SaysOfAHopThatIsKnownWhetherItLimitsItsAnswers) {
  RouteSights sights = SampleSights();
  const auto text = [&](std::vector<HopClass> hops) {
    sights.verdicts = {std::make_shared<const VerdictSnapshot>(
        VerdictSnapshot{.status = ReachedTrace(kNow).status, .hops = std::move(hops)})};
    return WrittenBy(RouteCollector(sights, kNow));
  };
  EXPECT_THAT(text({HopClass::Masked, HopClass::Carries}),
              AllOf(HasSubstr("hop_icmp_limited{target=\"fra-to-example\",prober=\"trace_icmp\","
                              "family=\"ipv4\",hop=\"1\"} 1\n"),
                    HasSubstr("family=\"ipv4\",hop=\"2\"} 0\n")));
  EXPECT_THAT(text({HopClass::Undecided, HopClass::Silent}), Not(HasSubstr("hop_icmp_limited")));
}

TEST(RouteCollector, NamesNoMoreHopsThatLimitTheirAnswersThanThePathHas) {
  RouteSights sights = SampleSights();
  sights.verdicts = {std::make_shared<const VerdictSnapshot>(VerdictSnapshot{
      .status = ReachedTrace(kNow).status, .hops = std::vector(9, HopClass::Masked)})};
  EXPECT_THAT(WrittenBy(RouteCollector(sights, kNow)),
              AllOf(HasSubstr("hop=\"3\"} 1\n"), Not(HasSubstr("hop=\"4\""))));
}

TEST(RouteCollector, ShowsThePathOfNetworksAndNoneWhenNoneIsKnown) {
  EXPECT_THAT(RouteText({SampleRoute()}, kNow), HasSubstr("as_path=\"64500\"} 1\n"));
  RouteSnapshot unknown = *SampleRoute();
  unknown.networks = std::vector(3, AddressOwner());
  EXPECT_THAT(RouteText({std::make_shared<const RouteSnapshot>(unknown)}, kNow),
              Not(HasSubstr("path_route_info")));
}

TEST(RouteCollector, CountsAndNamesTheNetworksThatATargetDoesNotExpect) {
  const auto text = [](std::vector<std::string> expected) {
    Config config;
    config.targets.push_back({.name = "fra-to-example", .expect_transit = std::move(expected)});
    RouteSights sights = SampleSights();
    sights.routes = {SampleRoute()};
    sights.config = std::make_shared<const Config>(std::move(config));
    return WrittenBy(RouteCollector(std::move(sights), kNow));
  };
  EXPECT_THAT(text({"AS64501"}),
              AllOf(HasSubstr("unexpected_transit{target=\"fra-to-example\",prober=\"trace_icmp\","
                              "family=\"ipv4\"} 1\n"),
                    HasSubstr("asn=\"64500\",owner=\"\"} 1\n")));
  EXPECT_THAT(text({"AS64500"}),
              AllOf(HasSubstr("family=\"ipv4\"} 0\n"), Not(HasSubstr("unexpected_transit_info"))));
  EXPECT_THAT(text({}), Not(HasSubstr("unexpected_transit")));
}

TEST(RouteCollector, HasCountersFromTheStartAndNoLastChangeBeforeTheFirst) {
  EXPECT_THAT(RouteText({SampleRoute()}, kNow),
              AllOf(HasSubstr("class=\"inter_as\"} 0\n"), Not(HasSubstr("last_change"))));
}

TEST(RouteCollector, WithholdsTheLastRoundAfterFiveIntervalsButNotTheCounters) {
  EXPECT_THAT(RouteText({SampleRoute()}, kNow + seconds(100000)),
              AllOf(HasSubstr("route_changes_total{"), Not(HasSubstr("path_hop_info")),
                    Not(HasSubstr("ecmp_width")), Not(HasSubstr("loop_detected"))));
}

TEST(RouteCollector, SaysWhyTheDatabaseCannotBeUsedAndNothingWhenThereIsNone) {
  EXPECT_THAT(RouteText({}, kNow), Not(HasSubstr("asn_database")));
  const auto asn =
      std::make_shared<const AsnSnapshot>(AsnSnapshot{.failure = MmdbFailure::Missing});
  EXPECT_THAT(RouteText({}, kNow, asn), AllOf(HasSubstr("failing{reason=\"missing\"} 1\n"),
                                              HasSubstr("failing{reason=\"damaged\"} 0\n"),
                                              Not(HasSubstr("asn_database_build"))));
}

TEST(HttpsCollector, ShowsTheCertificateThatWasRefused) {
  const std::string text = HttpsText(RefusedHttps(kNow), kNow);
  EXPECT_THAT(text, AllOf(HasSubstr("position=\"leaf\"} 1767225599\n"),
                          HasSubstr("position=\"chain\"} 1888888888\n"),
                          HasSubstr("https_certificate_verified{target=\"fra-to-example\","
                                    "prober=\"https\",family=\"ipv4\"} 0\n")));
}

TEST(HttpsCollector, HasNoChainWhenTheServerSentItsOwnCertificateOnly) {
  HttpsSnapshot https = RefusedHttps(kNow);
  https.last->certificates.resize(1);
  EXPECT_THAT(HttpsText(https, kNow), Not(HasSubstr("position=\"chain\"")));
}

TEST(HttpsCollector, EscapesAHostileSubject) {
  EXPECT_THAT(HttpsText(RefusedHttps(kNow), kNow),
              HasSubstr(R"(subject="CN=\"www\\example\nline two")"));
}

TEST(HttpsCollector, HasNoConnectionWhenThereWasNone) {
  HttpsSnapshot https = RefusedHttps(kNow);
  https.last = HttpResult();
  https.last->failure = HttpFailure::ConnectRefused;
  https.last->address = "203.0.113.7";
  EXPECT_THAT(HttpsText(https, kNow),
              AllOf(Not(HasSubstr("https_connection_info")), Not(HasSubstr("https_tcp_rtt")),
                    Not(HasSubstr("https_certificate")), HasSubstr("https_status_code{"),
                    HasSubstr("https_success{")));
}

TEST(HttpsCollector, ShowsOnlyThePhasesThatTheLastRequestReached) {
  const std::string start =
      "https_last_phase_duration_seconds{target=\"fra-to-example\",prober=\"https\",family="
      "\"ipv4\"";
  EXPECT_THAT(HttpsText(RefusedHttps(kNow), kNow),
              AllOf(HasSubstr(start + ",phase=\"connect\"} 0.02\n"),
                    Not(HasSubstr(start + ",phase=\"transfer\""))));
}

TEST(HttpsCollector, HasAllReasonsAndPhasesBeforeTheFirstRequest) {
  HttpsSnapshot https;
  https.status.key = {"fra-to-example", ProberKind::Https, ProberFamily::Ipv4};
  const std::string text = HttpsText(https, kNow);
  for (const std::string_view reason : kHttpFailureNames) {
    EXPECT_THAT(text, HasSubstr("reason=\"" + std::string(reason) + "\"} 0\n"));
  }
  for (const std::string_view phase : kHttpPhaseNames) {
    EXPECT_THAT(text, HasSubstr("phase=\"" + std::string(phase) + "\"} 0\n"));
  }
  EXPECT_THAT(text, Not(HasSubstr("https_success")));
}

TEST(HttpsCollector, WithholdsTheLastRequestAfterFiveIntervals) {
  const HttpsSnapshot https = RefusedHttps(kNow);
  const std::string text = HttpsText(https, https.status.last_round + seconds(151));
  EXPECT_THAT(text, AllOf(Not(HasSubstr("https_success")), Not(HasSubstr("https_certificate")),
                          HasSubstr("https_requests_total{")));
}

TEST(PulseCollector, HasNoTimestampBeforeTheFirstBeat) {
  PulseSnapshot pulse = BeatingPulse(kNow);
  pulse.timestamp.reset();
  EXPECT_THAT(PulseText(pulse, kNow), AllOf(Not(HasSubstr("pulse_timestamp_seconds")),
                                            HasSubstr("pulse_expected_interval_seconds{")));
}

TEST(PulseCollector, ShowsTheBeatHoweverOldTheLastLookIs) {
  EXPECT_THAT(PulseText(BeatingPulse(kNow), kNow + seconds(100000)),
              HasSubstr("pulse_timestamp_seconds{target=\"mirror-freshness\",prober=\"pulse\","
                        "family=\"ipv4\"} 1767225539.5\n"));
}

TEST(ProberCollector, ShowsThePulseOfAProberThatNeverFinishedARound) {
  ProberStatus status;
  status.key = {"fra-to-example", ProberKind::TraceIcmp, ProberFamily::Ipv4};
  status.last_round = kNow - seconds(1000);
  EXPECT_THAT(ProberText(status, kNow),
              AllOf(HasSubstr("prober_last_round_timestamp_seconds{target=\"fra-to-example\","
                              "prober=\"trace_icmp\",family=\"ipv4\"} 1767224600\n"),
                    Not(HasSubstr("prober_last_attempt"))));
}

TEST(ProberCollector, LeavesThePortEmptyWhereTheProtocolHasNone) {
  EXPECT_THAT(ProberText(ReachedTrace(kNow).status, kNow), HasSubstr("port=\"\"} 1\n"));
}

TEST(TargetState, IsUpOrDownWhenAllProbersAgree) {
  const auto up = StatusOfAge(ProberState::Up, seconds(1));
  const auto down = StatusOfAge(ProberState::Down, seconds(1));
  EXPECT_EQ(Judge({up, up}), TargetState::Up);
  EXPECT_EQ(Judge({down, down}), TargetState::Down);
}

TEST(TargetState, IsDegradedWhenProbersDiffer) {
  EXPECT_EQ(
      Judge({StatusOfAge(ProberState::Up, seconds(1)), StatusOfAge(ProberState::Down, seconds(1))}),
      TargetState::Degraded);
}

TEST(TargetState, IsUnknownWithoutAnyProberThatKnows) {
  EXPECT_EQ(Judge({}), TargetState::Unknown);
  EXPECT_EQ(Judge({StatusOfAge(ProberState::Unknown, seconds(1))}), TargetState::Unknown);
}

TEST(TargetState, DisregardsAProberThatDoesNotKnowYet) {
  EXPECT_EQ(Judge({StatusOfAge(ProberState::Unknown, seconds(1)),
                   StatusOfAge(ProberState::Down, seconds(1))}),
            TargetState::Down);
}

TEST(TargetState, DisregardsAProberWithoutARecentRound) {
  EXPECT_EQ(Judge({StatusOfAge(ProberState::Up, seconds(51))}), TargetState::Unknown);
}

TEST(TargetCollector, KnowsATargetThatHasNoProberYet) {
  auto config = std::make_shared<Config>();
  config->targets.resize(1);
  config->targets.front().name = "fra-to-example";
  EXPECT_THAT(WrittenBy(TargetCollector(config, {}, kNow)),
              AllOf(HasSubstr("pathwitness_targets 1\n"),
                    HasSubstr("{target=\"fra-to-example\",state=\"unknown\"} 1\n"),
                    HasSubstr("{target=\"fra-to-example\",state=\"up\"} 0\n"),
                    HasSubstr("{target=\"fra-to-example\",state=\"degraded\"} 0\n"),
                    HasSubstr("{target=\"fra-to-example\",state=\"down\"} 0\n")));
}

TEST(DnsCollector, SaysNothingOfNamesThatAreNotAskedFor) {
  EXPECT_THAT(WrittenBy(DnsCollector({}, nullptr)), Not(HasSubstr("ptr")));
}

TEST(DnsCollector, DoesNotCallANameWithoutAddressBeforeItsFirstAnswer) {
  DnsSnapshot dns;
  dns.target = "fra-to-example";
  EXPECT_THAT(WrittenBy(DnsCollector({std::make_shared<const DnsSnapshot>(dns)}, nullptr)),
              AllOf(HasSubstr("dns_lookups_total{target=\"fra-to-example\",family=\"ipv4\"} 0\n"),
                    Not(HasSubstr("dns_addresses"))));
}

TEST(SelfCollector, CountsFromZeroBeforeTheTraceEngineSpeaks) {
  EXPECT_THAT(TextOf(SelfCollector(nullptr, {})),
              AllOf(HasSubstr("packets_sent_total{family=\"ipv4\"} 0\n"),
                    HasSubstr("packets_sent_total{family=\"ipv6\"} 0\n"),
                    HasSubstr("packets_deferred_total{reason=\"budget\"} 0\n"),
                    HasSubstr("replies_spoofed_total 0\n")));
}

TEST(ProcessCollector, LeavesOutWhatCouldNotBeRead) {
  ProcessFacts facts;
  facts.open_fds = 9;
  EXPECT_THAT(TextOf(ProcessCollector(facts)),
              AllOf(HasSubstr("process_open_fds 9\n"), Not(HasSubstr("process_cpu"))));
}

}  // namespace
}  // namespace pathwitness
