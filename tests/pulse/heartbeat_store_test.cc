#include "probes/pulse/heartbeat_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/fake_clock.h"
#include "tests/support/recording_log.h"

namespace pathwitness {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

class HeartbeatStoreTest : public testing::Test {
 protected:
  HeartbeatStoreTest() { std::filesystem::remove_all(directory_); }
  ~HeartbeatStoreTest() override { std::filesystem::remove_all(directory_); }

  HeartbeatStore Open() { return {directory_, FakeClock().WallNow(), log_}; }
  void Write(const std::string& text) {
    std::filesystem::create_directories(directory_);
    std::ofstream(directory_ / "heartbeats.json") << text;
  }

  std::filesystem::path directory_ =
      testing::TempDir() + "/pathwitness_heartbeats_" + std::to_string(getpid());
  RecordingLog log_;
};

TEST_F(HeartbeatStoreTest, BeatsSurviveARestart) {
  {
    HeartbeatStore store = Open();
    store.Beat("backup", 1767225600.125);
    store.Beat("night \"job\"", 5);
    EXPECT_EQ(store.Flush(), std::error_code{});
  }
  const HeartbeatStore store = Open();
  EXPECT_EQ(store.Last("backup"), 1767225600.125);
  EXPECT_EQ(store.Last("night \"job\""), 5);
  EXPECT_EQ(store.Last("other"), std::nullopt);
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(HeartbeatStoreTest, NothingButTheFileIsLeftBehind) {
  HeartbeatStore store = Open();
  store.Beat("backup", 1);
  store.Flush();
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    names.push_back(entry.path().filename());
  }
  EXPECT_THAT(names, ElementsAre("heartbeats.json"));
}

TEST_F(HeartbeatStoreTest, WithoutBeatsNothingIsWritten) {
  EXPECT_EQ(Open().Flush(), std::error_code{});
  EXPECT_FALSE(std::filesystem::exists(directory_));
}

TEST_F(HeartbeatStoreTest, ADamagedFileIsSetAside) {
  for (const char* text :
       {"", "{", "[]", R"({"heartbeats": 1})", R"({"heartbeats": {"a": "b"}})"}) {
    Write(text);
    EXPECT_EQ(Open().Last("a"), std::nullopt) << text;
    EXPECT_FALSE(std::filesystem::exists(directory_ / "heartbeats.json")) << text;
    EXPECT_TRUE(std::filesystem::exists(directory_ / "heartbeats.json.corrupt-1767225600")) << text;
  }
  EXPECT_THAT(log_.Lines(), testing::SizeIs(5));
}

TEST_F(HeartbeatStoreTest, WhereNothingCanBeWrittenBeatsCountInMemory) {
  std::ofstream(directory_.string()) << "a file stands where the directory should be";
  HeartbeatStore store = Open();
  store.Beat("backup", 7);
  EXPECT_NE(store.Flush(), std::error_code{});
  EXPECT_NE(store.Flush(), std::error_code{});
  EXPECT_TRUE(store.IsDirty());
  EXPECT_EQ(store.Last("backup"), 7);
  EXPECT_THAT(log_.Lines(), ElementsAre(StartsWith("heartbeats cannot be kept")));
}

TEST_F(HeartbeatStoreTest, UnwrittenBeatsAreWrittenWhenTheDiskIsBack) {
  std::ofstream(directory_.string()) << "in the way";
  HeartbeatStore store = Open();
  store.Beat("backup", 7);
  store.Flush();
  std::filesystem::remove(directory_);
  EXPECT_EQ(store.Flush(), std::error_code{});
  EXPECT_EQ(Open().Last("backup"), 7);
  EXPECT_THAT(log_.Lines(), ElementsAre(StartsWith("heartbeats cannot be kept"),
                                        StartsWith("heartbeats are kept again")));
}

}  // namespace
}  // namespace pathwitness
