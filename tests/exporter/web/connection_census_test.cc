#include "exporter/web/connection_census.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>

namespace pathwitness {
namespace {

using namespace std::chrono_literals;

class ConnectionCensusTest : public testing::Test {
 protected:
  bool Enter(std::size_t guest, std::string_view address) {
    return census_.Enter(&guests_.at(guest), address, -1, MonoTime::max());
  }

  std::array<char, 8> guests_{};
  ConnectionCensus census_{2};
};

TEST_F(ConnectionCensusTest, OneAddressHasSoManyPlacesAndNoMore) {
  EXPECT_TRUE(Enter(0, "192.0.2.1"));
  EXPECT_TRUE(Enter(1, "192.0.2.1"));
  EXPECT_FALSE(Enter(2, "192.0.2.1"));
  EXPECT_TRUE(Enter(3, "192.0.2.2"));
  EXPECT_EQ(census_.Open(), 3U);
}

TEST_F(ConnectionCensusTest, WhoLeavesMakesRoom) {
  Enter(0, "192.0.2.1");
  Enter(1, "192.0.2.1");
  EXPECT_TRUE(census_.Leave(&guests_.at(0)));
  EXPECT_TRUE(Enter(2, "192.0.2.1"));
}

TEST_F(ConnectionCensusTest, WhoWasTurnedAwayDoesNotLeave) {
  Enter(0, "192.0.2.1");
  Enter(1, "192.0.2.1");
  Enter(2, "192.0.2.1");
  EXPECT_FALSE(census_.Leave(&guests_.at(2)));
  EXPECT_EQ(census_.Open(), 2U);
}

TEST_F(ConnectionCensusTest, TheAddressesOfOneNetworkOfIpv6AreOne) {
  EXPECT_TRUE(Enter(0, "2001:db8:0:1::1"));
  EXPECT_TRUE(Enter(1, "2001:db8:0:1::2"));
  EXPECT_FALSE(Enter(2, "2001:db8:0:1:ffff::3"));
  EXPECT_TRUE(Enter(3, "2001:db8:0:2::1"));
}

TEST_F(ConnectionCensusTest, Ipv4AddressesOnASocketOfBothFamiliesAreManyAndTheSameAsElsewhere) {
  EXPECT_TRUE(Enter(0, "::ffff:192.0.2.1"));
  EXPECT_TRUE(Enter(1, "::ffff:192.0.2.2"));
  EXPECT_TRUE(Enter(2, "192.0.2.1"));
  EXPECT_FALSE(Enter(3, "::ffff:192.0.2.1"));
}

TEST_F(ConnectionCensusTest, WhoTakesTooLongIsCutOffOnce) {
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
  const MonoTime start{};
  census_.Enter(&guests_.at(0), "192.0.2.1", ends[0], start + 5s);
  EXPECT_EQ(census_.CutOff(start + 4s), 0U);
  census_.SetDeadline(&guests_.at(0), start + 30s);
  EXPECT_EQ(census_.CutOff(start + 29s), 0U);
  char byte = 0;
  EXPECT_EQ(read(ends[1], &byte, 1), -1);
  EXPECT_EQ(census_.CutOff(start + 30s), 1U);
  EXPECT_EQ(census_.CutOff(start + 31s), 0U);
  EXPECT_EQ(read(ends[1], &byte, 1), 0);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace pathwitness
