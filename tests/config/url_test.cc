#include "config/url.h"

#include <gtest/gtest.h>

namespace pathwitness {
namespace {

TEST(Url, SchemeGivesThePort) {
  EXPECT_EQ(ParseUrl("https://example.com/"),
            (UrlParts{.scheme = "https", .host = "example.com", .port = 443}));
  EXPECT_EQ(ParseUrl("http://example.com?q"),
            (UrlParts{.scheme = "http", .host = "example.com", .port = 80}));
}

TEST(Url, OwnPortComesFirst) {
  EXPECT_EQ(ParseUrl("https://192.0.2.1:8443/a:b@c"),
            (UrlParts{.scheme = "https", .host = "192.0.2.1", .port = 8443}));
}

TEST(Url, Ipv6HostsStandInBrackets) {
  EXPECT_EQ(ParseUrl("https://[2001:db8::1]:8443/"),
            (UrlParts{.scheme = "https", .host = "2001:db8::1", .port = 8443}));
  EXPECT_EQ(ParseUrl("https://2001:db8::1/"), std::nullopt);
  EXPECT_EQ(ParseUrl("https://[192.0.2.1]/"), std::nullopt);
  EXPECT_EQ(ParseUrl("https://[2001:db8::1/"), std::nullopt);
  EXPECT_EQ(ParseUrl("https://[2001:db8::1]8443/"), std::nullopt);
}

TEST(Url, UserInfoIsNoticed) {
  const std::optional<UrlParts> parts = ParseUrl("http://user:secret@example.com:8080/");
  ASSERT_TRUE(parts);
  EXPECT_TRUE(parts->has_user_info);
  EXPECT_EQ(parts->host, "example.com");
  EXPECT_EQ(parts->port, 8080);
}

TEST(Url, WhatIsNoHttpUrlIsRefused) {
  for (const char* url :
       {"", "example.com", "ftp://example.com/", "https:///path", "https://",
        "https://exa mple.com/", "https://example.com/\n", "https://a..b/",
        "https://example.com:0/", "https://example.com:65536/", "https://example.com:/",
        "https://example.com:https/", "https://\xC3\xA9xample.com/"}) {
    EXPECT_EQ(ParseUrl(url), std::nullopt) << url;
  }
}

TEST(Host, IsANameOrAnAddress) {
  for (const char* host : {"example.com", "example.com.", "localhost", "my_host",
                           "xn--bcher-kva.example", "192.0.2.1", "2001:db8::1", "3com.example"}) {
    EXPECT_TRUE(IsHost(host)) << host;
  }
}

TEST(Host, MistypedNamesAndAddressesAreRefused) {
  for (const char* host :
       {"", ".", "a..b", "-a.example", "a-.example", "192.0.2.999", "192.0.2", "010.0.0.1",
        "example.com:443", "[2001:db8::1]", "https://example.com", "a b", "192.0.2.0/24"}) {
    EXPECT_FALSE(IsHost(host)) << host;
  }
  EXPECT_FALSE(IsHost(std::string(64, 'a') + ".example"));
}

}  // namespace
}  // namespace pathwitness
