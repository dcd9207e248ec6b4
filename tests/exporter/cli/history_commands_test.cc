#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "exporter/archive/manifest.h"
#include "exporter/cli/commands.h"
#include "exporter/cli/moment.h"
#include "exporter/history/history_codec.h"
#include "exporter/history/history_store.h"
#include "probes/crypto/digest.h"
#include "tests/exporter/evidence/path_facts.h"
#include "tests/support/child_process.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kUsual = "192.168.1.1 203.0.113.1 198.51.100.1 198.51.100.2 198.18.0.9!";
constexpr const char* kDetour =
    "192.168.1.1 203.0.113.1 198.51.100.1 198.51.100.3 198.51.100.4 198.18.0.9!";

struct Outcome {
  std::optional<int> status;
  std::string out;
  std::string err;
};

std::string ReadFile(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

/// An hour of one path from 15:45 on: by another way and with loss from 16:10 to 16:25.
class HistoryCommands : public ::testing::Test {
 protected:
  HistoryCommands() {
    HistoryStore store(Directory());
    for (int minute = -15; minute < 45; minute += 5) {
      const bool is_outage = minute >= 10 && minute < 25;
      Write(store, Minute(minute),
            is_outage ? StatsOf(kDetour, {0, 0, 264, 31, 30, 36})
                      : StatsOf(kUsual, {0, 0, 264, 0, 0}));
    }
    EXPECT_FALSE(store.Tidy({}, Minute(45)).has_value());
  }

  std::string Directory() const { return (folder_.Path() / "history").string(); }

  Outcome Run(std::vector<std::string> arguments) const {
    arguments.push_back("--history=" + Directory());
    arguments.push_back("--config.file=" + (folder_.Path() / "none.yaml").string());
    std::ostringstream out;
    std::ostringstream err;
    const std::optional<int> status = RunCommand(arguments, out, err, Minute(45));
    return {status, out.str(), err.str()};
  }

  const TestFolder folder_;

 private:
  static void Write(HistoryStore& store, WallTime start, const TraceStats& stats) {
    HistoryBatch batch{.start = start};
    batch.rows.push_back(
        {.prober = OfficeTrace(), .routes = stats.routes, .stats = EncodeStats(stats)});
    for (auto [address, facts] : ThreeNetworks()) {
      facts.address = address;
      facts.since = Minute(-15);
      batch.responders.push_back(facts);
    }
    EXPECT_FALSE(store.Write(batch, start).has_value());
  }
};

TEST_F(HistoryCommands, CompareShowsThreeMomentsAndWhereTheWayChanged) {
  const Outcome outcome =
      Run({"compare", "office-to-www", "--at", "16:00", "--at", "16:15", "--at", "16:30"});

  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("A to B: another way inside one network: last common hop 3, "
                              "198.51.100.1 (AS64501 Transit)"),
                    HasSubstr("B to C: another way"), HasSubstr("12.0 % lost")));
}

TEST_F(HistoryCommands, WhatAReflectorToldIsInTheReportAndTheExport) {
  const OneWayStats stats{.forward = {.packets = 500, .lost = 60}, .backward = {.packets = 440}};
  HistoryBatch batch{.start = Minute(10)};
  batch.rows.push_back({.prober = {"office-to-www", ProberKind::Reflector, OfficeTrace().family},
                        .routes = {},
                        .stats = EncodeStats(stats)});
  HistoryStore store(Directory());
  ASSERT_FALSE(store.Write(batch, Minute(10)).has_value());
  ASSERT_FALSE(store.Tidy({}, Minute(45)).has_value());

  const Outcome report = Run({"evidence", "office-to-www", "--from", "16:10", "--to", "16:25"});
  EXPECT_THAT(report.out, AllOf(HasSubstr("Forward  60 of 500 lost (12.0 %)"),
                                HasSubstr("Return   0 of 440 lost (0.0 %)")));
  const Outcome exported = Run({"export", "--from", "16:00", "--to", "16:40"});
  EXPECT_THAT(exported.out,
              HasSubstr("pathwitness_oneway_packets_lost_total{target=\"office-to-www\",prober="
                        "\"reflector\",family=\"ipv4\",direction=\"fwd\"} 60 "));
}

