#include "exporter/rules/promql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pathwitness {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Promql, WhiteSpaceAndCommentsMakeNoOtherExpression) {
  EXPECT_TRUE(IsSameExpression("sum by(a)(x{b=\"c\"}[5m])>0.5",
                               "sum by (a) ( # why\n  x{b=\"c\"}[5m]\n)\n> 0.5\n"));
}

TEST(Promql, WhiteSpaceInAStringMakesAnotherExpression) {
  EXPECT_FALSE(IsSameExpression("x{b=\"a b\"}", "x{b=\"ab\"}"));
}

TEST(Promql, WordsThatGrowTogetherMakeAnotherExpression) {
  EXPECT_FALSE(IsSameExpression("a or b", "aorb"));
}

TEST(Promql, AnotherNumberMakesAnotherExpression) {
  EXPECT_FALSE(IsSameExpression("x > 0.05", "x > 0.5"));
  EXPECT_FALSE(IsSameExpression("x[5m]", "x[50m]"));
}

TEST(Promql, NumbersAreOneToken) {
  for (const std::string_view number : {"1", ".5", "1e-3", "2.5E+10", "0x1f", "1h30m"}) {
    EXPECT_THAT(TokensOf(number), ElementsAre(PromqlToken{PromqlKind::Number, number}));
  }
}

TEST(Promql, SeriesAreTheNamesThatAreNoFunctionsLabelsOrKeywords) {
  EXPECT_THAT(
      SeriesIn("sum by (team) (rate(a_total{b=\"c\"}[5m:1m] offset 1h)) / on (t) group_left (x) "
               "max_over_time(job:d:sum[1h]) unless absent(e) or time() - f @ end() > bool inf"),
      ElementsAre("a_total", "e", "f", "job:d:sum"));
}

TEST(Promql, ASeriesInAStringIsNone) {
  EXPECT_THAT(SeriesIn(R"(vector(1) and "a {{ b }} \" c" == 'd')"), IsEmpty());
}

TEST(Promql, AComparisonIsACondition) {
  EXPECT_TRUE(HasCondition("a >= 5"));
  EXPECT_TRUE(HasCondition("a unless b"));
  EXPECT_TRUE(HasCondition("absent(up)"));
}

TEST(Promql, ALabelMatcherAndABoolAreNoCondition) {
  EXPECT_FALSE(HasCondition("a{b!=\"c\"}"));
  EXPECT_FALSE(HasCondition("a > bool 5"));
  EXPECT_FALSE(HasCondition("vector(1)"));
}

TEST(Promql, ABrokenTextHasTokensToItsEnd) {
  EXPECT_THAT(TokensOf("a{b=\"c"),
              ElementsAre(PromqlToken{PromqlKind::Word, "a"}, PromqlToken{PromqlKind::Sign, "{"},
                          PromqlToken{PromqlKind::Word, "b"}, PromqlToken{PromqlKind::Sign, "="},
                          PromqlToken{PromqlKind::String, "\"c"}));
  EXPECT_THAT(TokensOf("x[5m"), testing::SizeIs(2));
  EXPECT_THAT(SeriesIn("sum by (a"), IsEmpty());
}

}  // namespace
}  // namespace pathwitness
