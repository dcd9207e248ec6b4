#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "exporter/history/history_reader.h"
#include "exporter/history/history_time.h"
#include "exporter/rfc3339.h"
#include "probes/disk/files.h"
#include "probes/trace/tracer.h"
#include "tests/support/simulated_world.h"
#include "tests/support/swift_server.h"

// The cloud leads packets another way and loses half of them. While that lasts the bucket for
// evidence cannot be reached, and the exporter is killed again and again. What is left of it all?
namespace pathwitness {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;
using testing::Not;

constexpr std::size_t kMostBytes = 1 << 20;

/// From one kill to the next, in end-to-end probes, of which there are ten a second.
constexpr std::array kLives = {20, 45, 30, 40, 15};

/// A result is known, and on the history's board, this long after its probe at the latest: a round
/// of a second that asks again at its end, each time three timeouts of 300 ms, and a look each half
/// second.
constexpr Duration kUntilKnown = 4s;

/// Hops that both ways have. A probe with a higher TTL may go beyond the destination, which tells
/// of no hop and is not kept.
constexpr std::size_t kHopsCounted = 8;

/// A bucket is on disk this long after it is over, at the latest.
constexpr Duration kUntilFlushed = 2s;

std::string At(WallTime time) {
  return FormatRfc3339(time, TimePrecision::Seconds);
}

std::vector<std::string> ReportsBelow(const std::filesystem::path& archive) {
  std::vector<std::string> reports;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(archive)) {
    if (entry.path().extension() == ".sha256") {
      reports.push_back(std::filesystem::relative(entry.path(), archive).replace_extension());
    }
  }
  std::ranges::sort(reports);
  return reports;
}

struct Counts {
  std::uint64_t end_to_end = 0;
  std::uint64_t lost = 0;  // of `end_to_end`
  std::uint64_t hops = 0;  // with a TTL of up to kHopsCounted
};

void Add(const ProbeRecord& probe, Counts& counts) {
  const bool is_end_to_end = probe.ttl == kEndToEndTtl;
  counts.end_to_end += is_end_to_end ? 1 : 0;
  counts.lost += is_end_to_end && probe.fate == Fate::LostForward ? 1 : 0;
  counts.hops += probe.ttl <= kHopsCounted ? 1 : 0;
}

Counts KeptIn(const std::filesystem::path& folder, WallTime from) {
  HistoryReader reader(folder / "history");
  const auto stats =
      reader.TraceBetween(reader.Probers().at(0), from, std::chrono::system_clock::now() + 1min);
  Counts kept{.end_to_end = stats->end_to_end.sent - stats->end_to_end.unsent,
              .lost = stats->end_to_end.lost - stats->end_to_end.unsent,
              .hops = 0};
  for (std::size_t hop = 0; hop < std::min(kHopsCounted, stats->hops.size()); ++hop) {
    kept.hops += stats->hops[hop].sent - stats->hops[hop].credited;
  }
  return kept;
}

/// What a program that was killed at `kill` may not have written: what became known since the last
/// bucket that it had the time to write.
bool IsExcused(WallTime sent, WallTime kill) {
  return sent <= kill && sent >= FloorTo(kill - kUntilFlushed, kFineBucket) - kUntilKnown;
}

/// Nothing counted twice, and no more missing than is excused.
auto IsBetween(std::uint64_t sent, std::uint64_t excused) {
  return AllOf(Le(sent), Ge(sent - excused));
}

struct Ledger {
  Counts sent;     // as the simulated internet saw it
  Counts excused;  // of it: what a kill may have cost
};

class Evidence : public testing::Test {
 protected:
  void SetUp() override {
    const std::string why_not = SimulatedWorld::WhyNot();
    if (!why_not.empty()) {
      GTEST_SKIP() << why_not;
    }
    world_ = std::make_unique<SimulatedWorld>([this] { return MakeBucket(); });
    world_->AwaitMore("pathwitness_path_probes_total", 30);  // there must be something before
    world_->AwaitFlush();
  }

  /// A bucket that goes away at once, and the configuration for it.
  std::string MakeBucket() {
    swift_ = std::make_unique<SwiftServer>();
    EXPECT_EQ(swift_->Ask("PUT", "/reports").status, 200);
    swift_->StopProxy();
    return "upload: {endpoint: \"" + swift_->Url() + "\", bucket: reports, access_key_file: " +
           keys_.Write("access", SwiftServer::kAccessKey) +
           ", secret_key_file: " + keys_.Write("secret", SwiftServer::kSecretKey) + "}\n";
  }

  void Kill() {
    kills_.push_back(std::chrono::system_clock::now());
    world_->KillAndRestart();
  }

