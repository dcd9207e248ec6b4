#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "exporter/evidence/gather.h"
#include "exporter/history/history_codec.h"
#include "exporter/history/history_store.h"
#include "exporter/history/history_time.h"
#include "exporter/history/sqlite.h"
#include "tests/exporter/evidence/path_facts.h"

// What a history costs that is as old as it gets: retention_bench [TARGETS [DAYS [FOLDER]]].
// Targets have 15 hops and four flows, of which two go another way. The file is filled by repeating
// one minute; then ten minutes are lived through, each with six flushes and a tidying, which makes
// minutes of buckets and lets go as much as came. Time is virtual, the disk is real.
namespace pathwitness {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kMinutesLived = 10;

double MillisecondsSince(std::chrono::steady_clock::time_point start) {
  return 1000 * ToSeconds(std::chrono::steady_clock::now() - start);
}

double MiB(std::uint64_t bytes) {
  return static_cast<double>(bytes) / (1U << 20U);
}

TraceStats TenSeconds() {
  constexpr int kHops = 15;
  TraceStats stats{.rounds = 1,
                   .end_to_end = {.sent = 10, .round_trips = 10, .round_trip_sum = 0.2}};
  stats.flows.assign(4, {.sent = 2, .lost = 0});
  for (const int way : {100, 101}) {
    std::string route;
    for (int hop = 1; hop < kHops; ++hop) {
      route += fmt::format("198.51.{}.{} ", hop == 7 ? way : 100, hop);
    }
    stats.AddRoute(RouteOf(route + "198.18.0.9!"));
  }
  for (int hop = 1; hop <= kHops; ++hop) {
    stats.hops.push_back({.sent = 1, .received = 1, .round_trips = TimesOf(1.37 * hop, 1)});
  }
  return stats;
}

class Bench {
 public:
  Bench(std::size_t targets, int days, std::filesystem::path folder)
      : folder_(std::move(folder)), store_(folder_) {
    limits_.coarse = std::chrono::days(days);
    limits_.max_bytes = std::uint64_t{1} << 50U;
    for (std::size_t i = 0; i < targets; ++i) {
      probers_.push_back(
          {fmt::format("office-to-service-{:05}", i), ProberKind::TraceIcmp, ProberFamily::Ipv4});
    }
    LiveThroughMinute();
    store_.Tidy(limits_, now_);
    Fill();
  }

  void Live() {
    for (int minute = 0; minute < kMinutesLived; ++minute) {
      LiveThroughMinute();
      const auto start = std::chrono::steady_clock::now();
      store_.Tidy(limits_, now_);
      tidied_.push_back(MillisecondsSince(start));
    }
    std::ranges::sort(tidied_);
  }

  /// Three moments, fine and coarse, by a reader that is new.
  void Compare() {
    for (std::size_t i = 0; i < std::min<std::size_t>(50, probers_.size()); ++i) {
      const auto start = std::chrono::steady_clock::now();
      HistoryReader reader(folder_);
      const Comparison comparison = CompareMoments(
          reader, probers_[i * probers_.size() / 50],
          {now_ - limits_.coarse / 2, now_ - minutes(90), now_ - minutes(5)}, minutes(5), nullptr);
      hops_ += comparison.rows.size();
      compared_.push_back(MillisecondsSince(start));
    }
    std::ranges::sort(compared_);
  }

  void Report(std::uint64_t bytes_before) {
    const HistoryExtent extent = store_.Extent();
    fmt::print(
        "| targets | days | MiB | MiB more after {} minutes | tidying, median ms | slowest ms | "
        "comparing, median ms | slowest ms |\n|---|---|---|---|---|---|---|---|\n",
        kMinutesLived);
    fmt::print("| {} | {} | {:.0f} | {:.1f} | {:.0f} | {:.0f} | {:.1f} | {:.1f} |\n",
               probers_.size(), limits_.coarse / std::chrono::days(1), MiB(extent.bytes),
               MiB(extent.bytes) - MiB(bytes_before), tidied_[tidied_.size() / 2], tidied_.back(),
               compared_[compared_.size() / 2], compared_.back());
    fmt::print("{} hops compared{}\n", hops_,
               store_.FailureText().empty() ? "" : "; failed: " + store_.FailureText());
  }

  std::uint64_t Bytes() { return store_.Extent().bytes; }

 private:
  void LiveThroughMinute() {
    for (int bucket = 0; bucket < 6; ++bucket) {
      HistoryBatch batch{.start = now_};
      for (const ProberKey& prober : probers_) {
        batch.rows.push_back({.prober = prober, .routes = stats_.routes, .stats = encoded_});
      }
      store_.Write(batch, now_);
      now_ += kFineBucket;
    }
  }

  /// Repeats the first minute from the oldest that is kept on.
  void Fill() {
    SqliteDatabase database(folder_ / HistoryStore::kFileName, SqliteAccess::Write);
    const std::int64_t first = UnixSeconds(now_ - kCoarseBucket);
    SqliteStatement coarse(database,
                           "INSERT INTO coarse SELECT start - ?2, prober, flush, data FROM coarse "
                           "WHERE start = ?1");
    SqliteStatement fine(database,
                         "INSERT INTO fine SELECT start - ?2, prober, flush, data FROM fine "
                         "WHERE start >= ?1 AND start < ?1 + 60");
    for (auto ago = WholeSeconds(limits_.coarse); ago > 0; ago -= 60) {
      database.Run("BEGIN");
      coarse.With(first, ago).Run();
      if (ago <= WholeSeconds(limits_.fine)) {
        fine.With(first, ago).Run();
      }
      database.End();
    }
  }

  const std::filesystem::path folder_;
  HistoryStore store_;
  HistoryLimits limits_;
  std::vector<ProberKey> probers_;
  const TraceStats stats_ = TenSeconds();
  const std::string encoded_ = EncodeStats(stats_);
  WallTime now_ = Minute(0);
  std::vector<double> tidied_;
  std::vector<double> compared_;
  std::size_t hops_ = 0;
};

}  // namespace
}  // namespace pathwitness

int main(int argc, char** argv) {
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  const std::size_t targets = argc > 1 ? std::stoull(arguments[1]) : 1000;
  const int days = argc > 2 ? std::stoi(arguments[2]) : 14;
  const std::string folder =
      argc > 3 ? arguments[3]
               : (std::filesystem::temp_directory_path() / "pathwitness-retention-bench").string();
  std::filesystem::remove_all(folder);
  {
    pathwitness::Bench bench(targets, days, folder);
    const std::uint64_t bytes = bench.Bytes();
    bench.Live();
    bench.Compare();
    bench.Report(bytes);
  }
  std::filesystem::remove_all(folder);
  return 0;
}
