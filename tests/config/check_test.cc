#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "config/load.h"

namespace pathwitness {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

TargetConfig TracedTarget() {
  TargetConfig target;
  target.name = "here-to-there";
  target.host = "192.0.2.1";
  target.trace.protocols = {TraceProtocol::Icmp};
  return target;
}

Config ConfigOf(TargetConfig target) {
  Config config;
  config.targets = {std::move(target)};
  return config;
}

auto Key(const std::string& key) {
  return Field("key", &ConfigProblem::key, key);
}

TEST(CheckConfig, ATracedTargetWithDefaultsIsFine) {
  EXPECT_THAT(CheckConfig(ConfigOf(TracedTarget())), IsEmpty());
}

TEST(CheckConfig, ProblemsCarryTheirKeys) {
  TargetConfig target = TracedTarget();
  target.trace.max_ttl = 65;
  EXPECT_THAT(CheckConfig(ConfigOf(target)), ElementsAre(Key("targets[0].trace.max_ttl")));
}

TEST(CheckConfig, BoundsThemselvesAreAllowed) {
  TargetConfig target = TracedTarget();
  target.trace.interval = seconds(1);
  target.trace.end_to_end_interval = milliseconds(100);
  target.trace.timeout = milliseconds(999);
  target.trace.max_ttl = 64;
  target.trace.payload_bytes = 1400;
  EXPECT_THAT(CheckConfig(ConfigOf(target)), IsEmpty());
}

TEST(CheckConfig, ATargetThatIsNotTracedNeedsNoTraceSettings) {
  TargetConfig target = TracedTarget();
  target.trace = {};
  target.trace.max_ttl = 0;
  target.https.request.url = "https://192.0.2.1/";
  EXPECT_THAT(CheckConfig(ConfigOf(target)), IsEmpty());
}

TEST(CheckConfig, SourceAddressesOfBothFamiliesSuitATargetOfOne) {
  TargetConfig target = TracedTarget();
  target.route.source_addresses = {*IpAddress::Parse("192.0.2.10"),
                                   *IpAddress::Parse("2001:db8::10")};
  EXPECT_THAT(CheckConfig(ConfigOf(target)), IsEmpty());
}

TEST(PlannedPacketRate, CountsEndToEndAndHopProbes) {
  // 1 a second to the destination and 15 hops every 10 s.
  EXPECT_DOUBLE_EQ(PlannedPacketRate(ConfigOf(TracedTarget())), 2.5);
}

TEST(PlannedPacketRate, ANameIsPlannedForBothFamilies) {
  TargetConfig target = TracedTarget();
  target.host = "example.com";
  EXPECT_DOUBLE_EQ(PlannedPacketRate(ConfigOf(target)), 5);
  target.families = {IpFamily::Ipv6};
  EXPECT_DOUBLE_EQ(PlannedPacketRate(ConfigOf(target)), 2.5);
}

TEST(PlannedPacketRate, EveryProtocolIsAPathOfItsOwn) {
  TargetConfig target = TracedTarget();
  target.trace.protocols = {TraceProtocol::Icmp, TraceProtocol::Tcp};
  EXPECT_DOUBLE_EQ(PlannedPacketRate(ConfigOf(target)), 5);
}

TEST(PlannedPacketRate, PathsAreNotLongerThanMaxTtl) {
  TargetConfig target = TracedTarget();
  target.trace.max_ttl = 5;
  EXPECT_DOUBLE_EQ(PlannedPacketRate(ConfigOf(target)), 1.5);
}

TEST(PlannedPacketRate, TargetsWithoutTraceCostNothing) {
  TargetConfig target = TracedTarget();
  target.trace.protocols = {};
  EXPECT_EQ(PlannedPacketRate(ConfigOf(target)), 0);
}

TEST(CheckFiles, MissingFilesAreNamedByTheirKeys) {
  TargetConfig target = TracedTarget();
  target.https.request.tls.ca_file = "/nonexistent/ca.pem";
  target.pulse.kind = PulseKind::JsonField;
  target.pulse.request.bearer_token_file = "/nonexistent/token";
  EXPECT_THAT(CheckFiles(ConfigOf(target)),
              ElementsAre(Key("targets[0].https.tls.ca_file"),
                          Key("targets[0].pulse.json_field.bearer_token_file")));
}

TEST(CheckFiles, AFolderIsNoCertificate) {
  TargetConfig target = TracedTarget();
  target.https.request.tls.ca_file = std::filesystem::temp_directory_path();
  const std::vector<ConfigProblem> problems = CheckFiles(ConfigOf(target));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems[0].what, ::testing::HasSubstr("is not a regular file"));
}

TEST(CheckFiles, AReadableFileIsFine) {
  TargetConfig target = TracedTarget();
  target.https.request.tls.ca_file = PATHWITNESS_SOURCE_DIR "/config/default.yaml";
  EXPECT_THAT(CheckFiles(ConfigOf(target)), IsEmpty());
}

}  // namespace
}  // namespace pathwitness
