#include "exporter/evidence/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "exporter/evidence/redaction.h"
#include "exporter/evidence/report_facts.h"
#include "tests/exporter/evidence/golden.h"
#include "tests/exporter/evidence/path_facts.h"
#include "tests/support/child_process.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kPath = "192.168.1.1 203.0.113.1 198.51.100.1 198.51.100.2 198.18.0.9!";

RouteChangeRecord SomeChange() {
  RouteEvent event{.round = 90,
                   .at = Minute(9),
                   .ttl = 4,
                   .last_common_ttl = 3,
                   .last_common = AddressOf("198.51.100.1"),
                   .rejoin_ttl_before = 5,
                   .rejoin_ttl = 5,
                   .length_delta = 0};
  for (const char* const hop : {"192.168.1.1", "203.0.113.1", "198.51.100.1", "198.51.100.3"}) {
    event.before.push_back({AddressOf(hop)});
  }
  for (const char* const hop : {"192.168.1.1", "203.0.113.1", "198.51.100.1", "198.51.100.2"}) {
    event.after.push_back({AddressOf(hop)});
  }
  return {.prober = OfficeTrace(), .event = event, .kind = RouteChangeClass::IntraAs};
}

IncidentRecord SomeIncident() {
  IncidentRecord incident{.id = "20260131T161010Z-0001",
                          .opened = Minute(11),
                          .since = Minute(10),
                          .last_seen = Minute(15),
                          .closed = Minute(16),
                          .cause = "link",
                          .witness = OfficeTrace(),
                          .targets = {"office-to-mail", "office-to-www"}};
  incident.updates.push_back(
      {.at = Minute(11),
       .bad = 2,
       .total = 3,
       .via = "203.0.113.1-198.51.100.1",
       .state = "loss",
       .direction = "unknown",
       .segment = "transit",
       .owner = "AS64501",
       .owner_asn = 64501,
       .probability = 0.97,
       .text = "2 of 3 targets from 203.0.113.10, all through 192.168.1.1."});
  incident.follow_ups.push_back({.at = Minute(40), .author = "ada", .text = "Ticket is open."});
  return incident;
}

ReportFacts SomeFacts() {
  ReportFacts facts{.prober = OfficeTrace(),
                    .windows = {{.name = "before",
                                 .from = Minute(-5),
                                 .to = Minute(10),
                                 .trace = StatsOf(kPath, {0, 0, 264, 0, 0})},
                                {.name = "during",
                                 .from = Minute(10),
                                 .to = Minute(15),
                                 .trace = StatsOf(kPath, {0, 0, 264, 31, 36})},
                                {.name = "after", .from = Minute(15), .to = Minute(30)}},
                    .changes = {SomeChange()},
                    .incident = SomeIncident(),
                    .responders = ThreeNetworks(),
                    .made_at = Minute(30),
                    .version = "0.1.0",
                    .revision = "abc"};
  facts.target.host = "www.destination.example";
  facts.target.trace.protocols = {TraceProtocol::Icmp};
  for (int minute = 8; minute < 12; ++minute) {
    facts.minutes.push_back({.start = Minute(minute),
                             .length = kCoarseBucket,
                             .stats = StatsOf(kPath, {0, 0, 264, 31, 36})});
  }
  facts.neighbours = {{.target = "office-to-mail", .end_to_end = {.sent = 300, .lost = 40}},
                      {.target = "office-to-dns", .end_to_end = {.sent = 300, .lost = 0}}};
  facts.are_neighbours_known = true;
  facts.clock = ReportClock{.is_synchronized = true, .offset = 0.000012, .maximum = 0.004};
  return facts;
}

TEST(Report, SaysWhereTheLossBegins) {
  const Report report = MakeReport(SomeFacts());

  ASSERT_TRUE(report.verdict.has_value());
  EXPECT_EQ(report.verdict->state, "loss");
  EXPECT_THAT(report.verdict->text, HasSubstr("Loss begins between hop 2"));
}

TEST(Report, AHopThatOnlyLimitsItsAnswersIsNamedAsSuch) {
  const Report report = MakeReport(SomeFacts());

  EXPECT_EQ(report.windows[1].hops[2].hop_class, "masked");
  EXPECT_THAT(report.findings.front().text, HasSubstr("hop 3 264/300 (88.0 %)"));
}

TEST(Report, ATimeThatHadLossesItselfIsNoReference) {
  ReportFacts facts = SomeFacts();
  ReportFacts without = facts;
  facts.windows[0].trace = StatsOf(kPath, {0, 0, 264, 31, 36});
  without.windows[0].trace.reset();

  EXPECT_EQ(JudgeWindows(facts)->text, JudgeWindows(without)->text);
  EXPECT_NE(JudgeWindows(SomeFacts())->posterior.none, JudgeWindows(without)->posterior.none);
}

TEST(Report, ThatNothingIsKnownIsSaidAndNotGuessed) {
  ReportFacts facts = SomeFacts();
  for (WindowFacts& window : facts.windows) {
    window.trace.reset();
  }
  facts.minutes.clear();

  const Report report = MakeReport(facts);

  EXPECT_FALSE(report.verdict.has_value());
  EXPECT_THAT(ReportText(report), HasSubstr("Nothing is known of this time."));
}