TEST_F(HistoryCommands, CompareTakesMomentsBeforeNow) {
  const Outcome outcome = Run({"compare", "office-to-www", "--at", "-30m", "--at", "-10m"});

  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("A  2026-01-31 16:15:00 - 16:20:00 UTC: 12.0 % lost"));
}

TEST_F(HistoryCommands, CompareOfAnUnknownTargetNamesTheNearest) {
  const Outcome outcome = Run({"compare", "ofice-to-www", "--at", "16:00", "--at", "16:15"});

  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("did you mean 'office-to-www'?"));
}

TEST_F(HistoryCommands, CompareOfATimeBeforeTheHistorySaysWhatIsKnown) {
  const Outcome outcome = Run({"compare", "office-to-www", "--at", "12:00", "--at", "13:00"});

  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("the history goes from 2026-01-31 15:45:00 UTC"));
}

TEST_F(HistoryCommands, CompareWithoutAHistorySaysWhereItLooked) {
  std::ostringstream out;
  std::ostringstream err;

  const auto status = RunCommand({"compare", "x", "--at=16:00", "--at=16:15", "--history=/nowhere",
                                  "--config.file=/nowhere/none.yaml"},
                                 out, err, Minute(45));

  EXPECT_EQ(status, 1);
  EXPECT_THAT(err.str(), AllOf(HasSubstr("/nowhere"), HasSubstr("cannot_open")));
}

TEST_F(HistoryCommands, AMomentThatIsNoneIsExplained) {
  const Outcome outcome = Run({"compare", "office-to-www", "--at", "teatime", "--at", "16:15"});

  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("'teatime' is no time: wanted is 2026-01-31T16:00:00Z"));
}

TEST_F(HistoryCommands, EvidenceNamesTheLossAndTheWindowsAround) {
  const Outcome outcome = Run({"evidence", "office-to-www", "--from", "16:10", "--to", "16:25"});

  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("Loss begins between hop 2"),
                                 HasSubstr("before: 2026-01-31 15:55:00 - 16:10:00 UTC"),
                                 HasSubstr("after: 2026-01-31 16:25:00 - 16:40:00 UTC")));
}

TEST_F(HistoryCommands, EvidenceIsWrittenWithChecksumsThatHold) {
  const std::filesystem::path bundle = folder_.Path() / "bundle";

  const Outcome outcome = Run({"evidence", "office-to-www", "--from", "16:10", "--to", "16:25",
                               "--output", bundle.string()});

  EXPECT_EQ(outcome.status, 0) << outcome.err;
  std::istringstream lines(outcome.out);
  std::vector<std::filesystem::path> files;
  for (std::string line; std::getline(lines, line);) {
    files.emplace_back(line);
  }
  ASSERT_EQ(files.size(), 3U);
  const std::optional<Manifest> manifest = ParseManifest(ReadFile(files.back()));
  ASSERT_TRUE(manifest.has_value());
  ASSERT_EQ(manifest->entries.size(), 2U);
  for (const ManifestEntry& entry : manifest->entries) {
    const std::string text = ReadFile(files.back().parent_path() / entry.file);
    EXPECT_EQ(entry.sha256, ToHex(Sha256(text)));
  }
}

TEST_F(HistoryCommands, RedactedEvidenceHoldsNothingOfTheOffice) {
  const Outcome outcome =
      Run({"evidence", "office-to-www", "--from", "16:10", "--to", "16:25", "--redact"});

  EXPECT_THAT(outcome.out, AllOf(Not(HasSubstr("192.168.")), Not(HasSubstr("203.0.113.10")),
                                 Not(HasSubstr("office")), HasSubstr("198.18.0.9")));
}

