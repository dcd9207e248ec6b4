#include "exporter/drill/drill_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/support/fake_clock.h"

namespace pathwitness {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::Field;
using testing::Pointee;
using testing::SizeIs;

class DrillBookTest : public testing::Test {
 protected:
  DrillBook::Moment Now() const { return {.mono = clock_.Now(), .wall = clock_.WallNow()}; }

  auto Start(const std::string& target, Duration length = minutes(10)) {
    return book_.Start({.target = target, .loss = 0.3, .length = length}, {}, Now());
  }
  std::string StartedId(const std::string& target) {
    return std::get<DrillPointer>(Start(target))->id;
  }
  bool IsRunningNow(const DrillPointer& drill) const { return IsRunning(*drill, clock_.Now()); }

  FakeClock clock_;
  DrillBook book_;
};

TEST_F(DrillBookTest, ADrillEndsByItself) {
  StartedId("a");
  clock_.Advance(minutes(10) - seconds(1));
  EXPECT_TRUE(IsRunningNow(book_.All().front()));
  clock_.Advance(seconds(1));
  EXPECT_FALSE(IsRunningNow(book_.All().front()));
}

TEST_F(DrillBookTest, ATargetHasOneDrillAtATime) {
  StartedId("a");
  EXPECT_EQ(std::get<DrillRefusal>(Start("a")), DrillRefusal::TargetHasOne);
  clock_.Advance(minutes(10));
  EXPECT_TRUE(std::holds_alternative<DrillPointer>(Start("a")));
}

TEST_F(DrillBookTest, ATenthRunsAndAnEleventhIsRefused) {
  for (int i = 0; i < 10; ++i) {
    StartedId(std::to_string(i));
  }
  EXPECT_EQ(std::get<DrillRefusal>(Start("another")), DrillRefusal::TooMany);
}

TEST_F(DrillBookTest, NoTwoDrillsHaveOneName) {
  EXPECT_NE(StartedId("a"), StartedId("b"));
}

TEST_F(DrillBookTest, AStoppedDrillIsOverAndCannotBeStoppedAgain) {
  const std::string id = StartedId("a");
  EXPECT_TRUE(book_.Stop(id, clock_.Now()));
  EXPECT_FALSE(IsRunningNow(book_.All().front()));
  EXPECT_FALSE(book_.Stop(id, clock_.Now()));
  EXPECT_FALSE(book_.Stop("unknown", clock_.Now()));
}

TEST_F(DrillBookTest, OnlyTheLastOnesAreKept) {
  const std::string first = StartedId("a");
  for (std::size_t i = 0; i < DrillBook::kMostKept; ++i) {
    clock_.Advance(minutes(10));
    StartedId("a");
  }
  EXPECT_THAT(book_.All(), SizeIs(DrillBook::kMostKept));
  EXPECT_NE(book_.All().front()->id, first);
}

TEST_F(DrillBookTest, ARunningDrillIsNotForgottenForThoseThatAreOver) {
  const std::string first = std::get<DrillPointer>(Start("long", std::chrono::hours(1)))->id;
  for (std::size_t i = 0; i < DrillBook::kMostKept; ++i) {
    clock_.Advance(seconds(1));
    Start("short", seconds(1));
  }
  EXPECT_EQ(book_.All().front()->id, first);
}

TEST_F(DrillBookTest, ANoticeKeepsTheTimeOfItsFirstArrival) {
  const std::string id = StartedId("a");
  clock_.Advance(seconds(90));
  EXPECT_TRUE(book_.Note(id, {.alert = "LossHigh", .status = "firing"}, clock_.Now()));
  clock_.Advance(seconds(60));
  EXPECT_TRUE(book_.Note(id, {.alert = "LossHigh", .status = "firing"}, clock_.Now()));
  const DrillPointer drill = book_.All().front();
  ASSERT_THAT(drill->notices, SizeIs(1));
  EXPECT_EQ(drill->notices[0].after, Duration(seconds(90)));
  EXPECT_EQ(drill->notices[0].times, 2U);
}

TEST_F(DrillBookTest, AResolveAfterTheEndIsNotedToo) {
  const std::string id = StartedId("a");
  book_.Note(id, {.alert = "LossHigh", .status = "firing"}, clock_.Now());
  clock_.Advance(minutes(12));
  EXPECT_TRUE(book_.Note(id, {.alert = "LossHigh", .status = "resolved"}, clock_.Now()));
  EXPECT_THAT(book_.All().front()->notices, ElementsAre(Field(&DrillNotice::status, "firing"),
                                                        Field(&DrillNotice::status, "resolved")));
}

TEST_F(DrillBookTest, NoticesOfUnknownDrillsAreNotNoted) {
  EXPECT_FALSE(book_.Note("unknown", {.alert = "LossHigh"}, clock_.Now()));
}

TEST_F(DrillBookTest, NoticesAreBounded) {
  const std::string id = StartedId("a");
  for (int i = 0; i < 100; ++i) {
    book_.Note(id, {.alert = std::to_string(i)}, clock_.Now());
  }
  EXPECT_THAT(book_.All().front()->notices, SizeIs(DrillBook::kMostNotices));
}

TEST_F(DrillBookTest, WhatWasHandedOutDoesNotChange) {
  const std::string id = StartedId("a");
  const DrillPointer before = book_.All().front();
  book_.Note(id, {.alert = "LossHigh"}, clock_.Now());
  book_.Stop(id, clock_.Now());
  EXPECT_TRUE(before->notices.empty());
  EXPECT_TRUE(IsRunningNow(before));
}

TEST_F(DrillBookTest, ManyThreadsStartOneDrillForATarget) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this] {
      Start("a");
      book_.All();
    });
  }
  threads.clear();
  EXPECT_THAT(book_.All(), ElementsAre(Pointee(Field(&Drill::notices, SizeIs(0)))));
}

}  // namespace
}  // namespace pathwitness