TEST(Report, ServiceFiguresShowASlowServer) {
  ReportFacts facts = SomeFacts();
  HttpsStats before{.requests = 10};
  before.phases[static_cast<std::size_t>(HttpPhase::Processing)] = {.count = 10, .sum = 0.5};
  HttpsStats during = before;
  during.phases[static_cast<std::size_t>(HttpPhase::Processing)].sum = 9;
  facts.windows[0].service = before;
  facts.windows[1].service = during;

  const std::string text = ReportText(MakeReport(facts));

  EXPECT_THAT(text, HasSubstr("suspect    server           The service took 900.0 ms"));
}

TEST(Report, FlowsThatLoseMoreAreMarked) {
  ReportFacts facts = SomeFacts();
  facts.flows.assign(8, {.sent = 100, .received = 100});
  facts.flows[3].received = 40;

  const Report report = MakeReport(facts);

  EXPECT_TRUE(report.flows[3].is_bad);
  EXPECT_FALSE(report.flows[2].is_bad);
}

TEST(ReportText, LooksAsItAlwaysDid) {
  ExpectGolden("report.txt", ReportText(MakeReport(SomeFacts())));
}

TEST(ReportText, NoControlCharacterOfARouterOrAnIncidentIsLeft) {
  ReportFacts facts = SomeFacts();
  facts.responders[AddressOf("198.51.100.1")].host_name = "\x1b[2J\x07";
  facts.responders[AddressOf("198.51.100.2")].as_name = "\x1b]8;;https://evil.example\x07";
  facts.incident->follow_ups.front().text = "\x1b[31m";
  facts.target.host = "\x1b[31m";
  facts.prober.target = "\x1b[31m";

  const std::string text = ReportText(MakeReport(facts));

  EXPECT_THAT(text, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\x07"))));
}

TEST(ReportJson, LooksAsItAlwaysDid) {
  ExpectGolden("report.json", ReportJson(MakeReport(SomeFacts())));
}

TEST(ReportJson, IsAsItsSchemaSays) {
  const TestFolder folder;
  ReportFacts facts = SomeFacts();
  facts.flows.assign(2, {.sent = 100, .received = 100});
  facts.one_way = OneWayLoss{};
  HttpsStats service{.requests = 1};
  facts.windows[1].service = service;
  const std::string full = folder.Write("full.json", ReportJson(MakeReport(facts)));
  const std::string empty =
      folder.Write("empty.json", ReportJson(MakeReport({.prober = OfficeTrace()})));

  ChildProcess validate(
      {"python3", "-c",
       "import json, sys, jsonschema\n"
       "schema = json.load(open(sys.argv[1]))\n"
       "for name in sys.argv[2:]: jsonschema.validate(json.load(open(name)), schema)\n",
       PATHWITNESS_SOURCE_DIR "/docs/report.schema.json", full, empty});

  const std::optional<int> status = validate.AwaitExit(std::chrono::seconds(30));
  if (validate.Output().find("No module named 'jsonschema'") != std::string::npos) {
    GTEST_SKIP() << "jsonschema is not installed (Debian package python3-jsonschema)";
  }
  EXPECT_EQ(status, 0) << validate.Output();
}

TEST(ReportJson, NamesItsSchemaAndVersion) {
  const auto json = nlohmann::json::parse(ReportJson(MakeReport(SomeFacts())));

  EXPECT_EQ(json["schema"], "pathwitness.report");
  EXPECT_EQ(json["version"], kReportVersion);
}

TEST(Redaction, LeavesNothingOfTheObserver) {
  const Report report =
      Redact(MakeReport(SomeFacts()), {.names = {"office-to-mail", "office-lan"}});

  for (const std::string& text : {ReportText(report), ReportJson(report)}) {
    EXPECT_THAT(text, AllOf(Not(HasSubstr("192.168.")), Not(HasSubstr("203.0.113.10")),
                            Not(HasSubstr("office")), Not(HasSubstr("ada"))));
  }
}

TEST(Redaction, LeavesWhatProvesTheFault) {
  const std::string text = ReportText(Redact(MakeReport(SomeFacts()), {}));

  EXPECT_THAT(text, AllOf(HasSubstr("198.18.0.9"), HasSubstr("198.51.100.1"),
                          HasSubstr("203.0.113.1"), HasSubstr("AS64501")));
}

TEST(Redaction, ReplacesTheSameByTheSame) {
  const Report report = Redact(MakeReport(SomeFacts()), {});

  EXPECT_EQ(report.windows[0].hops[0].responders[0].address,
            report.windows[1].hops[0].responders[0].address);
  EXPECT_THAT(report.incident->updates.front().text,
              HasSubstr("through " + report.windows[0].hops[0].responders[0].address + "."));
}

TEST(Redaction, AnAddressIsReplacedOnlyAsAWhole) {
  ReportFacts facts = SomeFacts();
  facts.incident->updates.front().text = "203.0.113.100 and 203.0.113.10";

  const Report report = Redact(MakeReport(facts), {});

  EXPECT_THAT(report.incident->updates.front().text, HasSubstr("203.0.113.100 and own-address-"));
}

TEST(Redaction, ReplacesIpv6AddressesInSentences) {
  ReportFacts facts = SomeFacts();
  facts.incident->updates.front().text = "via fd00::1-2001:db8::9, then fd00::1: lost";

  const Report report = Redact(MakeReport(facts), {});

  EXPECT_THAT(report.incident->updates.front().text,
              AllOf(Not(HasSubstr("fd00")), HasSubstr("2001:db8::9")));
}

}  // namespace
}  // namespace pathwitness
