#include "probes/net/route_lookup.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <net/route.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>
#include <optional>

#include "tests/support/namespaces.h"

namespace pathwitness {
namespace {

class RouteLookupTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = EnterFreshNamespace(); !why.empty()) {
      GTEST_SKIP() << why;
    }
    lookup_ = std::make_unique<RouteLookup>(
        std::make_shared<const RouteSockets>(std::vector<std::uint32_t>{}));
  }

  IpAddress SourceFor(std::string_view destination, MonoTime now) {
    return lookup_->SourceFor(*IpAddress::Parse(destination), {}, now, error_);
  }

  std::unique_ptr<RouteLookup> lookup_;
  std::error_code error_;
  MonoTime now_{std::chrono::hours(1)};
};

TEST_F(RouteLookupTest, ANewRouteIsUsedWithinTwoSeconds) {
  SourceFor("192.0.2.9", now_);
  EXPECT_TRUE(error_);
  const OwnedDescriptor tun = OpenTun({});
  EXPECT_EQ(SourceFor("192.0.2.9", now_ + std::chrono::seconds(2)), *IpAddress::Parse("192.0.2.1"));
  EXPECT_FALSE(error_);
}

TEST_F(RouteLookupTest, AnAddressThatIsGoneIsUsedForTenSecondsAtMost) {
  std::optional<OwnedDescriptor> tun = OpenTun({});
  EXPECT_EQ(SourceFor("192.0.2.9", now_), *IpAddress::Parse("192.0.2.1"));
  EXPECT_EQ(SourceFor("192.0.2.9", now_ + std::chrono::seconds(30)),
            *IpAddress::Parse("192.0.2.1"));
  tun.reset();
  SourceFor("192.0.2.9", now_ + std::chrono::seconds(41));
  EXPECT_TRUE(error_);
}

TEST_F(RouteLookupTest, TheKernelTellsOfANewAddress) {
  RouteNews news;
  ASSERT_TRUE(news.IsTold());
  EXPECT_FALSE(news.Take());
  const OwnedDescriptor tun = OpenTun({});
  EXPECT_TRUE(news.Take());
}

// As while the address of a device is still being checked for duplicates: then, too, ::1 is the
// only address that the kernel has to offer.
TEST_F(RouteLookupTest, LoopbackIsNoSourceForOtherAddresses) {
  const OwnedDescriptor control(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  in6_rtmsg route{};
  route.rtmsg_flags = RTF_UP;
  route.rtmsg_metric = 1;
  route.rtmsg_ifindex = static_cast<int>(if_nametoindex("lo"));
  ASSERT_EQ(ioctl(control.Get(), SIOCADDRT, &route), 0) << std::strerror(errno);
  SourceFor("2001:db8:9::9", now_);
  EXPECT_EQ(error_, std::errc::address_not_available);
  EXPECT_EQ(SourceFor("::1", now_), *IpAddress::Parse("::1"));
  EXPECT_FALSE(error_);
}

}  // namespace
}  // namespace pathwitness
