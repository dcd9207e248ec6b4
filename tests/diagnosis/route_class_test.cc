#include "diagnosis/route_class.h"

#include <gtest/gtest.h>

#include "tests/diagnosis/listed_networks.h"
#include "tests/diagnosis/path_text.h"

namespace pathwitness {
namespace {

/// The change that a watch sees between two paths of 30 rounds.
RouteEvent ChangeBetween(const std::string& before, const std::string& after) {
  RouteWatch watch;
  for (unsigned i = 0; i < 30; ++i) {
    watch.OnRound(RoundOf(before));
  }
  for (unsigned i = 0; i < 2; ++i) {
    watch.OnRound(RoundOf(after));
  }
  return watch.OnRound(RoundOf(after)).at(0);
}

LocatedChange Locate(const std::string& before, const std::string& after,
                     const std::shared_ptr<const AsnLookup>& database = FourNetworks()) {
  return LocateChange(ChangeBetween(before, after), OwnerTable({}, {}, database));
}

TEST(RouteClass, OtherHopsInsideOneNetworkAreIntraAs) {
  const LocatedChange change =
      Locate("192.168.1.1 203.0.113.1 203.0.113.2 203.0.113.3 203.0.113.200",
             "192.168.1.1 203.0.113.1 203.0.113.2 203.0.113.9 203.0.113.8 203.0.113.200");
  EXPECT_EQ(change.kind, RouteChangeClass::IntraAs);
  EXPECT_EQ(change.last_common.asn, 64500U);
  EXPECT_EQ(change.before.asn, 64500U);
  EXPECT_EQ(change.after.asn, 64500U);
}

TEST(RouteClass, AnotherNetworkOnTheWayIsInterAs) {
  const LocatedChange change =
      Locate("192.168.1.1 203.0.113.1 203.0.113.2 198.51.100.1 203.0.113.200",
             "192.168.1.1 203.0.113.1 203.0.113.2 198.18.1.1 203.0.113.200");
  EXPECT_EQ(change.kind, RouteChangeClass::InterAs);
  EXPECT_EQ(change.before.asn, 64501U);
  EXPECT_EQ(change.after.asn, 64503U);
}

TEST(RouteClass, AnotherWayIntoTheSameNetworkChangesNoNetwork) {
  const LocatedChange change =
      Locate("192.168.1.1 203.0.113.1 203.0.113.2 198.51.100.1 203.0.113.200",
             "192.168.1.1 203.0.113.1 203.0.113.2 198.51.100.2 203.0.113.200");
  EXPECT_EQ(change.kind, RouteChangeClass::IntraAs);
}

TEST(RouteClass, AChangeAtTheFirstTwoHopsIsLocal) {
  EXPECT_EQ(Locate("192.168.1.1 203.0.113.1 203.0.113.2 203.0.113.200",
                   "192.168.1.1 198.51.100.1 203.0.113.2 203.0.113.200")
                .kind,
            RouteChangeClass::Local);
}

TEST(RouteClass, WithoutADatabaseTheClassIsUnknown) {
  EXPECT_EQ(Locate("192.168.1.1 203.0.113.1 203.0.113.2 198.51.100.1 203.0.113.200",
                   "192.168.1.1 203.0.113.1 203.0.113.2 198.18.1.1 203.0.113.200", nullptr)
                .kind,
            RouteChangeClass::Unknown);
}

TEST(RouteClass, ASilentHopMayBeOfAnyNetwork) {
  EXPECT_EQ(Locate("192.168.1.1 203.0.113.1 203.0.113.2 203.0.113.3 * 203.0.113.200",
                   "192.168.1.1 203.0.113.1 203.0.113.2 203.0.113.4 198.51.100.1 203.0.113.200")
                .kind,
            RouteChangeClass::IntraAs);
}

TEST(RouteClass, AnAddressOfNoKnownNetworkMayBeOfAny) {
  EXPECT_EQ(Locate("192.168.1.1 203.0.113.1 203.0.113.2 203.0.113.3 203.0.113.200",
                   "192.168.1.1 203.0.113.1 203.0.113.2 192.88.99.1 203.0.113.200")
                .kind,
            RouteChangeClass::Unknown);
}

}  // namespace
}  // namespace pathwitness
