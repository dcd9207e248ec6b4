#include "exporter/history/history_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "exporter/history/history_reader.h"
#include "exporter/history/sqlite.h"
#include "tests/exporter/history/history_stage.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const ProberKey kProber = {"a", ProberKind::TraceIcmp, ProberFamily::Ipv4};

class HistoryStoreTest : public ::testing::Test {
 protected:
  std::string File() const { return folder_.Path() / HistoryStore::kFileName; }

  HistoryBatch Batch(WallTime start, const ProberKey& prober = kProber) const {
    TraceStats stats{.rounds = 1, .end_to_end = {.sent = 10, .round_trips = 10}};
    HistoryBatch batch{.start = start};
    batch.rows.push_back({.prober = prober, .routes = {}, .stats = EncodeStats(stats)});
    return batch;
  }

  void Write(WallTime start) { ASSERT_FALSE(store_->Write(Batch(start), start)); }

  /// One fine bucket in each minute.
  void WriteHours(int count) {
    for (int i = 0; i < count * 60; ++i) {
      Write(start_ + i * kCoarseBucket);
    }
  }

  std::uint64_t Sent(Resolution resolution = Resolution::Fine) {
    HistoryReader reader(folder_.Path());
    return SentInHistory(reader, kProber, resolution);
  }

  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.Path())) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  TestFolder folder_;
  WallTime start_ = SteppedClock().WallNow();
  std::unique_ptr<HistoryStore> store_ = std::make_unique<HistoryStore>(folder_.Path());
  HistoryLimits limits_;
};

TEST_F(HistoryStoreTest, OldFineBucketsGoWhenCoarseOnesAreMade) {
  WriteHours(3);
  for (int minute = 0; minute < 5; ++minute) {
    ASSERT_FALSE(store_->Tidy(limits_, start_ + hours(3) + minutes(minute)));
  }
  HistoryReader reader(folder_.Path());
  EXPECT_EQ(reader.Span().oldest_fine, start_ + hours(1) + minutes(4));
  EXPECT_EQ(reader.Span().oldest_coarse, start_);
  EXPECT_EQ(Sent(Resolution::Coarse), 3U * 60 * 10);
  EXPECT_EQ(Sent(Resolution::Fine), 3U * 60 * 10);  // coarse ones where there are no others
}

TEST_F(HistoryStoreTest, AWrongClockCostsAnHourOfTheOldestAtATime) {
  WriteHours(3);
  ASSERT_FALSE(store_->Tidy(limits_, start_ + std::chrono::years(70)));
  EXPECT_EQ(HistoryReader(folder_.Path()).Span().oldest_fine, start_ + hours(1));
  EXPECT_EQ(HistoryReader(folder_.Path()).Span().oldest_coarse, start_ + hours(1));
}

TEST_F(HistoryStoreTest, FineBucketsAroundAnIncidentStay) {
  WriteHours(3);
  HistoryBatch batch = Batch(start_ + hours(3), {"b", ProberKind::TraceIcmp, ProberFamily::Ipv4});
  IncidentRecord incident{.id = "1", .targets = {"a"}};
  incident.opened = incident.since = start_ + minutes(30);
  incident.closed = incident.last_seen = start_ + minutes(40);
  batch.incidents = {incident};
  ASSERT_FALSE(store_->Write(batch, start_));
  for (int minute = 0; minute < 5; ++minute) {
    ASSERT_FALSE(store_->Tidy(limits_, start_ + hours(5) + minutes(minute)));
  }
  HistoryReader reader(folder_.Path());
  EXPECT_EQ(reader.Span().oldest_fine, start_ + minutes(15));
  std::size_t fine = 0;
  const auto all = reader.Traces(kProber, start_, start_ + hours(3), Resolution::Fine);
  for (const TraceBucket& bucket : all) {
    fine += bucket.length == kFineBucket ? 1U : 0U;
  }
  EXPECT_EQ(fine, 41U);
  EXPECT_THAT(all, SizeIs(180));
}

