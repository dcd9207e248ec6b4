#include "config/yaml_bounds.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pathwitness {
namespace {

constexpr std::size_t kLong = (1U << 20U) + 100;

// Empty: the text is within bounds.
std::string ExcessOf(const std::string& text) {
  const std::optional<YamlExcess> excess = FindYamlExcess(text);
  return excess ? std::to_string(excess->line) + ":" + std::to_string(excess->column) + " " +
                      excess->what
                : "";
}

std::string Repeated(const std::string& text, std::size_t bytes) {
  std::string repeated;
  while (repeated.size() < bytes) {
    repeated += text;
  }
  return repeated;
}

TEST(YamlBounds, TenMebibytesOfBracketsEndAtTheThirtyThird) {
  EXPECT_EQ(ExcessOf(std::string(10U << 20U, '[')), "1:33 nested deeper than 32 levels");
  EXPECT_EQ(ExcessOf(Repeated("[\n", 1000)), "33:1 nested deeper than 32 levels");
  EXPECT_EQ(ExcessOf("a: " + Repeated("{b: ", 1000)), "1:132 nested deeper than 32 levels");
}

TEST(YamlBounds, ALongCollectionInBracketsIsRefused) {
  EXPECT_NE(ExcessOf("a: [" + Repeated("1,", kLong) + "1]"), "");
  EXPECT_NE(ExcessOf("a: [" + Repeated("'x',", kLong) + "1]"), "");
  EXPECT_NE(ExcessOf("- [" + Repeated("\"x\",\n", kLong) + "1]"), "");
}

TEST(YamlBounds, ManyShortCollectionsAreFine) {
  EXPECT_EQ(ExcessOf(Repeated("- {a: [1, 2], b: {c: d}}\n", 2 * kLong)), "");
}

TEST(YamlBounds, BracketsInTextAreNone) {
  for (const std::string line : {"a: 'it''s [ {'\n", "a: \"[ \\\" {\"\n", "a: b[{\n", "a: b [{\n",
                                 "# [ {\n", "a: b  # [ {\n", "a: |\n  [ {\n  '\n\n  {\n",
                                 "- >-\n  [ {\n", "it's: '[' \n", "a: {b: 'x[', c: \"]{\"}\n"}) {
    EXPECT_EQ(ExcessOf(Repeated(line, 2 * kLong)), "") << line;
  }
}

TEST(YamlBounds, WhatFollowsTextIsStillMeasured) {
  const std::string deep = "b: " + std::string(33, '[');
  for (const std::string text : {"a: 'x'\n", "a: \"x\"\n", "a: |\n  [\n", "a: it's\n", "# '\n"}) {
    EXPECT_NE(ExcessOf(text + deep), "") << text;
  }
}

// Of exact size on the heap, so that the address sanitizer sees a byte read too many.
TEST(YamlBounds, BlockTextMayEndWithoutALineBreak) {
  for (const std::string text : {"a: |\n  b", " |  \n ", "a: >-\n  [", "a: |\n"}) {
    const std::vector<char> exact(text.begin(), text.end());
    EXPECT_EQ(FindYamlExcess({exact.data(), exact.size()}), std::nullopt) << text;
  }
}

TEST(YamlBounds, AnUnfinishedQuoteIsLeftToTheParser) {
  EXPECT_EQ(ExcessOf("a: '["), "");
  EXPECT_EQ(ExcessOf("a: \"\\"), "");
}

}  // namespace
}  // namespace pathwitness
