#include "exporter/web/cross_site.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace pathwitness {
namespace {

using Headers = std::map<std::string, std::string, std::less<>>;

bool IsRefused(Headers headers) {
  headers.emplace("host", "exporter.example:10059");
  const auto refusal =
      RefuseCrossSite({.method = "POST", .path = "/-/reload", .headers = std::move(headers)});
  return refusal && refusal->status == 403;
}

TEST(CrossSite, ProgramsSayNothingAndAreLetThrough) {
  EXPECT_FALSE(IsRefused({}));
}

TEST(CrossSite, OwnPagesAndTheReaderItselfAreLetThrough) {
  EXPECT_FALSE(IsRefused({{"sec-fetch-site", "same-origin"}}));
  EXPECT_FALSE(IsRefused({{"sec-fetch-site", "none"}}));
}

TEST(CrossSite, OtherSitesAreRefused) {
  for (const char* site : {"cross-site", "same-site", "Same-Origin", "anything"}) {
    EXPECT_TRUE(IsRefused({{"sec-fetch-site", site}})) << site;
  }
}

TEST(CrossSite, WhereABrowserSaysBothItsNewerWordCounts) {
  EXPECT_TRUE(
      IsRefused({{"sec-fetch-site", "cross-site"}, {"origin", "http://exporter.example:10059"}}));
}

TEST(CrossSite, AnOlderBrowsersOriginMustBeTheHostAsked) {
  for (const char* origin : {"http://exporter.example:10059", "https://Exporter.Example:10059"}) {
    EXPECT_FALSE(IsRefused({{"origin", origin}})) << origin;
  }
  for (const char* origin :
       {"null", "http://evil.example", "http://exporter.example", "http://exporter.example:1",
        "http://exporter.example:10059.evil.example", "exporter.example:10059",
        "http://evil.example/exporter.example:10059"}) {
    EXPECT_TRUE(IsRefused({{"origin", origin}})) << origin;
  }
}

TEST(CrossSite, AnOriginWithoutAHostToCompareIsRefused) {
  EXPECT_TRUE(RefuseCrossSite({.method = "POST", .path = "/", .headers = {{"origin", "http://"}}}));
}

}  // namespace
}  // namespace pathwitness
