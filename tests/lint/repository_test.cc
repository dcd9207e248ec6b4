// Rules of the house that a compiler does not know. The tables are in docs/architecture.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace pathwitness {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const fs::path kRoot = PATHWITNESS_SOURCE_DIR;

struct SourceFile {
  std::string path;  // relative to the root
  std::vector<std::string> lines;

  bool IsHeader() const { return path.ends_with(".h"); }
  bool IsUnder(std::string_view folder) const { return path.starts_with(folder); }
};

std::string ReadFile(const fs::path& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::vector<SourceFile> SourceFiles() {
  std::vector<SourceFile> files;
  for (const char* top : {"config", "probes", "diagnosis", "exporter", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / top)) {
      const fs::path extension = entry.path().extension();
      if (extension == ".h" || extension == ".cc") {
        files.push_back({.path = fs::relative(entry.path(), kRoot).string(),
                         .lines = Lines(ReadFile(entry.path()))});
      }
    }
  }
  return files;
}

/// What `#include <...>` or `#include "..."` names; `quote` is the opening sign.
std::vector<std::string> Includes(const SourceFile& file, char quote) {
  static const std::regex pattern(R"re(^\s*#\s*include\s*([<"])([^>"]+)[>"])re");
  std::vector<std::string> names;
  for (const std::string& line : file.lines) {
    std::smatch match;
    if (std::regex_search(line, match, pattern) && match.str(1).front() == quote) {
      names.push_back(match.str(2));
    }
  }
  return names;
}

/// The words in backticks of a text.
std::vector<std::string> Quoted(const std::string& text) {
  static const std::regex pattern("`([^`]+)`");
  std::vector<std::string> words;
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) {
    words.push_back(it->str(1));
  }
  return words;
}

/// The table of docs/architecture.md whose first column is headed `heading`: the word in backticks
/// of the first column, and those of the second.
std::map<std::string, std::vector<std::string>> Table(const std::string& heading) {
  std::map<std::string, std::vector<std::string>> rows;
  bool is_inside = false;
  for (const std::string& line : Lines(ReadFile(kRoot / "docs/architecture.md"))) {
    is_inside = line.starts_with("| " + heading + " |") || (is_inside && line.starts_with("|"));
    std::istringstream cells(line);
    std::string first;
    std::string second;
    std::getline(cells, first, '|');  // before the first bar there is nothing
    std::getline(cells, first, '|');
    std::getline(cells, second, '|');
    const std::vector<std::string> key = Quoted(first);
    if (is_inside && !key.empty()) {
      rows[key.front()] = Quoted(second);
    }
  }
  return rows;
}

/// The folder of the table that `path` lies in: the longest that fits; empty when there is none.
std::string FolderOf(const std::string& path,
                     const std::map<std::string, std::vector<std::string>>& table) {
  std::string folder;
  for (const auto& [name, allowed] : table) {
    if (path.starts_with(name + "/") && name.size() > folder.size()) {
      folder = name;
    }
  }
  return folder;
}

std::vector<std::string> WhereLinesMatch(const std::vector<SourceFile>& files,
                                         const std::regex& pattern) {
  std::vector<std::string> found;
  for (const SourceFile& file : files) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      if (std::regex_search(file.lines[i], pattern)) {
        found.push_back(file.path + ":" + std::to_string(i + 1) + ": " + file.lines[i]);
      }
    }
  }
  return found;
}

TEST(Repository, AFolderIncludesOnlyWhatTheArchitectureAllows) {
  const auto table = Table("folder");
  ASSERT_GE(table.size(), 10U);
  std::vector<std::string> violations;
  for (const SourceFile& file : SourceFiles()) {
    const std::string folder = FolderOf(file.path, table);
    if (folder.empty()) {
      if (!file.IsUnder("tests/")) {
        violations.push_back(file.path + " lies in a folder without a row");
      }
      continue;
    }
    for (const std::string& name : Includes(file, '"')) {
      const std::string other = FolderOf(name, table);
      const std::vector<std::string>& allowed = table.at(folder);
      if (other != folder && std::ranges::find(allowed, other) == allowed.end()) {
        violations.push_back(file.path + " includes " + name);
      }
    }
  }
  EXPECT_THAT(violations, IsEmpty());
}

TEST(Repository, IncludesNameTheFullPathFromTheRoot) {
  std::vector<std::string> violations;
  for (const SourceFile& file : SourceFiles()) {
    for (const std::string& name : Includes(file, '"')) {
      if (!fs::is_regular_file(kRoot / name)) {
        violations.push_back(file.path + " includes " + name);
      }
    }
  }
  EXPECT_THAT(violations, IsEmpty());
}