TEST_F(HistoryStoreTest, AnOldIncidentGoesWithItsFineBuckets) {
  WriteHours(1);
  HistoryBatch batch = Batch(start_ + hours(1));
  IncidentRecord incident{.id = "1", .targets = {"a"}};
  incident.opened = incident.since = incident.last_seen = start_ + minutes(30);
  incident.closed = incident.last_seen;
  batch.incidents = {incident};
  ASSERT_FALSE(store_->Write(batch, start_));
  store_->AddFollowUp("1", {.at = start_, .author = "x", .text = "y"});
  ASSERT_FALSE(store_->Tidy(limits_, start_ + hours(9)));
  ASSERT_FALSE(store_->Tidy(limits_, start_ + hours(9)));
  limits_.incidents = hours(1);
  for (std::uint64_t i = 0; i < HistoryStore::kForgetsEvery; ++i) {
    ASSERT_FALSE(store_->Tidy(limits_, start_ + hours(9)));
  }
  HistoryReader reader(folder_.Path());
  EXPECT_THAT(reader.Incidents(start_, start_ + hours(9)), IsEmpty());
  EXPECT_EQ(reader.Span().oldest_fine, std::nullopt);
}

TEST_F(HistoryStoreTest, ATurnLetsGoSoManyRowsAtMost) {
  WriteHours(3);
  limits_.rows_at_once = 10;
  ASSERT_FALSE(store_->Tidy(limits_, start_ + std::chrono::years(70)));
  EXPECT_EQ(HistoryReader(folder_.Path()).Span().oldest_fine, start_ + minutes(10));
  EXPECT_EQ(HistoryReader(folder_.Path()).Span().oldest_coarse, start_ + minutes(10));
}

TEST_F(HistoryStoreTest, ATurnLetsGoMoreThanCameHoweverMuchThatIs) {
  WriteHours(3);
  limits_.rows_at_once = 1;
  for (int turn = 1; turn <= 3; ++turn) {
    ASSERT_FALSE(store_->Tidy(limits_, start_ + std::chrono::years(70)));
    EXPECT_EQ(HistoryReader(folder_.Path()).Span().oldest_fine, start_ + turn * minutes(2));
  }
}

TEST_F(HistoryStoreTest, WhatIsTooMuchGoesInSeveralTurnsToo) {
  WriteHours(3);
  limits_.rows_at_once = 10;
  limits_.max_bytes = 1;
  ASSERT_FALSE(store_->Tidy(limits_, start_ + hours(3)));
  EXPECT_EQ(HistoryReader(folder_.Path()).Span().oldest_coarse, start_ + minutes(10));
  EXPECT_EQ(HistoryReader(folder_.Path()).Span().oldest_fine, start_ + minutes(10));
}

TEST_F(HistoryStoreTest, TheOldestGoesWhenThereIsTooMuch) {
  for (int hour = 0; hour < 10; ++hour) {
    HistoryBatch batch = Batch(start_ + hours(hour));
    batch.rows.resize(1000, batch.rows.front());
    for (std::size_t i = 1; i < batch.rows.size(); ++i) {
      batch.rows[i].prober.target = std::to_string(i);
    }
    ASSERT_FALSE(store_->Write(batch, batch.start));
  }
  limits_.max_bytes = store_->Extent().bytes / 2;
  ASSERT_FALSE(store_->Tidy(limits_, start_ + hours(9)));
  EXPECT_LE(store_->Extent().bytes, limits_.max_bytes);
  HistoryReader reader(folder_.Path());
  EXPECT_EQ(reader.Span().newest, start_ + hours(9));
  EXPECT_GT(reader.Span().oldest_fine, start_ + hours(1));
}

TEST_F(HistoryStoreTest, ProbersAndRoutesThatNothingRefersToGo) {
  HistoryBatch batch = Batch(start_, {"gone", ProberKind::TraceIcmp, ProberFamily::Ipv4});
  batch.rows[0].routes = {std::make_shared<const Route>()};
  ASSERT_FALSE(store_->Write(batch, start_));
  const WallTime later = start_ + std::chrono::days(30);
  Write(later);
  for (std::uint64_t i = 0; i <= HistoryStore::kForgetsEvery; ++i) {
    ASSERT_FALSE(store_->Tidy(limits_, later + minutes(1)));
  }
  HistoryReader reader(folder_.Path());
  EXPECT_THAT(reader.Probers(), ElementsAre(kProber));
  SqliteDatabase file(File(), SqliteAccess::Read);
  EXPECT_EQ(file.Ask("SELECT count(*) FROM route"), 0);
}

