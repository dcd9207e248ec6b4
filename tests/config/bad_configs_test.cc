#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "config/load.h"

namespace pathwitness {
namespace {

// tests/data/bad_configs has one file for each rule. Its first lines are `# expect: ` and a
// problem as it is printed, without the file's name.
std::vector<std::string> BadConfigs() {
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(PATHWITNESS_SOURCE_DIR "/tests/data/bad_configs")) {
    names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class BadConfig : public ::testing::TestWithParam<std::string> {};

TEST_P(BadConfig, IsRefusedWithItsMessage) {
  const std::string path =
      std::string(PATHWITNESS_SOURCE_DIR "/tests/data/bad_configs/") + GetParam() + ".yaml";
  std::ifstream stream(path);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  const std::string mark = "# expect: ";
  std::string expected;
  for (std::size_t at = 0; text.compare(at, mark.size(), mark) == 0;) {
    const std::size_t end = text.find('\n', at) + 1;
    expected += "f:" + text.substr(at + mark.size(), end - at - mark.size());
    at = end;
  }
  ASSERT_NE(expected, "");
  std::string problems;
  try {
    ParseConfig(text, "f");
  } catch (const ConfigError& error) {
    problems = std::string(error.what()) + "\n";
  }
  EXPECT_EQ(problems, expected);
}

INSTANTIATE_TEST_SUITE_P(Rules, BadConfig, ::testing::ValuesIn(BadConfigs()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace pathwitness
