#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "exporter/archive/archive.h"
#include "probes/crypto/digest.h"
#include "probes/disk/files.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_log.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

constexpr Archive::Limits kLimits{.retention = std::chrono::hours(24 * 14),
                                  .max_bytes = 1U << 30U,
                                  .min_free_bytes = 0,
                                  .is_uploading = true};

/// Keeps reports, and writes a byte to `told` for each, until somebody ends it.
[[noreturn]] void KeepForEver(const std::filesystem::path& folder, int told) {
  FakeClock clock;
  RecordingLog log;
  Archive archive(folder, ArchiveSnapshot{}, clock, log);
  archive.SetLimits(kLimits);
  archive.Explore(MonoTime::max());
  while (true) {
    archive.Keep({.target = "a",
                  .source = "192.0.2.1",
                  .destination = "198.51.100.9",
                  .at = clock.WallNow(),
                  .forms = {{"txt", std::string(3000, 't')}, {"json", std::string(5000, 'j')}}});
    clock.Advance(std::chrono::seconds(1));
    if (write(told, "k", 1) != 1) {
      std::_Exit(EXIT_FAILURE);
    }
  }
}

/// Kills, as soon as it said that it kept `reports`, whoever keeps reports in `folder`.
void KeepAndKill(const std::filesystem::path& folder, int reports) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    KeepForEver(folder, ends[1]);
  }
  close(ends[1]);
  char byte = 0;
  for (int i = 0; i < reports && read(ends[0], &byte, 1) == 1; ++i) {
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(ends[0]);
}

std::set<std::string> FilesIn(const std::filesystem::path& folder) {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files.insert(entry.path().lexically_relative(folder).string());
    }
  }
  return files;
}

TEST(ArchiveCrash, AKillLeavesWholeReportsAndNothingElse) {
  const TestFolder folder;
  FakeClock clock;
  RecordingLog log;
  std::uint64_t least = 0;
  for (const int reports : {1, 2, 3, 5, 8, 13, 2, 3, 1, 7}) {
    KeepAndKill(folder.Path(), reports);
    Archive archive(folder.Path(), ArchiveSnapshot{}, clock, log);
    archive.SetLimits(kLimits);
    ASSERT_TRUE(archive.Explore(MonoTime::max()));
    least += static_cast<std::uint64_t>(reports);
    EXPECT_GE(archive.Look().reports, least);

    std::set<std::string> expected;
    const Spool spool(folder.Path());
    for (const std::string& ticket : spool.List()) {
      const auto manifest = spool.Read(ticket);
      ASSERT_TRUE(manifest) << ticket;
      expected.insert(".spool/" + ticket);
      expected.insert(manifest->name.Path() + ".sha256");
      for (const ManifestEntry& entry : manifest->entries) {
        const std::string path = manifest->name.Folder() + "/" + entry.file;
        expected.insert(path);
        EXPECT_EQ(ToHex(Sha256(*ReadWholeFile(folder.Path() / path, kLongestForm))), entry.sha256);
      }
    }
    EXPECT_EQ(FilesIn(folder.Path()), expected);
    EXPECT_EQ(spool.List().size(), archive.Look().reports);
  }
}

}  // namespace
}  // namespace pathwitness
