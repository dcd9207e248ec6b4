#include "exporter/config_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pathwitness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TargetConfig TargetNamed(const std::string& name) {
  TargetConfig target;
  target.name = name;
  return target;
}

TEST(CompareTargets, CountsByName) {
  Config before;
  before.targets = {TargetNamed("kept"), TargetNamed("changed"), TargetNamed("removed")};
  Config after;
  after.targets = {TargetNamed("changed"), TargetNamed("kept"), TargetNamed("new-1"),
                   TargetNamed("new-2")};
  after.targets.front().trace.flows = 8;
  EXPECT_EQ(CompareTargets(before, after), (TargetChanges{.added = 2, .removed = 1, .changed = 1}));
}

TEST(NeedsRestart, NothingThatEnginesTakeOver) {
  Config after;
  after.targets = {TargetNamed("new")};
  after.probing.packets_per_second = 1;
  after.state_directory = "/elsewhere";
  EXPECT_THAT(NeedsRestart(Config(), after), IsEmpty());
}

TEST(NeedsRestart, TheReceiveBufferAndMarksNeverSeen) {
  Config started;
  started.targets = {TargetNamed("a")};
  started.targets.front().route.mark = 7;
  Config after = started;
  after.targets.push_back(TargetNamed("b"));
  after.targets.back().route.mark = 8;
  after.probing.receive_buffer_bytes = 4096;
  EXPECT_THAT(NeedsRestart(started, after),
              ElementsAre(HasSubstr("probing.receive_buffer_bytes: 4096 takes effect after"),
                          HasSubstr("mark 8:")));
}

}  // namespace
}  // namespace pathwitness