// Standard headers have neither a dot nor a slash in their names.
TEST(Repository, HeadersIncludeNoHeadersOfOtherProjects) {
  std::vector<std::string> violations;
  for (const SourceFile& file : SourceFiles()) {
    if (!file.IsHeader() || file.IsUnder("tests/")) {
      continue;
    }
    for (const std::string& name : Includes(file, '<')) {
      const bool is_data_model =
          name.starts_with("prometheus/") && file.IsUnder("exporter/metrics/");
      const bool is_kernel = std::regex_search(name, std::regex("^(sys|netinet|linux)/")) &&
                             name != "sys/capability.h" && file.IsUnder("probes/net/");
      if (name.find_first_of("./") != std::string::npos && !is_data_model && !is_kernel) {
        violations.push_back(file.path + " includes <" + name + ">");
      }
    }
  }
  EXPECT_THAT(violations, IsEmpty());
}

TEST(Repository, EachLibraryIsKnownToOneFolder) {
  const auto table = Table("include");
  ASSERT_GE(table.size(), 5U);
  std::vector<std::string> violations;
  for (const SourceFile& file : SourceFiles()) {
    if (file.IsUnder("tests/")) {
      continue;
    }
    for (const std::string& name : Includes(file, '<')) {
      for (const auto& [library, homes] : table) {
        const bool is_home = std::ranges::any_of(
            homes, [&](const std::string& home) { return file.path.starts_with(home); });
        if (name.starts_with(library) && !is_home) {
          violations.push_back(file.path + " includes <" + name + ">");
        }
      }
    }
  }
  EXPECT_THAT(violations, IsEmpty());
}

TEST(Repository, EveryHeaderIsGuarded) {
  std::vector<std::string> violations;
  for (const SourceFile& file : SourceFiles()) {
    if (file.IsHeader() && std::ranges::find(file.lines, "#pragma once") == file.lines.end()) {
      violations.push_back(file.path);
    }
  }
  EXPECT_THAT(violations, IsEmpty());
}

TEST(Repository, MutexesAreWhereTheArchitectureLists) {
  const auto table = Table("file");
  const std::regex mutex(R"(std::(\w*mutex|condition_variable\w*)\b)");
  std::set<std::string> listed;
  for (const auto& [path, guarded] : table) {
    listed.insert(path);
  }
  std::set<std::string> found;
  for (const SourceFile& file : SourceFiles()) {
    if (!file.IsUnder("tests/") && !WhereLinesMatch({file}, mutex).empty()) {
      found.insert(file.path);
    }
  }
  EXPECT_EQ(found, listed);
}

TEST(Repository, NoTestSleeps) {
  std::vector<SourceFile> files = SourceFiles();
  std::erase_if(files, [](const SourceFile& file) {
    return !file.IsUnder("tests/") || file.IsUnder("tests/lint/");
  });
  const std::regex sleep(
      R"(\b(sleep_for|sleep_until|usleep|nanosleep|clock_nanosleep|sleep)\s*\()");
  EXPECT_THAT(WhereLinesMatch(files, sleep), IsEmpty());
}

TEST(Repository, NothingIsLeftForLater) {
  std::vector<SourceFile> files = SourceFiles();
  std::erase_if(files, [](const SourceFile& file) { return file.IsUnder("tests/lint/"); });
  EXPECT_THAT(WhereLinesMatch(files, std::regex(R"(\b(TODO|FIXME|XXX)\b)")), IsEmpty());
}

TEST(Repository, ThreadsDoNotShareAtomicSharedPointers) {
  std::vector<SourceFile> files = SourceFiles();
  std::erase_if(files, [](const SourceFile& file) {
    return file.IsUnder("tests/lint/") || file.IsUnder("probes/base/snapshot_board.h");
  });
  EXPECT_THAT(WhereLinesMatch(files, std::regex("atomic<std::shared_ptr")), IsEmpty());
}

TEST(Repository, TheReadmeNamesEveryTopLevelFolder) {
  const std::string readme = ReadFile(kRoot / "README.md");
  for (const auto& entry : fs::directory_iterator(kRoot)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && !fs::is_empty(entry) && !name.starts_with(".") && name != "build") {
      EXPECT_THAT(readme, HasSubstr("`" + name + "/`"));
    }
  }
}

TEST(Repository, TheChangelogHasAPlaceForWhatComesNext) {
  EXPECT_THAT(Lines(ReadFile(kRoot / "CHANGELOG.md")), ::testing::Contains("## [Unreleased]"));
}

}  // namespace
}  // namespace pathwitness
