#include "exporter/web/cross_site.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace pathwitness {
namespace {

using Headers = std::map<std::string, std::string, std::less<>>;

bool IsOurs(std::string_view host) {
  return IsOwnHost(host, {"exporter.example"});
}

bool IsRefused(Headers headers) {
  headers.emplace("host", "exporter.example:10059");
  const auto refusal = RefuseCrossSite(
      {.method = "POST", .path = "/-/reload", .headers = std::move(headers)}, IsOurs);
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
  EXPECT_TRUE(
      RefuseCrossSite({.method = "POST", .path = "/", .headers = {{"origin", "http://"}}}, IsOurs));
}

// A name server may give our address for a name of its own: pages from there are of the same
// origin.
TEST(CrossSite, APageOfAStrangersNameForUsIsRefused) {
  EXPECT_TRUE(IsRefused({{"host", "evil.example"}, {"origin", "http://evil.example"}}));
  EXPECT_TRUE(IsRefused({{"host", "evil.example"}, {"sec-fetch-site", "same-origin"}}));
  EXPECT_TRUE(IsRefused({{"host", "evil.example"}, {"sec-fetch-site", "none"}}));
  EXPECT_FALSE(IsRefused({{"host", "evil.example"}}));  // a program, which no page can make ask
}

TEST(CrossSite, NoNameServerAnswersForTheseHosts) {
  for (const char* host :
       {"192.0.2.1", "192.0.2.1:10059", "[2001:db8::1]:10059", "[::1]", "localhost:10059",
        "a.localhost", "monitor", "monitor:80", "exporter.example", "EXPORTER.example:10059"}) {
    EXPECT_TRUE(IsOurs(host)) << host;
  }
  for (const char* host : {"evil.example", "evil.example:10059", "exporter.example.evil.example",
                           "192.0.2.1.evil.example", "localhost.evil.example",
                           "notlocalhost.example", "[evil.example]", "exporter.example."}) {
    EXPECT_FALSE(IsOurs(host)) << host;
  }
}

}  // namespace
}  // namespace pathwitness