  std::string InBucket(const std::string& path) const {
    HttpResult result;
    world_->Do([&] { result = swift_->Ask("GET", "/reports/" + path); });
    return result.body;
  }

  std::string Compare() const {
    const WallTime bucket = FloorTo(began_, kFineBucket);
    return world_
        ->Run({"compare", std::string(SimulatedWorld::kTarget), "--at", At(bucket - kFineBucket),
               "--at", At(bucket + kFineBucket), "--length", "10s"})
        .output;
  }

  /// The program goes on, but what it writes from now on is not counted on.
  Ledger StopAndCount() {
    const WallTime epoch =
        std::chrono::system_clock::now() - std::chrono::steady_clock::now().time_since_epoch();
    kills_.push_back(std::chrono::system_clock::now());
    Ledger ledger;
    for (const ProbeRecord& probe : world_->StopInternet()) {
      const WallTime sent = epoch + probe.arrived.time_since_epoch();
      Add(probe, ledger.sent);
      if (std::ranges::any_of(kills_, [&](WallTime kill) { return IsExcused(sent, kill); })) {
        Add(probe, ledger.excused);
      }
    }
    return ledger;
  }

  /// The outage begins; the exporter is killed so many times in it.
  void LiveThrough(std::size_t kills) {
    began_ = std::chrono::system_clock::now();
    world_->Detour(0.5);
    world_->AwaitMore("pathwitness_archive_kept_total", 1);
    for (std::size_t kill = 0; kill < kills; ++kill) {
      world_->AwaitMore("pathwitness_path_probes_total", kLives.at(kill % kLives.size()));
      Kill();
    }
  }

  /// The bucket is back, and gets everything.
  void ExpectUploadOf(const std::vector<std::string>& reports) {
    world_->Do([this] { swift_->StartProxy(); });
    world_->AwaitMore("pathwitness_upload_reports_total", static_cast<double>(reports.size()));
    for (const std::string& report : reports) {
      EXPECT_EQ(InBucket(report + ".json"),
                ReadWholeFile(world_->Folder() / "archive" / (report + ".json"), kMostBytes));
    }
  }

  void ExpectAllIsKept() {
    const Ledger ledger = StopAndCount();
    const Counts kept = KeptIn(world_->Folder(), started_);
    std::cout << kills_.size() - 1 << " kills; end-to-end probes sent " << ledger.sent.end_to_end
              << ", lost " << ledger.sent.lost << ", hop probes " << ledger.sent.hops << "; kept "
              << kept.end_to_end << ", " << kept.lost << ", " << kept.hops << "; may miss "
              << ledger.excused.end_to_end << ", " << ledger.excused.lost << ", "
              << ledger.excused.hops << "\n";
    EXPECT_THAT(kept.end_to_end, IsBetween(ledger.sent.end_to_end, ledger.excused.end_to_end));
    EXPECT_THAT(kept.hops, IsBetween(ledger.sent.hops, ledger.excused.hops));
    EXPECT_THAT(kept.lost, IsBetween(ledger.sent.lost, ledger.excused.lost));
  }

  TestFolder keys_;
  std::unique_ptr<SwiftServer> swift_;
  std::unique_ptr<SimulatedWorld> world_;
  const WallTime started_ = std::chrono::system_clock::now();
  WallTime began_;
  std::vector<WallTime> kills_;
};

TEST_F(Evidence, OutlivesTheOutageThatItIsAbout) {
  LiveThrough(kLives.size());

  const std::vector<std::string> reports = ReportsBelow(world_->Folder() / "archive");
  ASSERT_THAT(reports, Not(IsEmpty()));
  EXPECT_THAT(ReadWholeFile(world_->Folder() / "archive" / (reports.front() + ".txt"), kMostBytes)
                  .value_or(""),
              AllOf(HasSubstr("before:"), HasSubstr("198.51.100.5 "), HasSubstr("during:"),
                    HasSubstr("5.|-- 198.51.100.64 ")));
  ExpectUploadOf(reports);
  EXPECT_THAT(Compare(), AllOf(HasSubstr("last common hop 4, 198.51.100.4 (AS64501 lab-cloud)"),
                               HasSubstr("then hop 5 is 198.51.100.64"),
                               HasSubstr("in place of 198.51.100.5 (")));
  ExpectAllIsKept();
}

// Takes three minutes; docs/history.md has the figures.
TEST_F(Evidence, DISABLED_OutlivesTwentyKills) {
  LiveThrough(20);
  ExpectUploadOf(ReportsBelow(world_->Folder() / "archive"));
  ExpectAllIsKept();
}

}  // namespace
}  // namespace pathwitness