TEST_F(HistoryStoreTest, HostileNamesAreOnlyNames) {
  const std::vector<std::string> names = {"../../etc", "'); DROP TABLE fine; --",
                                          std::string("nul\0byte", 8), "\xff\xfe", ""};
  for (const std::string& name : names) {
    const ProberKey prober = {name, ProberKind::TraceIcmp, ProberFamily::Ipv6};
    ASSERT_FALSE(store_->Write(Batch(start_, prober), start_));
    HistoryReader reader(folder_.Path());
    EXPECT_EQ(SentInHistory(reader, prober), 10U) << name;
    EXPECT_THAT(reader.Probers(), ::testing::Contains(prober));
  }
  EXPECT_THAT(Files(), ElementsAre("history.sqlite", "history.sqlite-shm", "history.sqlite-wal"));
}

TEST_F(HistoryStoreTest, AFolderWithMarksOfAUriIsOnlyAFolder) {
  const std::filesystem::path folder = folder_.Path() / "100%20?mode=memory#x";
  HistoryStore store(folder);
  ASSERT_FALSE(store.Write(Batch(start_), start_));
  EXPECT_TRUE(std::filesystem::exists(folder / HistoryStore::kFileName));
}

TEST_F(HistoryStoreTest, AFileOfSomethingElseIsSetAsideAndNotTouched) {
  folder_.Write(HistoryStore::kFileName, "This is no database at all, but a diary.");
  Write(start_);
  EXPECT_EQ(store_->SetAside(), 1U);
  EXPECT_EQ(store_->LastSetAside().filename(), "history.sqlite.damaged-20260101T000000Z");
  std::ifstream aside(store_->LastSetAside());
  const std::string text((std::istreambuf_iterator<char>(aside)), {});
  EXPECT_EQ(text, "This is no database at all, but a diary.");
  EXPECT_EQ(Sent(), 10U);
}

TEST_F(HistoryStoreTest, ASecondDamagedFileOfTheSameSecondTakesNoOthersPlace) {
  folder_.Write("history.sqlite.damaged-20260101T000000Z", "the first one");
  folder_.Write(HistoryStore::kFileName, "the second one, which is no database, either");
  Write(start_);
  EXPECT_EQ(store_->LastSetAside().filename(), "history.sqlite.damaged-20260101T000000Z-2");
}

