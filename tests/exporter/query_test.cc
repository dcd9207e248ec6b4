#include "exporter/web/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/web/accept_encoding.h"

namespace pathwitness {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

QueryParameters Parameters(std::string_view query) {
  return std::get<QueryParameters>(ParseQuery(query));
}

QueryError Error(std::string_view query) {
  return std::get<QueryError>(ParseQuery(query));
}

TEST(ParseQuery, DecodesNamesAndValues) {
  EXPECT_THAT(Parameters("target=a%2Db&pro%62er=x+y%2B"),
              UnorderedElementsAre(Pair("target", "a-b"), Pair("prober", "x y+")));
}

TEST(ParseQuery, AnEmptyQueryHasNoParameters) {
  EXPECT_TRUE(Parameters("").empty());
  EXPECT_TRUE(Parameters("&&").empty());
}

TEST(ParseQuery, AMissingEqualsIsAnEmptyValue) {
  EXPECT_THAT(Parameters("a&b="), UnorderedElementsAre(Pair("a", ""), Pair("b", "")));
}

TEST(ParseQuery, OnlyTheFirstEqualsSeparates) {
  EXPECT_THAT(Parameters("a=b=c"), UnorderedElementsAre(Pair("a", "b=c")));
}

TEST(ParseQuery, AnEscapedAmpersandIsPartOfTheValue) {
  EXPECT_THAT(Parameters("a=b%26c"), UnorderedElementsAre(Pair("a", "b&c")));
}

TEST(ParseQuery, BrokenEscapesAreErrors) {
  for (const std::string_view query : {"a=%", "a=%4", "a=%zz", "a=%4g", "%", "a=%-1", "a=% 1"}) {
    EXPECT_EQ(Error(query), QueryError::BadEscape) << query;
  }
}

TEST(ParseQuery, ControlCharactersAreErrors) {
  EXPECT_EQ(Error("a=%00"), QueryError::BadCharacter);
  EXPECT_EQ(Error("a=b%0Ac"), QueryError::BadCharacter);
  EXPECT_EQ(Error(std::string_view("a=\0b", 4)), QueryError::BadCharacter);
}

TEST(ParseQuery, ARepeatedNameIsAnError) {
  EXPECT_EQ(Error("a=1&%61=2"), QueryError::Repeated);
}

TEST(ParseQuery, IsBounded) {
  EXPECT_EQ(Error(std::string(kMaxQueryBytes + 1, 'a')), QueryError::TooLong);
  EXPECT_EQ(Parameters(std::string(kMaxQueryBytes, 'a')).size(), 1U);
  std::string query;
  for (std::size_t i = 0; i < kMaxQueryParameters; ++i) {
    query += "p" + std::to_string(i) + "&";
  }
  EXPECT_EQ(Parameters(query).size(), kMaxQueryParameters);
  EXPECT_EQ(Error(query + "one-more"), QueryError::TooMany);
}

TEST(DecodePath, PlusIsItself) {
  EXPECT_EQ(DecodePath("/pulse/a+b%20c"), "/pulse/a+b c");
}

TEST(DecodePath, RefusesBrokenEscapesAndNul) {
  EXPECT_EQ(DecodePath("/%"), std::nullopt);
  EXPECT_EQ(DecodePath("/metrics%00.html"), std::nullopt);
}

TEST(ParseForm, ATextMayHaveLinesThatEndInALineFeed) {
  const auto form = ParseForm("author=ann+b&text=one%0D%0Atwo%09%C3%A9");
  ASSERT_TRUE(std::holds_alternative<QueryParameters>(form));
  EXPECT_EQ(std::get<QueryParameters>(form).at("author"), "ann b");
  EXPECT_EQ(std::get<QueryParameters>(form).at("text"), "one\ntwo\t\xc3\xa9");
}

TEST(ParseForm, RefusesOtherControlCharactersAndNamesWithLines) {
  for (const char* const body : {"text=%00", "text=%1b[2J", "te%0Axt=a"}) {
    const auto form = ParseForm(body);
    ASSERT_TRUE(std::holds_alternative<QueryError>(form)) << body;
    EXPECT_EQ(std::get<QueryError>(form), QueryError::BadCharacter) << body;
  }
}

TEST(ParseForm, MayBeLongerThanAQuery) {
  const auto form = ParseForm("text=" + std::string(kMaxQueryBytes, 'x'));
  EXPECT_TRUE(std::holds_alternative<QueryParameters>(form));
}

TEST(AcceptsGzip, WhenItIsNamed) {
  EXPECT_TRUE(AcceptsGzip("gzip"));
  EXPECT_TRUE(AcceptsGzip("deflate, GZIP;q=0.1"));
  EXPECT_TRUE(AcceptsGzip("br;q=1.0,x-gzip ; Q=0.5"));
}

TEST(AcceptsGzip, WhenAStarCoversIt) {
  EXPECT_TRUE(AcceptsGzip("*"));
  EXPECT_TRUE(AcceptsGzip("identity;q=0, *;q=0.5"));
}

TEST(AcceptsGzip, NotWithAWeightOfZero) {
  EXPECT_FALSE(AcceptsGzip("gzip;q=0"));
  EXPECT_FALSE(AcceptsGzip("gzip; q=0.000, *"));
  EXPECT_FALSE(AcceptsGzip("*;q=0"));
}

TEST(AcceptsGzip, NotWhenAbsentOrUnreadable) {
  EXPECT_FALSE(AcceptsGzip(""));
  EXPECT_FALSE(AcceptsGzip("identity"));
  EXPECT_FALSE(AcceptsGzip("gzipped"));
  EXPECT_FALSE(AcceptsGzip("gzip;q=nan"));
  EXPECT_FALSE(AcceptsGzip("gzip;q="));
  EXPECT_FALSE(AcceptsGzip("gzip;q=2"));
  EXPECT_FALSE(AcceptsGzip(",;,;;"));
}

}  // namespace
}  // namespace pathwitness
