#include <gtest/gtest.h>

#include "config/load.h"

namespace pathwitness {
namespace {

Config With(const std::string& sections) {
  return ParseConfig(sections + "\ntargets: [{name: a, pulse: {push: {}}}]", "f");
}

TEST(Owners, AnEntryTakesOnePrefixOrAList) {
  const Config config = With(
      "owners:\n"
      "- {prefix: 192.0.2.0/24, name: a}\n"
      "- {prefix: [198.51.100.0/24, \"2001:db8::/32\"], name: b, asn: 64500, segment: transit}");
  ASSERT_EQ(config.owners.size(), 2U);
  EXPECT_EQ(config.owners[0],
            (OwnerConfig{.prefixes = {*IpPrefix::Parse("192.0.2.0/24")}, .name = "a"}));
  EXPECT_EQ(config.owners[1], (OwnerConfig{.prefixes = {*IpPrefix::Parse("198.51.100.0/24"),
                                                        *IpPrefix::Parse("2001:db8::/32")},
                                           .name = "b",
                                           .asn = 64500,
                                           .segment = OwnerSegment::Transit}));
}

TEST(Owners, TwoAsnsMayHaveOneName) {
  const Config config = With("owners: [{asn: 64501, name: cloud}, {asn: 64502, name: cloud}]");
  EXPECT_EQ(config.owners.size(), 2U);
}

TEST(Owners, ExchangesHaveNamesAndPrefixes) {
  const Config config = With("exchanges: [{prefix: 203.0.113.0/24, name: IX-A}]");
  ASSERT_EQ(config.exchanges.size(), 1U);
  EXPECT_EQ(config.exchanges[0],
            (ExchangeConfig{.prefixes = {*IpPrefix::Parse("203.0.113.0/24")}, .name = "IX-A"}));
}

TEST(Owners, AMissingDatabaseIsNoErrorOfTheConfiguration) {
  const Config config = With("asn_database: {path: /nowhere/asn.mmdb, check_interval: 5s}");
  EXPECT_EQ(config.asn_database, (AsnDatabaseConfig{.path = "/nowhere/asn.mmdb",
                                                    .check_interval = std::chrono::seconds(5)}));
}

TEST(ExpectTransit, TakesAsNumbersInBothFormsAndNamesOfOwners) {
  const Config config = With(
      "owners: [{asn: 64501, name: lab-isp}]\n"
      "defaults: {expect_transit: [64500, AS64502, lab-isp]}");
  EXPECT_EQ(config.targets.at(0).expect_transit,
            (std::vector<std::string>{"AS64500", "AS64502", "lab-isp"}));
}

}  // namespace
}  // namespace pathwitness
