#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "tests/chaos/chaos.h"
#include "tests/support/dns_server.h"

// What is between the program and what it measures.
namespace pathwitness {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;

/// Probes that were lost on their way: those that were not sent count as lost, too.
double LostOnTheWay(const std::string& metrics) {
  return SumIn(metrics, kLost) - SumIn(metrics, kUnsent);
}

TEST_F(Chaos, ADeadOrLyingNameServerCostsNoProbe) {
  std::unique_ptr<DnsServer> names;
  Begin([&] {
    names = std::make_unique<DnsServer>();
    names->Script("shop.example", {"203.0.113.9"}, 1);
    return "resolver: {servers: [\"" + names->Address() +
           "\"], timeout: 200ms, attempts: 1, min_ttl: 1s, retry_interval: 1s}\n"
           "targets:\n  - {name: here-to-shop, remove: true}\n"
           "  - {name: here-to-named, host: shop.example, families: [ipv4], trace: {protocols: "
           "[icmp], interval: 1s, flows: 1, end_to_end_interval: 100ms, timeout: 300ms}}\n";
  });
  constexpr std::string_view kFailures = "pathwitness_dns_lookup_failures_total";
  const auto other = *IpAddress::Parse("203.0.113.10");
  for (const auto kind : {DnsReply::Kind::Silence, DnsReply::Kind::Garbage, DnsReply::Kind::WrongId,
                          DnsReply::Kind::ServerFailure}) {
    names->Script("shop.example", IpFamily::Ipv4, {.kind = kind, .addresses = {other}});
    AwaitSum(kFailures, "", Sum(kFailures) + 1);
    Await(kAnswered, 5);
  }
  EXPECT_EQ(Sum("pathwitness_dns_address_changes_total"), 0);
  EXPECT_EQ(Sum(kLost), 0);
  ExpectHealthy();

  names->Script("shop.example", {"203.0.113.10"}, 1);
  AwaitSum("pathwitness_dns_address_changes_total", "", 1);
  Await(kAnswered, 10);
}

TEST_F(Chaos, AnInterfaceThatGoesDownIsThisMachinesFault) {
  Begin();
  world_->Do([] { RunTool("ip link set sim0 down"); });
  AwaitSum(kUnsent, "reason=\"no_route\"", 30);
  EXPECT_THAT(world_->MetricsUntil("state=\"local\""), HasSubstr("state=\"local\""));
  EXPECT_EQ(Sum("pathwitness_verdict_info", "owner=\"lab-"), 0);
  ExpectHealthy();
  // Those on their way when it went down.
  EXPECT_THAT(LostOnTheWay(Get("/metrics")), AllOf(Ge(0), Le(5)));

  world_->Do([] { RunTool("ip link set sim0 up; ip route add default dev sim0"); });
  Await(kAnswered, 20);
}

TEST_F(Chaos, AFullQueueOfTheKernelIsThisMachinesFault) {
  Begin();
  world_->Do([] { RunTool("tc qdisc replace dev sim0 root pfifo limit 0"); });
  AwaitSum(kUnsent, "reason=\"send_error\"", 30);
  EXPECT_GE(Sum("pathwitness_packet_send_errors_total", "error=\"ENOBUFS\""), 30);
  EXPECT_THAT(world_->MetricsUntil("state=\"local\""), HasSubstr("state=\"local\""));
  EXPECT_EQ(Sum("pathwitness_verdict_info", "owner=\"lab-"), 0);
  ExpectHealthy();
  EXPECT_EQ(LostOnTheWay(Get("/metrics")), 0);

  world_->Do([] { RunTool("tc qdisc del dev sim0 root"); });
  Await(kAnswered, 20);
}

TEST_F(Chaos, AnotherAddressOfOurOwnIsTakenUp) {
  Begin();
  world_->Do([] {
    RunTool(
        "ip address add 192.0.2.2/32 dev sim0; ip address del 192.0.2.1/32 dev sim0 || "
        "ip address del 192.0.2.1/24 dev sim0; ip route replace default dev sim0");
  });
  Await(kAnswered, 30);
  ExpectHealthy();
}

TEST_F(Chaos, MalformedPacketsAreCountedAndBelievedNowhere) {
  Begin();
  world_->Do([] { SendMalformed("192.0.2.1", 30'000); });
  Await(kAnswered, 10);
  EXPECT_EQ(Sum(kLost), 0);
  EXPECT_EQ(Sum("pathwitness_replies_spoofed_total"), 0);
  EXPECT_EQ(Sum("pathwitness_receive_drops_total"), 0);
  ExpectHealthy();
}

}  // namespace
}  // namespace pathwitness
