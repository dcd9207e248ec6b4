#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "probes/disk/files.h"
#include "tests/chaos/chaos.h"
#include "tests/support/loopback.h"
#include "tests/support/mmdb_writer.h"
#include "tests/support/test_folder.h"
#include "tests/support/webhook_sink.h"

// Disks, files and buckets.
namespace pathwitness {
namespace {

std::string DatabaseOf(const std::string& name) {
  return MmdbWriter().AddAs("203.0.113.0/24", 64666, name).Content();
}

TEST_F(Chaos, AnAsnDatabaseThatIsReplacedOrDamagedLeavesTheLastGoodOne) {
  const TestFolder folder;
  const std::filesystem::path file = folder.Write("asn.mmdb", DatabaseOf("first"));
  Begin([&] {
    return "asn_database: {path: " + file.string() + ", check_interval: 1s}\nowners: []\n";
  });
  constexpr std::string_view kInUse = "pathwitness_path_hop_info";
  constexpr std::string_view kFailing = "pathwitness_asn_database_failing";
  AwaitSum(kInUse, "as_name=\"first\"", 1);

  const std::string second = DatabaseOf("second");
  std::filesystem::rename(folder.Write("next", second), file);
  AwaitSum(kInUse, "as_name=\"second\"", 1);

  std::filesystem::resize_file(file, second.size() / 2);
  AwaitSum(kFailing, "reason=\"damaged\"", 1);
  AwaitLog("ASN database cannot be used");
  folder.Write("asn.mmdb", std::string(second.size(), '\xff'));
  Await(kAnswered, 15);
  EXPECT_EQ(Sum(kFailing, "reason=\"damaged\""), 1);
  std::filesystem::remove(file);
  AwaitSum(kFailing, "reason=\"missing\"", 1);
  EXPECT_EQ(Sum(kInUse, "as_name=\"second\""), 1);
  ExpectHealthy();

  folder.Write("asn.mmdb", DatabaseOf("third"));
  AwaitSum(kInUse, "as_name=\"third\"", 1);
  EXPECT_EQ(Sum(kFailing), 0);
  EXPECT_EQ(Sum(kLost), 0);
}

TEST_F(Chaos, ADiskThatIsFullOrFailsWhileItRunsLosesNothing) {
  if (const std::string why_not = FailingDisk::WhyNot(); !why_not.empty()) {
    GTEST_SKIP() << why_not;
  }
  const TestFolder folder;
  const FailingDisk disk(folder.Path() / "disk");
  BeginIn(disk.Folder());
  disk.Fill();
  AwaitSum("pathwitness_history_failures_total", "reason=\"full\"", 1);
  ExpectHealthy();
  const double known = Sum(kAnswered);
  disk.Empty();
  AwaitLog("history is written again");

  disk.Fail();
  AwaitSum("pathwitness_history_failures_total", "reason=\"io\"", 1);  // of the open file
  AwaitSum("pathwitness_history_failures_total", "reason=\"read_only\"", 1);
  EXPECT_GE(Sum("pathwitness_history_pending_flushes"), 1);
  Await(kAnswered, 10);
  ExpectHealthy();
  const double known_later = Sum(kAnswered);
  disk.Repair();
  ExpectAllStored(disk.Folder() / "history", known_later);
  EXPECT_GT(known_later, known);
  EXPECT_EQ(Sum(kLost), 0);
  EXPECT_EQ(Sum("pathwitness_history_rows_dropped_total"), 0);
  EXPECT_EQ(Sum("pathwitness_history_files_set_aside_total"), 0);
}

TEST_F(Chaos, ABucketThatHangsIsDeadOrRefusesKeepsReportsWaitingAndNobodyElse) {
  const TestFolder keys;
  OwnedDescriptor hanging;  // takes connections and never answers
  std::uint16_t port = 0;
  Begin([&] {
    const auto listening = ListenOnLoopback();
    hanging = OwnedDescriptor(listening.first);
    port = listening.second;
    return "upload: {endpoint: \"http://127.0.0.1:" + std::to_string(port) +
           "\", bucket: reports, timeout: 1s, access_key_file: " + keys.Write("access", "a") +
           ", secret_key_file: " + keys.Write("secret", "s") + "}\n";
  });
  constexpr std::string_view kFailures = "pathwitness_upload_failures_total";
  world_->SetLoss(.5);
  AwaitSum(kFailures, "reason=\"timeout\"", 1);
  AwaitLog("reports cannot be uploaded and wait on disk");
  hanging = OwnedDescriptor();
  AwaitSum(kFailures, "reason=\"unreachable\"", 1);
  std::unique_ptr<WebhookSink> bucket;
  const auto open = [&](int status) {
    bucket.reset();
    world_->Do([&] {
      bucket = std::make_unique<WebhookSink>(
          [status](const ReceivedRequest&) {
            return HttpAnswer{.status = status, .body = "<nonsense", .content_type = "text/xml"};
          },
          port);
    });
  };
  open(403);
  AwaitSum(kFailures, "reason=\"denied\"", 1);
  EXPECT_GE(Sum("pathwitness_upload_pending_reports"), 1);
  EXPECT_EQ(Sum("pathwitness_upload_reports_total"), 0);
  ExpectHealthy();

  open(200);
  AwaitLog("reports are uploaded again");
  AwaitSum("pathwitness_upload_reports_total", "", 1);
  EXPECT_EQ(Sum("pathwitness_engine_restarts_total"), 0);
  EXPECT_EQ(Sum("pathwitness_archive_removed_unsent_total"), 0);
  for (const ReceivedRequest& request : bucket->Requests()) {
    const std::string file = request.path.substr(std::string("/reports/").size());
    EXPECT_EQ(ReadWholeFile(world_->Folder() / "archive" / file, 1 << 20), request.body) << file;
  }
}

TEST_F(Chaos, AReadOnlyDiskAtTheStartIsToldOfAndUsedOnceItIsWritable) {
  if (const std::string why_not = FailingDisk::WhyNot(); !why_not.empty()) {
    GTEST_SKIP() << why_not;
  }
  const TestFolder folder;
  const FailingDisk disk(folder.Path() / "disk");
  disk.Fail();
  Begin([&] { return "history: {directory: " + (disk.Folder() / "history").string() + "}\n"; });
  const double known = Sum(kAnswered);
  AwaitSum("pathwitness_history_failures_total", "reason=\"read_only\"", 1);
  Await(kAnswered, 10);
  ExpectHealthy();
  disk.Repair();
  ExpectAllStored(disk.Folder() / "history", known);
  EXPECT_EQ(Sum(kLost), 0);
}

}  // namespace
}  // namespace pathwitness
