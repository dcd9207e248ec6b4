#include "exporter/discovery/target_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pathwitness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TargetGroups Read(std::string_view text, DocumentFormat format) {
  const auto read = ReadTargetGroups(text, format);
  const auto* const groups = std::get_if<TargetGroups>(&read);
  EXPECT_NE(groups, nullptr) << std::get<DocumentProblem>(read).what;
  return groups != nullptr ? *groups : TargetGroups{};
}

DocumentProblem Problem(std::string_view text, DocumentFormat format) {
  const auto read = ReadTargetGroups(text, format);
  const auto* const problem = std::get_if<DocumentProblem>(&read);
  EXPECT_NE(problem, nullptr);
  return problem != nullptr ? *problem : DocumentProblem{};
}

std::string Repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) {
    all += text;
  }
  return all;
}

constexpr auto kJson = DocumentFormat::Json;
constexpr auto kYaml = DocumentFormat::Yaml;

TEST(TargetGroups, JsonIsReadWithItsLabels) {
  const TargetGroups groups = Read(
      R"([{"targets": ["192.0.2.1:443", "a.example"], "labels": {"team": "build"}},
          {"targets": []}])",
      kJson);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_THAT(groups[0].targets,
              ElementsAre(TargetEntry{.text = "192.0.2.1:443"}, TargetEntry{.text = "a.example"}));
  EXPECT_THAT(groups[0].labels, ElementsAre(std::pair("team", "build")));
  EXPECT_THAT(groups[1].targets, IsEmpty());
  EXPECT_EQ(CountTargets(groups), 2U);
}

TEST(TargetGroups, YamlIsReadWithTheLineOfEachTarget) {
  const TargetGroups groups = Read("- targets:\n  - a.example:443\n  labels: {rack: 7}\n", kYaml);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_THAT(groups[0].targets, ElementsAre(TargetEntry{.text = "a.example:443", .line = 2}));
  EXPECT_THAT(groups[0].labels, ElementsAre(std::pair("rack", "7")));
}

TEST(TargetGroups, JsonMayHaveTabsAndAllItsEscapes) {
  const TargetGroups groups = Read(
      "[\n\t{\t\"targets\": [\"a\"], \"labels\": {\"l\": \"\\ud83d\\ude00\\/\\u00e9\"}}\n]", kJson);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].labels.at("l"), "\xF0\x9F\x98\x80/\xC3\xA9");
}

TEST(TargetGroups, AnEmptyListIsNoTargetsAndAnEmptyTextIsAProblem) {
  EXPECT_THAT(Read("[]", kJson), IsEmpty());
  EXPECT_THAT(Read("[]", kYaml), IsEmpty());
  EXPECT_THAT(Problem("", kJson).what, HasSubstr("is empty"));
  EXPECT_THAT(Problem(" \n", kYaml).what, HasSubstr("is empty"));
  EXPECT_THAT(Problem("# nothing\n", kYaml).what, HasSubstr("must be a list"));
}

TEST(TargetGroups, NullLabelsAndPrometheusSourceAreAllowed) {
  const TargetGroups groups =
      Read(R"([{"targets": ["a"], "labels": null, "source": "file:0"}])", kJson);
  EXPECT_EQ(CountTargets(groups), 1U);
}

struct BadDocument {
  std::string_view text;
  std::string_view what;
};

TEST(TargetGroups, WhatIsNoListOfGroupsIsNamed) {
  const std::initializer_list<BadDocument> documents = {
      {"{}", "must be a list of groups"},
      {"null", "must be a list of groups"},
      {"7", "must be a list of groups"},
      {"[7]", "a group must be a map"},
      {"[{}]", "a group has no targets"},
      {R"([{"labels": {}}])", "a group has no targets"},
      {R"([{"targets": "a"}])", "targets must be a list"},
      {R"([{"targets": null}])", "targets must be a list"},
      {R"([{"targets": [null]}])", "a target must be a text"},
      {R"([{"targets": [""]}])", "a target must be a text"},
      {R"([{"targets": [["a"]]}])", "a target must be a text"},
      {R"([{"targets": ["a"], "labels": ["b"]}])", "labels must be a map"},
      {R"([{"targets": ["a"], "labels": {"l": {}}}])", "the label 'l' must be a text"},
      {R"([{"targets": ["a"], "label": {}}])", "'label' is no key of a group"},
  };
  for (const auto& [text, what] : documents) {
    for (const DocumentFormat format : {kJson, kYaml}) {
      const DocumentProblem problem = Problem(text, format);
      EXPECT_THAT(problem.what, HasSubstr(what)) << text;
      EXPECT_FALSE(problem.is_too_large);
    }
  }
}

TEST(TargetGroups, OneBadGroupSpoilsTheDocument) {
  EXPECT_THAT(Problem(R"([{"targets": ["a"]}, {"targets": 1}])", kJson).what,
              HasSubstr("targets must be a list"));
}

TEST(TargetGroups, BrokenTextIsNoDocument) {
  EXPECT_THAT(Problem(R"([{"targets": ["a"])", kJson).what, HasSubstr("is no JSON"));
  EXPECT_THAT(Problem("[] []", kJson).what, HasSubstr("is no JSON"));
  EXPECT_THAT(Problem(R"(["\ud83d"])", kJson).what, HasSubstr("is no JSON"));
  EXPECT_THAT(Problem("[\"\xff\"]", kJson).what, HasSubstr("is no JSON"));
  EXPECT_THAT(Problem("- targets: [a\n", kYaml).what, HasSubstr("line"));
  EXPECT_THAT(Problem("- targets: [a]\n  targets: *b\n", kYaml).what, HasSubstr("line"));
}

TEST(TargetGroups, ALabelGivenTwiceIsRefused) {
  EXPECT_THAT(Problem("- targets: [a]\n  labels: {l: x, l: y}\n", kYaml).what,
              HasSubstr("the label 'l' is given twice (line 2)"));
}

TEST(TargetGroups, DeepNestingEndsEarly) {
  constexpr std::size_t kDeep = 1'000'000;
  EXPECT_THAT(Problem(Repeated("[", kDeep) + Repeated("]", kDeep), kJson).what,
              HasSubstr("nested deeper"));
  EXPECT_THAT(Problem(Repeated("[", 1000) + Repeated("]", 1000), kYaml).what, HasSubstr("nested"));
}

TEST(TargetGroups, TooManyValuesAreTooLarge) {
  const DocumentProblem problem = Problem("[" + Repeated("{},", 1'100'000) + "{}]", kJson);
  EXPECT_TRUE(problem.is_too_large);
  EXPECT_THAT(problem.what, HasSubstr("values"));
}

TEST(TargetGroups, TooManyTargetsAreTooLarge) {
  const DocumentProblem problem =
      Problem(R"([{"targets": [)" + Repeated("\"a\",", 100'000) + "\"a\"]}]", kJson);
  EXPECT_TRUE(problem.is_too_large);
}

TEST(TargetGroups, LabelsAreCountedForEachTarget) {
  const DocumentProblem problem =
      Problem(R"([{"targets": [)" + Repeated("\"a\",", 50'000) + R"("a"], "labels": {"l": ")" +
                  Repeated("x", 100'000) + "\"}}]",
              kJson);
  EXPECT_TRUE(problem.is_too_large);
}

}  // namespace
}  // namespace pathwitness