// Every page but the first: the file is recognized, and breaks while it is written.
TEST_F(HistoryStoreTest, AFileWithFlippedBytesIsSetAsideAndKeepingGoesOn) {
  WriteHours(5);
  store_ = std::make_unique<HistoryStore>(folder_.Path());  // the last to close merges the WAL
  {
    std::fstream file(File(), std::ios::in | std::ios::out | std::ios::binary);
    const auto size = std::filesystem::file_size(File());
    ASSERT_GT(size, 40960U);
    for (std::uintmax_t at = 4096; at < size; at += 4096) {
      file.seekp(static_cast<std::streamoff>(at));
      file.write("\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    }
  }
  Write(start_ + hours(5));
  EXPECT_EQ(store_->SetAside(), 1U);
  EXPECT_EQ(Sent(), 10U);
}

TEST_F(HistoryStoreTest, ATruncatedFileIsSetAsideAndKeepingGoesOn) {
  WriteHours(2);
  store_ = std::make_unique<HistoryStore>(folder_.Path());
  std::filesystem::resize_file(File(), std::filesystem::file_size(File()) / 3);
  for (int minute = 0; minute < 30; ++minute) {
    const WallTime now = start_ + hours(2) + minutes(minute);
    Write(now);
    ASSERT_FALSE(store_->Tidy(limits_, now));
  }
  EXPECT_EQ(store_->SetAside(), 1U);
}

TEST_F(HistoryStoreTest, AReaderThatIsOpenFindsTheNewFile) {
  Write(start_);
  HistoryReader reader(folder_.Path());
  EXPECT_EQ(SentInHistory(reader, kProber), 10U);
  store_ = std::make_unique<HistoryStore>(folder_.Path());
  std::filesystem::remove(File() + "-wal");
  folder_.Write("garbage", "no database");
  std::filesystem::rename(folder_.Path() / "garbage", File());
  Write(start_);
  Write(start_ + seconds(10));
  EXPECT_EQ(SentInHistory(reader, kProber), 20U);
}

TEST_F(HistoryStoreTest, ReadersSeeWholeFlushesWhileThereAreMore) {
  Write(start_);
  std::atomic<bool> is_over = false;
  const auto read = [&] {
    HistoryReader reader(folder_.Path());
    std::uint64_t before = 0;
    while (!is_over) {
      const std::uint64_t sent = SentInHistory(reader, kProber);
      EXPECT_FALSE(reader.Failure());
      EXPECT_GE(sent, before);
      EXPECT_EQ(sent % 10, 0U);
      before = sent;
    }
  };
  std::thread one(read);
  std::thread two(read);
  for (int i = 1; i < 60; ++i) {
    Write(start_ + i * kFineBucket);
    EXPECT_FALSE(store_->Tidy(limits_, start_ + i * kFineBucket));
  }
  is_over = true;
  one.join();
  two.join();
  EXPECT_EQ(Sent(), 600U);
}

TEST_F(HistoryStoreTest, AFileOfANewerVersionIsLeftAlone) {
  Write(start_);
  store_.reset();
  {
    SqliteDatabase file(File(), SqliteAccess::Write);
    file.Run("PRAGMA user_version = 99");
  }
  HistoryStore store(folder_.Path());
  EXPECT_EQ(store.Write(Batch(start_), start_), HistoryFailure::NewerSchema);
  EXPECT_EQ(store.FailureText(), "a newer version wrote layout 99; this one knows up to 1");
  EXPECT_EQ(store.SetAside(), 0U);
  HistoryReader reader(folder_.Path());
  EXPECT_THAT(reader.Probers(), IsEmpty());
  EXPECT_EQ(reader.Failure(), HistoryFailure::NewerSchema);
}

TEST_F(HistoryStoreTest, RowsThatMakeNoSenseAreLeftOutAndCounted) {
  Write(start_);
  Write(start_ + seconds(10));
  {
    SqliteDatabase file(File(), SqliteAccess::Write);
    file.Run("UPDATE fine SET data = x'ff' WHERE start = (SELECT min(start) FROM fine)");
    ASSERT_FALSE(file.Failure());
  }
  HistoryReader reader(folder_.Path());
  EXPECT_EQ(SentInHistory(reader, kProber), 10U);
  EXPECT_GE(reader.Damaged(), 1U);
  ASSERT_FALSE(store_->Tidy(limits_, start_ + minutes(1)));
  EXPECT_EQ(store_->TakeDamaged(), 1U);
  EXPECT_EQ(Sent(Resolution::Coarse), 10U);
}

TEST_F(HistoryStoreTest, ReadingWhatIsNotThereIsEmptyAndSaysWhy) {
  HistoryReader reader(folder_.Path() / "nowhere");
  EXPECT_THAT(reader.Traces(kProber, start_, start_ + hours(1)), IsEmpty());
  EXPECT_EQ(reader.Failure(), HistoryFailure::CannotOpen);
}

TEST_F(HistoryStoreTest, AnUnknownProberIsEmptyWithoutFailure) {
  Write(start_);
  HistoryReader reader(folder_.Path());
  EXPECT_THAT(reader.RoutesAt({"other", ProberKind::TraceTcp, ProberFamily::Ipv4}, start_),
              IsEmpty());
  EXPECT_FALSE(reader.Failure());
}

}  // namespace
}  // namespace pathwitness