TEST_F(HistoryCommands, DiagnoseReadsTheJsonOfEvidence) {
  const Outcome evidence =
      Run({"evidence", "office-to-www", "--from", "16:10", "--to", "16:25", "--json"});
  const std::string file = folder_.Write("report.json", evidence.out);
  std::ostringstream out;
  std::ostringstream err;

  const auto status = RunCommand({"diagnose", file}, out, err, Minute(45));

  EXPECT_EQ(status, 0) << err.str();
  EXPECT_THAT(out.str(), HasSubstr("Loss begins between hop 2 (203.0.113.1, AS64500)"));
}

TEST_F(HistoryCommands, PromtoolMakesBlocksOfAnExport) {
  if (std::system("command -v promtool > /dev/null") != 0) {  // NOLINT(concurrency-mt-unsafe)
    GTEST_SKIP() << "promtool is not installed (Debian package prometheus)";
  }
  const Outcome outcome =
      Run({"export", "--from", "15:45", "--to", "16:45", "--label", "job=pathwitness"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const std::string file = folder_.Write("export.om", outcome.out);
  const std::string blocks = (folder_.Path() / "blocks").string();

  ChildProcess create({"promtool", "tsdb", "create-blocks-from", "openmetrics", file, blocks});
  EXPECT_EQ(create.AwaitExit(std::chrono::seconds(30)), 0) << create.Output();
  std::filesystem::create_directory(std::filesystem::path(blocks) / "wal");  // dump wants one
  ChildProcess dump({"promtool", "tsdb", "dump",
                     "--match={__name__=\"pathwitness_path_probes_lost_total\"}", blocks});
  EXPECT_EQ(dump.AwaitExit(std::chrono::seconds(30)), 0) << dump.Output();

  EXPECT_THAT(dump.Output(), AllOf(HasSubstr("job=\"pathwitness\""),
                                   HasSubstr("target=\"office-to-www\""), HasSubstr("} 108 ")));
}

TEST_F(HistoryCommands, AnExportLabelThatASeriesHasIsRefused) {
  const Outcome outcome = Run({"export", "--from", "15:45", "--label", "target=x"});

  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST(Moment, ReadsTheFormsThatPeopleWrite) {
  const WallTime now = Minute(45);
  EXPECT_EQ(ParseMoment("2026-01-31T17:00:00+01:00", now), Minute(0));
  EXPECT_EQ(ParseMoment("16:00", now), Minute(0));
  EXPECT_EQ(ParseMoment("16:00:30", now), Minute(0) + std::chrono::seconds(30));
  EXPECT_EQ(ParseMoment("-45m", now), Minute(0));
  EXPECT_EQ(ParseMoment("now", now), now);
}

TEST(Moment, AClockTimeStillToComeWasYesterday) {
  EXPECT_EQ(ParseMoment("16:50", Minute(45)), Minute(50) - std::chrono::days(1));
}

TEST(Moment, WhatIsNoTimeIsNone) {
  for (const char* const text : {"", "-", "-30", "25:00", "16:0", "16:00Z", "yesterday",
                                 "1767225600", "3026-01-31T16:00:00Z", "0001-01-31T16:00:00Z"}) {
    EXPECT_EQ(ParseMoment(text, Minute(45)), std::nullopt) << text;
  }
}

TEST(HealthCommand, SaysWhyNobodyAnswers) {
  std::ostringstream out;
  std::ostringstream err;

  const auto status = RunCommand({"check", "health", "--url=http://127.0.0.1:1"}, out, err);

  EXPECT_EQ(status, 1);
  EXPECT_THAT(err.str(), HasSubstr("127.0.0.1"));
}

TEST(HealthCommand, AWaitThatIsNoDurationIsACommandLineError) {
  std::ostringstream out;
  std::ostringstream err;

  EXPECT_EQ(RunCommand({"check", "health", "--wait=long"}, out, err), 2);
}

}  // namespace
}  // namespace pathwitness
