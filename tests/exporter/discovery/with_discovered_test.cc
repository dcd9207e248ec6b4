#include "exporter/discovery/with_discovered.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pathwitness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TargetConfig Traced(const std::string& name) {
  TargetConfig target;
  target.name = name;
  target.host = "192.0.2.1";
  target.trace.protocols = {TraceProtocol::Icmp};
  return target;
}

std::shared_ptr<const Config> Base() {
  Config config;
  config.target_defaults.trace.protocols = {TraceProtocol::Icmp};
  config.targets = {Traced("own")};
  return std::make_shared<const Config>(std::move(config));
}

DiscoveryBoard::Pointer Source(const std::string& name, TargetGroups groups) {
  DiscoverySnapshot snapshot;
  snapshot.source = name;
  snapshot.groups = std::make_shared<const TargetGroups>(std::move(groups));
  return std::make_shared<const DiscoverySnapshot>(std::move(snapshot));
}

TargetGroup Group(const std::vector<std::string>& entries,
                  std::map<std::string, std::string> labels = {}) {
  TargetGroup group{.targets = {}, .labels = std::move(labels)};
  int line = 0;
  for (const std::string& entry : entries) {
    group.targets.push_back({.text = entry, .line = ++line});
  }
  return group;
}

std::vector<std::string> Names(const Config& config) {
  std::vector<std::string> names;
  for (const TargetConfig& target : config.targets) {
    names.push_back(target.name);
  }
  return names;
}

std::vector<std::string> Lines(const std::vector<ConfigProblem>& problems) {
  std::vector<std::string> lines;
  for (const ConfigProblem& problem : problems) {
    lines.push_back(problem.ToString());
  }
  return lines;
}

TEST(WithDiscovered, TargetsOfAllSourcesFollowThoseOfTheConfiguration) {
  std::vector<ConfigProblem> refused;
  const auto merged =
      WithDiscovered(Base(),
                     {Source("a.json", {Group({"b.example", "a.example"})}),
                      Source("b.json", {Group({"c.example"}, {{"team", "build"}})})},
                     refused);
  EXPECT_THAT(Names(*merged), ElementsAre("own", "b.example", "a.example", "c.example"));
  EXPECT_EQ(merged->targets.back().labels.at("team"), "build");
  EXPECT_THAT(refused, IsEmpty());
}

TEST(WithDiscovered, WithoutTargetsItIsTheConfigurationItself) {
  std::vector<ConfigProblem> refused;
  const auto base = Base();
  EXPECT_EQ(WithDiscovered(base, {}, refused), base);
  EXPECT_EQ(WithDiscovered(base, {Source("a.json", {})}, refused), base);
  EXPECT_EQ(WithDiscovered(base, {std::make_shared<const DiscoverySnapshot>()}, refused), base)
      << "a source that was never read";
}

TEST(WithDiscovered, ANameIsTakenOnceAndTheConfigurationComesFirst) {
  std::vector<ConfigProblem> refused;
  const auto merged = WithDiscovered(
      Base(),
      {Source("a.json",
              {Group({"a.example"}, {{"__pathwitness_name", "own"}}), Group({"b.example"})}),
       Source("b.json", {Group({"b.example"}, {{"team", "late"}})})},
      refused);
  EXPECT_THAT(Names(*merged), ElementsAre("own", "b.example"));
  EXPECT_EQ(merged->targets.front().host, "192.0.2.1");
  EXPECT_THAT(merged->targets.back().labels, IsEmpty()) << "nothing of the second one";
  EXPECT_THAT(
      Lines(refused),
      ElementsAre("a.json:1: targets[own]: the name is taken by a target of the configuration",
                  "b.json:1: targets[b.example]: the name is taken by a target of a.json"));
  EXPECT_THAT(CountRefused(refused), ElementsAre(std::pair("a.json", 1U), std::pair("b.json", 1U)));
}

TEST(WithDiscovered, ABadTargetIsRefusedAloneWithAllItsProblems) {
  std::vector<ConfigProblem> refused;
  const auto merged = WithDiscovered(
      Base(),
      {Source("a.json", {Group({"bad.example"}, {{"__pathwitness_interval", "1s"},
                                                 {"__pathwitness_interface", "a/b"}}),
                         Group({"good.example"})})},
      refused);
  EXPECT_THAT(Names(*merged), ElementsAre("own", "good.example"));
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_EQ(refused[0].key, "targets[bad.example]");
  EXPECT_THAT(refused[0].what, HasSubstr("interface: must be"));
  EXPECT_THAT(refused[0].what, HasSubstr("trace.timeout: must be below interval"));
}

TEST(WithDiscovered, ATargetThatCannotBeReadIsRefusedAlone) {
  std::vector<ConfigProblem> refused;
  const auto merged =
      WithDiscovered(Base(), {Source("a.json", {Group({"a b", "good.example"})})}, refused);
  EXPECT_THAT(Names(*merged), ElementsAre("own", "good.example"));
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_EQ(refused[0].line, 1);
}

TEST(WithDiscovered, TargetsBeyondThePacketBudgetAreRefused) {
  auto base = *Base();
  base.targets.push_back(Traced("second"));
  base.probing.packets_per_second = PlannedPacketRate(base) + 0.1;
  std::vector<ConfigProblem> refused;
  const auto merged = WithDiscovered(
      std::make_shared<const Config>(base),
      {Source("a.json", {Group({"192.0.2.2"}),
                         Group({"192.0.2.3"}, {{"__pathwitness_protocols", ""},
                                               {"__pathwitness_url", "http://192.0.2.3/"}})})},
      refused);
  EXPECT_THAT(Names(*merged), ElementsAre("own", "second", "192.0.2.3")) << "which sends no probes";
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_THAT(refused[0].what, HasSubstr("probing.packets_per_second"));
}

TEST(WithDiscovered, APasswordInAUrlIsRefusedAndNotShown) {
  std::vector<ConfigProblem> refused;
  WithDiscovered(
      Base(),
      {Source("a.json",
              {Group({"https://user:canary@a.example/"}),
               Group({"b.example"}, {{"__pathwitness_url", "https://user:canary@b.example/"}})})},
      refused);
  ASSERT_THAT(refused, SizeIs(2));
  for (const ConfigProblem& problem : refused) {
    EXPECT_THAT(problem.ToString(), Not(HasSubstr("canary")));
  }
}

TEST(HaveSameTargets, ANewSnapshotOfTheSameDocumentIsTheSame) {
  const auto first = Source("a.json", {Group({"a.example"})});
  DiscoverySnapshot failing = *first;
  failing.is_failing = true;
  const auto second = std::make_shared<const DiscoverySnapshot>(failing);
  EXPECT_TRUE(HaveSameTargets({first}, {second}));
  EXPECT_FALSE(HaveSameTargets({first}, {}));
  EXPECT_FALSE(HaveSameTargets({first}, {Source("a.json", {Group({"b.example"})})}));
}

}  // namespace
}  // namespace pathwitness
