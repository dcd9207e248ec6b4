#include "diagnosis/route_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>

#include "tests/diagnosis/path_text.h"
#include "tests/diagnosis/route_day.h"

namespace pathwitness {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// Each TTL's router, in one network so that texts are short.
const char* const kPath =
    "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5 10.0.0.6 10.0.0.7 203.0.113.200";

/// A watch, and what it said.
class RouteWatchTest : public ::testing::Test {
 protected:
  void Feed(const std::string& path, unsigned times = 1, std::uint16_t flow = 0) {
    for (unsigned i = 0; i < times; ++i) {
      Feed(RoundOf(path, flow));
    }
  }

  void Feed(Round round) {
    round.number = number_++;
    for (RouteEvent& event : watch_.OnRound(round)) {
      events_.push_back(std::move(event));
    }
  }

  std::vector<RouteEvent> EventsOf(RouteEventKind kind) const {
    std::vector<RouteEvent> found;
    std::copy_if(events_.begin(), events_.end(), std::back_inserter(found),
                 [kind](const RouteEvent& event) { return event.kind == kind; });
    return found;
  }

  RouteWatch watch_;
  std::vector<RouteEvent> events_;
  std::uint64_t number_ = 0;
};

TEST(SamplesToTrust, AreThoseOfMultipathDetection) {
  const std::vector<unsigned> expected = {6, 11, 16, 21, 27, 33, 39, 45, 51, 57};
  for (std::size_t k = 1; k <= expected.size(); ++k) {
    EXPECT_EQ(SamplesToTrust(k), expected[k - 1]) << k;
  }
}

TEST_F(RouteWatchTest, AStableRouteIsQuiet) {
  Feed(kPath, 1000);
  EXPECT_THAT(events_, IsEmpty());
}

// Vector R1: the change lies behind the last hop before it, inside one network.
TEST_F(RouteWatchTest, AChangeInsideTheProvidersNetworkIsPlacedBehindTheLastCommonHop) {
  Feed("192.0.2.1 192.0.2.2 198.51.100.1 198.51.100.2 203.0.113.156 203.0.113.7 203.0.113.200", 30);
  Feed(
      "192.0.2.1 192.0.2.2 198.51.100.1 198.51.100.2 203.0.113.156 203.0.113.9 203.0.113.10 "
      "203.0.113.200",
      3);
  ASSERT_THAT(events_, SizeIs(1));
  const RouteEvent& event = events_.front();
  EXPECT_EQ(event.kind, RouteEventKind::RouteChanged);
  EXPECT_EQ(event.last_common, Address("203.0.113.156"));
  EXPECT_EQ(event.last_common_ttl, 5);
  EXPECT_EQ(event.ttl, 6);
  EXPECT_EQ(event.length_delta, 1);
  EXPECT_EQ(event.rejoin_ttl_before, 7);
  EXPECT_EQ(event.rejoin_ttl, 8);
  EXPECT_EQ(event.round, 32U);
  EXPECT_EQ(event.before.at(5), std::vector{Address("203.0.113.7")});
  EXPECT_EQ(event.after.at(5), std::vector{Address("203.0.113.9")});
}

TEST_F(RouteWatchTest, TheNewRouteIsKnownAfterwards) {
  Feed(kPath, 30);
  Feed("10.0.0.1 10.0.0.2 10.0.9.3 10.0.9.4 10.0.0.5 10.0.0.6 10.0.0.7 203.0.113.200", 100);
  EXPECT_THAT(events_, SizeIs(1));
}

TEST_F(RouteWatchTest, AChangeBackIsAnotherChange) {
  Feed(kPath, 30);
  Feed("10.0.0.1 10.0.0.2 10.0.9.3 10.0.9.4 10.0.0.5 10.0.0.6 10.0.0.7 203.0.113.200", 30);
  Feed(kPath, 30);
  EXPECT_THAT(EventsOf(RouteEventKind::RouteChanged), SizeIs(2));
}

// Vector R3.
TEST_F(RouteWatchTest, AHopThatIsSilentForAnHourIsNoChangeButATellingSilence) {
  Feed(kPath, 360);
  Feed("10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5 * 10.0.0.7 203.0.113.200", 360);
  Feed(kPath, 360);
  ASSERT_THAT(events_, SizeIs(1));
  EXPECT_EQ(events_.front().kind, RouteEventKind::HopWentSilent);
  EXPECT_EQ(events_.front().ttl, 6);
}

TEST_F(RouteWatchTest, AHopThatIsSilentForAllFlowsIsToldOnce) {
  for (unsigned i = 0; i < 400; ++i) {
    Feed(i < 200 ? kPath : "10.0.0.1 10.0.0.2 10.0.0.3 * 10.0.0.5 10.0.0.6 10.0.0.7 203.0.113.200",
         1, static_cast<std::uint16_t>(i % 4));
  }
  EXPECT_THAT(events_, SizeIs(1));
}

TEST_F(RouteWatchTest, AHopThatWasNotAskedIsNotSilent) {
  Feed(kPath, 100);
  for (unsigned i = 0; i < 100; ++i) {
    Round round = RoundOf("10.0.0.1 * 10.0.0.3 10.0.0.4 10.0.0.5 10.0.0.6 10.0.0.7 203.0.113.200");
    round.hops.at(1).sent = 0;
    round.hops.at(1).known_responder = Address("10.0.0.2");
    Feed(round);
  }
  EXPECT_THAT(events_, IsEmpty());
}

// Vector R4.
TEST_F(RouteWatchTest, AnInsertedHopIsOneChangeNotOneOfEachHopBehindIt) {
  Feed(kPath, 30);
  Feed("10.0.0.1 10.0.0.2 10.0.0.3 10.0.9.9 10.0.0.4 10.0.0.5 10.0.0.6 10.0.0.7 203.0.113.200", 30);
  ASSERT_THAT(events_, SizeIs(1));
  EXPECT_EQ(events_.front().ttl, 4);
  EXPECT_EQ(events_.front().last_common, Address("10.0.0.3"));
  EXPECT_EQ(events_.front().length_delta, 1);
  EXPECT_EQ(events_.front().rejoin_ttl_before, 4);
  EXPECT_EQ(events_.front().rejoin_ttl, 5);
}

// Vector R5.
TEST_F(RouteWatchTest, AThirdEqualHopIsNoChangeOfTheRoute) {
  const std::string head = "10.0.0.1 10.0.0.2 ";
  for (unsigned i = 0; i < 11; ++i) {
    Feed(head + (i % 2 == 0 ? "10.0.1.1" : "10.0.1.2") + " 203.0.113.200");
  }
  for (unsigned i = 0; i < 30; ++i) {
    Feed(head + "10.0.1." + std::to_string(i % 3 + 1) + " 203.0.113.200");
  }
  ASSERT_THAT(events_, SizeIs(1));
  EXPECT_EQ(events_.front().kind, RouteEventKind::EcmpChanged);
  EXPECT_EQ(events_.front().ttl, 3);
  EXPECT_EQ(events_.front().before.at(2).size(), 2U);
  EXPECT_EQ(events_.front().after.at(2).size(), 3U);
  EXPECT_EQ(watch_.EcmpWidth(), 3U);
}

TEST_F(RouteWatchTest, AnEqualHopThatIsGoneForLongIsForgotten) {
  for (unsigned i = 0; i < 20; ++i) {
    Feed(i % 2 == 0 ? "10.0.0.1 10.0.1.1 203.0.113.200" : "10.0.0.1 10.0.1.2 203.0.113.200");
  }
  EXPECT_EQ(watch_.EcmpWidth(), 2U);
  Feed("10.0.0.1 10.0.1.1 203.0.113.200", 100);
  EXPECT_EQ(watch_.EcmpWidth(), 1U);
  EXPECT_THAT(EventsOf(RouteEventKind::RouteChanged), IsEmpty());
}

TEST_F(RouteWatchTest, AStrayAnswerIsNoChange) {
  Feed(kPath, 30);
  Feed("10.0.0.1 10.0.0.2 10.0.9.3 10.0.0.4 10.0.0.5 10.0.0.6 10.0.0.7 203.0.113.200", 2);
  Feed(kPath, 30);
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(RouteWatchTest, StrayAnswersBetweenKnownOnesDoNotAddUp) {
  Feed(kPath, 30);
  for (unsigned i = 0; i < 10; ++i) {
    Feed("10.0.0.1 10.0.0.2 10.0.9." + std::to_string(i) +
         " 10.0.0.4 10.0.0.5 10.0.0.6 10.0.0.7 203.0.113.200");
    Feed(kPath);
  }
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(RouteWatchTest, SilenceDoesNotHideAChangeThatGoesOn) {
  Feed(kPath, 30);
  for (unsigned i = 0; i < 3; ++i) {
    Feed("10.0.0.1 10.0.0.2 10.0.9.3 10.0.0.4 10.0.0.5 10.0.0.6 10.0.0.7 203.0.113.200");
    Feed("10.0.0.1 10.0.0.2 * 10.0.0.4 10.0.0.5 10.0.0.6 10.0.0.7 203.0.113.200");
  }
  EXPECT_THAT(EventsOf(RouteEventKind::RouteChanged), SizeIs(1));
}

TEST_F(RouteWatchTest, ALostLastHopIsNotAChange) {
  std::mt19937 random(1);
  for (unsigned i = 0; i < 3000; ++i) {
    const bool is_lost = random() % 10 < 3;
    Feed(is_lost ? "10.0.0.1 10.0.0.2 10.0.0.3 * 203.0.113.200"
                 : "10.0.0.1 10.0.0.2 10.0.0.3 203.0.113.200");
  }
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(RouteWatchTest, ADestinationThatComesNearerOverASilentHopIsAChange) {
  Feed("10.0.0.1 * * 203.0.113.200", 30);
  Feed("10.0.0.1 * 203.0.113.200", 3);
  ASSERT_THAT(events_, SizeIs(1));
  EXPECT_EQ(events_.front().length_delta, -1);
}

TEST_F(RouteWatchTest, AnOutageIsNotAChange) {
  Feed(kPath, 30);
  Feed("10.0.0.1 10.0.0.2 10.0.0.3", 100);
  Feed("", 100);
  Feed(kPath, 30);
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(RouteWatchTest, ARouterThatSaysUnreachableDoesNotStandAtThatHop) {
  Feed(kPath, 30);
  for (unsigned i = 0; i < 30; ++i) {
    Round round = RoundOf("10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.3");
    round.hops.back().replies.front().kind = ReplyKind::Unreachable;
    Feed(round);
  }
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(RouteWatchTest, AnotherDestinationIsAnotherPathNotAChange) {
  Feed(kPath, 30);
  for (unsigned i = 0; i < 30; ++i) {
    Round round = RoundOf("10.0.0.1 10.0.0.2 10.0.8.3 10.0.8.4");
    round.destination = Address("203.0.113.201");
    Feed(round);
  }
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(RouteWatchTest, FlowsOnDifferentRoutersAreNoChange) {
  for (unsigned i = 0; i < 400; ++i) {
    const auto flow = static_cast<std::uint16_t>(i % 4);
    Feed("10.0.0.1 10.0.0.2 10.0.1." + std::to_string(flow) + " 10.0.0.4 203.0.113.200", 1, flow);
  }
  EXPECT_THAT(events_, IsEmpty());
  EXPECT_EQ(watch_.EcmpWidth(), 4U);
}

TEST_F(RouteWatchTest, FlowsThatChangeTogetherAreOneChange) {
  for (unsigned i = 0; i < 400; ++i) {
    const auto flow = static_cast<std::uint16_t>(i % 4);
    const std::string third = (i < 200 ? "10.0.1." : "10.0.2.") + std::to_string(flow);
    Feed("10.0.0.1 10.0.0.2 " + third + " 10.0.0.4 203.0.113.200", 1, flow);
  }
  ASSERT_THAT(events_, SizeIs(1));
  EXPECT_EQ(events_.front().kind, RouteEventKind::RouteChanged);
  EXPECT_EQ(events_.front().round, 208U);  // the third round of the first flow that moved
}

TEST_F(RouteWatchTest, AFlowThatMovesToARouterOfAnotherFlowIsNoChangeOfTheRoute) {
  for (unsigned i = 0; i < 400; ++i) {
    const auto flow = static_cast<std::uint16_t>(i % 2);
    const bool is_first = flow == 0 && i < 200;
    Feed(is_first ? "10.0.0.1 10.0.1.1 203.0.113.200" : "10.0.0.1 10.0.1.2 203.0.113.200", 1, flow);
  }
  ASSERT_THAT(events_, SizeIs(1));
  EXPECT_EQ(events_.front().kind, RouteEventKind::EcmpChanged);
}

TEST_F(RouteWatchTest, ACircleIsALoopInTheSecondRound) {
  Feed(kPath, 30);
  const std::string circle =
      "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.2 10.0.0.3 10.0.0.2 10.0.0.3 10.0.0.2";
  Feed(circle);
  EXPECT_FALSE(watch_.IsLooping());
  Feed(circle);
  EXPECT_TRUE(watch_.IsLooping());
  Feed(circle);
  ASSERT_THAT(events_, SizeIs(1));
  EXPECT_TRUE(events_.front().is_loop);
  EXPECT_EQ(events_.front().length_delta, std::nullopt);
  Feed(kPath, 10);
  EXPECT_FALSE(watch_.IsLooping());
}

TEST_F(RouteWatchTest, ARouterThatAnswersTwiceInARowIsNoLoop) {
  Feed("10.0.0.1 10.0.0.2 10.0.0.2 10.0.0.3", 10);
  EXPECT_FALSE(watch_.IsLooping());
}

// Vector R2.
TEST_F(RouteWatchTest, ADayWithOneChangeHasOneEventAtMostThreeRoundsLate) {
  constexpr unsigned kChange = 1440;
  Day day(7);
  for (unsigned i = 0; i < 2880; ++i) {
    Feed(day.Path(i >= kChange));
  }
  ASSERT_THAT(events_, SizeIs(1));
  EXPECT_EQ(events_.front().kind, RouteEventKind::RouteChanged);
  EXPECT_EQ(events_.front().ttl, 9);
  EXPECT_EQ(events_.front().last_common_ttl, 8);
  EXPECT_EQ(events_.front().rejoin_ttl, 12);
  EXPECT_LT(events_.front().round, kChange + 3);
}

TEST(RouteWatch, AnAnswerFromEverNewAddressesIsBoundedAndAtMostOneChange) {
  RouteWatch watch;
  std::mt19937 random(3);
  unsigned changes = 0;
  for (unsigned i = 0; i < 20000; ++i) {
    const std::string stranger =
        "100.64." + std::to_string(random() % 256) + "." + std::to_string(random() % 256);
    const std::string third = i < 50 ? "10.0.0.3" : stranger;
    changes += static_cast<unsigned>(
        watch.OnRound(RoundOf("10.0.0.1 10.0.0.2 " + third + " 203.0.113.200")).size());
  }
  EXPECT_LE(changes, 1U);
  EXPECT_LE(watch.EcmpWidth(), 16U);
}

TEST(RouteWatch, HostileRoundsAreTakenCalmly) {
  RouteWatch watch;
  std::mt19937 random(4);
  for (unsigned i = 0; i < 3000; ++i) {
    Round round = RoundOf("10.0.0.1");
    round.flow = static_cast<std::uint16_t>(random() % 2 == 0 ? random() % 70 : random());
    const auto hops = static_cast<unsigned>(random() % 300);
    for (unsigned k = 0; k < hops; ++k) {
      Hop& hop = round.hops.emplace_back();
      hop.ttl = static_cast<std::uint8_t>(random());
      for (unsigned n = random() % 4; n > 0; --n) {
        const auto byte = static_cast<std::byte>(random() % 4);
        const std::array<std::byte, 4> bytes = {std::byte{100}, std::byte{64}, byte, byte};
        hop.replies.push_back({.responder = IpAddress::FromBytes(IpFamily::Ipv4, bytes),
                               .kind = static_cast<ReplyKind>(random() % 3)});
      }
    }
    for (const RouteEvent& event : watch.OnRound(round)) {
      ASSERT_LE(event.ttl, 64);
      ASSERT_LE(event.before.size(), 64U);
      ASSERT_LE(event.after.size(), 64U);
    }
  }
  EXPECT_LE(watch.EcmpWidth(), 64U * 16U);
}

}  // namespace
}  // namespace pathwitness
