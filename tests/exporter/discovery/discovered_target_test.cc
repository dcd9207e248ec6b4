#include "exporter/discovery/discovered_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pathwitness {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TargetConfig Defaults() {
  TargetConfig defaults;
  defaults.trace.protocols = {TraceProtocol::Icmp};
  defaults.trace.interval = seconds(20);
  defaults.labels = {{"team", "net"}};
  return defaults;
}

DiscoveredTarget Map(const std::string& entry,
                     const std::map<std::string, std::string>& labels = {}) {
  return MapTarget(Defaults(), entry, labels);
}

TargetConfig Mapped(const std::string& entry,
                    const std::map<std::string, std::string>& labels = {}) {
  const DiscoveredTarget read = Map(entry, labels);
  EXPECT_THAT(read.problems, IsEmpty());
  return read.target;
}

TEST(DiscoveredTarget, AHostAloneGetsTheDefaults) {
  TargetConfig expected = Defaults();
  expected.name = "www.example";
  expected.host = "www.example";
  expected.https = {};
  EXPECT_EQ(Mapped("www.example"), expected);
}

TEST(DiscoveredTarget, ThePortOfTheEntryIsTheTracesPort) {
  const TargetConfig target = Mapped("192.0.2.1:8443");
  EXPECT_EQ(target.host, "192.0.2.1");
  EXPECT_EQ(target.trace.port, 8443);
  EXPECT_EQ(target.name, "192.0.2.1:8443");
}

TEST(DiscoveredTarget, Ipv6StandsInBracketsWhenThereIsAPort) {
  EXPECT_EQ(Mapped("[2001:db8::1]:853").host, "2001:db8::1");
  EXPECT_EQ(Mapped("[2001:db8::1]:853").trace.port, 853);
  EXPECT_EQ(Mapped("[2001:db8::1]:853").name, "2001:db8::1:853");
  EXPECT_EQ(Mapped("[2001:db8::1]").host, "2001:db8::1");
  EXPECT_EQ(Mapped("2001:db8::1").host, "2001:db8::1");
}

TEST(DiscoveredTarget, AUrlGivesHostPortAndHttps) {
  const TargetConfig target = Mapped("https://www.example:8443/health?x=1");
  EXPECT_EQ(target.host, "www.example");
  EXPECT_EQ(target.trace.port, 8443);
  EXPECT_EQ(target.https.request.url, "https://www.example:8443/health?x=1");
  EXPECT_EQ(target.name, "www.example:8443-health");
}

TEST(DiscoveredTarget, TheUrlLabelAddsHttpsWithTheDefaults) {
  TargetConfig defaults = Defaults();
  defaults.https.request.timeout = seconds(3);
  const TargetConfig target =
      MapTarget(defaults, "192.0.2.1", {{"__pathwitness_url", "https://www.example/"}}).target;
  EXPECT_EQ(target.https.request.url, "https://www.example/");
  EXPECT_EQ(target.https.request.timeout, seconds(3));
  EXPECT_EQ(target.host, "192.0.2.1");
}

TEST(DiscoveredTarget, EveryLabelOfOursIsMapped) {
  const TargetConfig target =
      Mapped("www.example:1", {{"__pathwitness_name", "fra-to-www"},
                               {"__pathwitness_protocols", "udp, tcp"},
                               {"__pathwitness_port", "53"},
                               {"__pathwitness_interval", "1m"},
                               {"__pathwitness_families", "ipv6"},
                               {"__pathwitness_source_address", "192.0.2.9,2001:db8::9"},
                               {"__pathwitness_interface", "eth1"}});
  EXPECT_EQ(target.name, "fra-to-www");
  EXPECT_THAT(target.trace.protocols, ElementsAre(TraceProtocol::Udp, TraceProtocol::Tcp));
  EXPECT_EQ(target.trace.port, 53);
  EXPECT_EQ(target.trace.interval, seconds(60));
  EXPECT_THAT(target.families, ElementsAre(IpFamily::Ipv6));
  EXPECT_THAT(target.route.source_addresses, SizeIs(2));
  EXPECT_EQ(target.route.interface, "eth1");
}

TEST(DiscoveredTarget, TheIntervalIsThatOfHttpsToo) {
  EXPECT_EQ(Mapped("https://www.example/", {{"__pathwitness_interval", "45s"}}).https.interval,
            seconds(45));
}

TEST(DiscoveredTarget, OrdinaryLabelsStayAndTheRestOfTheHiddenOnesGo) {
  const TargetConfig target =
      Mapped("a.example", {{"team", "build"}, {"site", "fra"}, {"__meta_rack", "7"}});
  EXPECT_THAT(target.labels, ElementsAre(std::pair("site", "fra"), std::pair("team", "build")));
}

TEST(DiscoveredTarget, AMisspeltLabelOfOursIsNamed) {
  const DiscoveredTarget read = Map("a.example", {{"__pathwitness_intervall", "10s"}});
  ASSERT_THAT(read.problems, SizeIs(1));
  EXPECT_EQ(read.problems[0].key, "__pathwitness_intervall");
}

TEST(DiscoveredTarget, ValuesThatCannotBeReadAreNamed) {
  const std::map<std::string, std::string> bad = {{"__pathwitness_name", ""},
                                                  {"__pathwitness_url", ""},
                                                  {"__pathwitness_protocols", "icpm"},
                                                  {"__pathwitness_port", "0"},
                                                  {"__pathwitness_interval", "10"},
                                                  {"__pathwitness_families", "ipv4,,ipv6"},
                                                  {"__pathwitness_source_address", "192.0.2.1/24"}};
  for (const auto& [name, value] : bad) {
    const DiscoveredTarget read = Map("a.example", {{name, value}});
    ASSERT_THAT(read.problems, SizeIs(1)) << name;
    EXPECT_EQ(read.problems[0].key, name);
    EXPECT_THAT(read.problems[0].what, HasSubstr("must be"));
  }
}

TEST(DiscoveredTarget, EntriesThatAreNoHostAreNamed) {
  for (const char* entry : {":80", "a:", "a:0", "a:65536", "a:http", "a b", "[::1", "[::1]80", "[]",
                            "a/b", "::1:::", "https://", "ftp://a.example/"}) {
    EXPECT_THAT(Map(entry).problems, SizeIs(1)) << entry;
  }
}

TEST(DiscoveredTarget, APasswordInAUrlIsNotInTheProblem) {
  for (const char* entry : {"https://user:canary@bad host/", "user:canary@a.example",
                            "https://user:can/canary@a.example/"}) {
    const DiscoveredTarget read = Map(entry);
    ASSERT_THAT(read.problems, SizeIs(1));
    EXPECT_THAT(read.problems[0].what, testing::Not(HasSubstr("canary")));
    EXPECT_THAT(read.target.name, testing::Not(HasSubstr("canary")));
  }
}

TEST(DiscoveredTarget, ALongEntryHasANameThatTheConfigurationTakes) {
  EXPECT_THAT(Map("https://a.example/" + std::string(500, 'x')).target.name, SizeIs(128));
}

}  // namespace
}  // namespace pathwitness
