#include "exporter/metrics/gzip.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/exporter/metrics/gunzip.h"

namespace pathwitness {
namespace {

TEST(Gzip, ComesBackFromAnotherLibrary) {
  std::string compressed;
  AppendGzip("pathwitness_targets 3\n", compressed);
  EXPECT_EQ(Gunzip(compressed), "pathwitness_targets 3\n");
}

TEST(Gzip, ComesBackFromManyMembers) {
  std::string text;
  while (text.size() < 2 * kGzipChunkBytes + 1) {
    text += "line " + std::to_string(text.size()) + "\n";
  }
  std::string compressed;
  AppendGzip(text, compressed);
  AppendGzip("and more", compressed);
  EXPECT_EQ(Gunzip(compressed), text + "and more");
}

TEST(Gzip, AppendsNothingForNoText) {
  std::string compressed = "before";
  AppendGzip("", compressed);
  EXPECT_EQ(compressed, "before");
}

}  // namespace
}  // namespace pathwitness
