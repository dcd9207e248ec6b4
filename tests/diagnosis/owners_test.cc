#include "diagnosis/owners.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/diagnosis/listed_networks.h"
#include "tests/diagnosis/path_text.h"

namespace pathwitness {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const ExchangeConfig kExchange = {.prefixes = {*IpPrefix::Parse("192.0.2.0/24")}, .name = "IX-A"};

OwnerConfig Owner(const char* prefix, const char* name, std::uint32_t asn = 0,
                  OwnerSegment segment = OwnerSegment::ByPosition) {
  return {.prefixes = {*IpPrefix::Parse(prefix)}, .name = name, .asn = asn, .segment = segment};
}

OwnerTable Table(const std::vector<OwnerConfig>& owners = {}) {
  return {owners, {kExchange}, FourNetworks()};
}

std::vector<std::optional<IpAddress>> Hops(const std::string& path) {
  std::vector<std::optional<IpAddress>> hops;
  for (const std::vector<IpAddress>& hop : PathOf(path)) {
    hops.push_back(hop.empty() ? std::nullopt : std::optional(hop.front()));
  }
  return hops;
}

/// Each hop as "segment name", the last hop being the destination.
std::vector<std::string> Told(const OwnerTable& table, const std::string& path) {
  const std::vector<std::optional<IpAddress>> hops = Hops(path);
  std::vector<std::string> told;
  for (const HopOwner& owner : table.OwnersOf(hops, hops.back().value())) {
    told.push_back(std::string(SegmentName(owner.segment)) + " " + owner.name);
  }
  return told;
}

// Vector S1.
TEST(Owners, EachSegmentOfAPathToAnotherNetworkIsNamed) {
  const std::string path =
      "192.168.1.1 * 100.64.3.1 203.0.113.1 198.51.100.9 192.0.2.17 198.18.0.5 198.18.0.80";
  EXPECT_THAT(
      Told(Table(), path),
      ElementsAre("source_lan local network", "undetermined local network or AS64500",
                  "source_isp AS64500", "source_isp AS64500", "interconnect AS64500-AS64501",
                  "ix IX-A", "destination_as AS64502", "destination_as AS64502"));
  const auto owners = Table().OwnersOf(Hops(path), Address("198.18.0.80"));
  EXPECT_EQ(owners[4].asn_near, 64500U);
  EXPECT_EQ(owners[4].asn, 64501U);
  EXPECT_EQ(owners[5].asn_near, 64501U);
  EXPECT_EQ(owners[5].asn, 64502U);  // whose router it is
}

TEST(Owners, TheHopBeforeABorderMayBelongToBothSides) {
  const auto owners = Table().OwnersOf(Hops("203.0.113.1 203.0.113.2 198.51.100.1 198.51.100.2"),
                                       Address("198.51.100.2"));
  EXPECT_FALSE(owners[0].may_be_border);
  EXPECT_TRUE(owners[1].may_be_border);
  EXPECT_FALSE(owners[2].may_be_border);
}

TEST(Owners, WhatIsBetweenHopsOfOneNetworkBelongsToIt) {
  EXPECT_THAT(
      Told(Table(), "203.0.113.1 10.7.0.1 * 100.64.0.1 203.0.113.2 198.51.100.1"),
      ElementsAre("source_isp AS64500", "source_isp AS64500", "source_isp AS64500",
                  "source_isp AS64500", "source_isp AS64500", "interconnect AS64500-AS64501"));
}

TEST(Owners, WhatIsBetweenTwoNetworksBelongsToEither) {
  EXPECT_THAT(Told(Table(), "203.0.113.1 * 10.7.0.1 198.51.100.1 198.51.100.2"),
              ElementsAre("source_isp AS64500", "undetermined AS64500 or AS64501",
                          "undetermined AS64500 or AS64501", "interconnect AS64500-AS64501",
                          "destination_as AS64501"));
}

TEST(Owners, TransitIsWhatIsNeitherTheSourcesNorTheDestinations) {
  EXPECT_THAT(Told(Table(), "203.0.113.1 198.51.100.1 198.51.100.2 198.18.0.5 198.18.0.6"),
              ElementsAre("source_isp AS64500", "interconnect AS64500-AS64501", "transit AS64501",
                          "interconnect AS64501-AS64502", "destination_as AS64502"));
}

TEST(Owners, SilenceBehindTheLastKnownNetworkIsUndetermined) {
  EXPECT_THAT(Told(Table(), "203.0.113.1 * 192.88.99.1"),
              ElementsAre("source_isp AS64500", "undetermined AS64500 or beyond",
                          "undetermined AS64500 or beyond"));
}

TEST(Owners, ARouterBehindAnExchangeIsOnTheFarSideOfTheBorder) {
  EXPECT_THAT(Told(Table(), "203.0.113.1 192.0.2.17 * 198.18.0.5"),
              ElementsAre("source_isp AS64500", "ix IX-A", "destination_as AS64502",
                          "destination_as AS64502"));
}

TEST(Owners, ThePrivateHopsBehindTheFirstMayBeOnesOwnOrTheProviders) {
  EXPECT_THAT(Told(Table(), "192.168.1.1 10.0.0.1 203.0.113.1"),
              ElementsAre("source_lan local network", "undetermined local network or AS64500",
                          "destination_as AS64500"));
}

TEST(Owners, AConfiguredLanReachesToItsLastHop) {
  const OwnerTable table = Table({Owner("10.9.0.0/16", "office-lan", 0, OwnerSegment::SourceLan)});
  EXPECT_THAT(
      Told(table, "192.168.1.1 * 10.9.0.1 203.0.113.1 198.51.100.1"),
      ElementsAre("source_lan local network", "source_lan local network", "source_lan office-lan",
                  "source_isp AS64500", "interconnect AS64500-AS64501"));
}

TEST(Owners, WithoutADatabaseNobodyIsNamed) {
  const OwnerTable table({}, {}, nullptr);
  EXPECT_THAT(Told(table, "192.168.1.1 203.0.113.1 198.51.100.1"),
              ElementsAre("source_lan local network", "undetermined local network or beyond",
                          "undetermined local network or beyond"));
}

TEST(Owners, AnEmptyPathHasNoOwners) {
  EXPECT_THAT(Table().OwnersOf({}, Address("192.0.2.1")), IsEmpty());
}

TEST(Owners, TheProberIsItsOwnDestination) {
  EXPECT_THAT(Told(Table(), "127.0.0.1"), ElementsAre("prober this machine"));
}

TEST(Owners, TheLongestPrefixWinsAndIsOverTheDatabase) {
  const OwnerTable table =
      Table({Owner("198.51.0.0/16", "wide", 64510), Owner("198.51.100.128/25", "narrow", 64511)});
  EXPECT_EQ(table.Of(Address("198.51.100.129")).name, "narrow");
  EXPECT_EQ(table.Of(Address("198.51.100.129")).asn, 64511U);
  EXPECT_EQ(table.Of(Address("198.51.100.1")).name, "wide");
  EXPECT_EQ(table.Of(Address("203.0.113.1")).name, "AS64500");
  EXPECT_EQ(table.Of(Address("203.0.113.1")).as_name, "Source ISP");
}

TEST(Owners, PrefixesOfEachFamilyAreApart) {
  const OwnerTable table({Owner("0.0.0.0/0", "four"), Owner("2001:db8::/32", "six")}, {}, nullptr);
  EXPECT_EQ(table.Of(Address("2001:db8::1")).name, "six");
  EXPECT_EQ(table.Of(Address("2001:db9::1")).kind, AddressKind::Unknown);
  EXPECT_EQ(table.Of(Address("192.0.2.1")).name, "four");
}

TEST(Owners, TwoAsnsOfOneNameHaveNoBorderBetweenThem) {
  const OwnerTable table({{.prefixes = {}, .name = "cloud", .asn = 64501},
                          {.prefixes = {}, .name = "cloud", .asn = 64502}},
                         {}, FourNetworks());
  EXPECT_THAT(
      Told(table, "203.0.113.1 198.51.100.1 198.18.0.5"),
      ElementsAre("source_isp AS64500", "interconnect AS64500-cloud", "destination_as cloud"));
}

TEST(Owners, APrefixOfTheConfigurationIsOfTheSameOwnerAsItsAs) {
  const OwnerTable table = Table({Owner("203.0.113.128/25", "lab-isp", 64500)});
  EXPECT_THAT(
      Told(table, "203.0.113.1 203.0.113.129 198.51.100.1"),
      ElementsAre("source_isp AS64500", "source_isp lab-isp", "interconnect lab-isp-AS64501"));
}

TEST(Owners, ASegmentOfTheConfigurationIsOverThePosition) {
  const OwnerTable table =
      Table({Owner("203.0.113.0/24", "backbone", 64500, OwnerSegment::Transit)});
  EXPECT_THAT(Told(table, "203.0.113.1 203.0.113.2"),
              ElementsAre("transit backbone", "transit backbone"));
}

TEST(Owners, AnAddressSaysWhatKindItIs) {
  const OwnerTable table = Table();
  EXPECT_EQ(table.Of(Address("10.1.2.3")).kind, AddressKind::Private);
  EXPECT_EQ(table.Of(Address("172.31.255.255")).kind, AddressKind::Private);
  EXPECT_EQ(table.Of(Address("172.32.0.0")).kind, AddressKind::Unknown);
  EXPECT_EQ(table.Of(Address("fd00::1")).kind, AddressKind::Private);
  EXPECT_EQ(table.Of(Address("fe80::1")).kind, AddressKind::Private);
  EXPECT_EQ(table.Of(Address("100.127.255.255")).kind, AddressKind::Cgnat);
  EXPECT_EQ(table.Of(Address("192.0.2.200")).kind, AddressKind::Exchange);
  EXPECT_EQ(table.Of(Address("::1")).kind, AddressKind::Loopback);
}

OwnerConfig Reachable(const char* prefix, const char* name, const char* contact) {
  OwnerConfig owner = Owner(prefix, name);
  owner.contact = contact;
  return owner;
}

TEST(OwnerTable, KnowsWhomToAskAtAnOwner) {
  const OwnerTable table =
      Table({Owner("198.51.100.0/25", "lab-isp"),
             Reachable("198.51.100.128/25", "lab-isp", "noc@lab-isp.example"),
             Reachable("203.0.113.0/24", "lab-isp", "nobody@lab-isp.example")});
  EXPECT_EQ(table.ContactOf({.segment = Segment::SourceIsp, .name = "lab-isp"}),
            "noc@lab-isp.example");
  EXPECT_EQ(table.ContactOf({.segment = Segment::Transit, .name = "lab"}), "");
}

TEST(OwnerTable, AtAnInterconnectBothAreToBeAsked) {
  const OwnerTable table = Table({Reachable("198.51.100.0/24", "lab-isp", "noc@lab-isp.example"),
                                  Reachable("203.0.113.0/24", "lab-cloud", "+49 000 0000"),
                                  Reachable("192.0.2.128/25", "lab", "noc@lab.example")});
  EXPECT_EQ(table.ContactOf({.segment = Segment::Interconnect, .name = "lab-isp-lab-cloud"}),
            "noc@lab-isp.example, +49 000 0000");
  EXPECT_EQ(table.ContactOf({.segment = Segment::Interconnect, .name = "AS64510-lab-cloud"}),
            "+49 000 0000");
}

}  // namespace
}  // namespace pathwitness
