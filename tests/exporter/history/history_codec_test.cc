#include "exporter/history/history_codec.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/diagnosis/path_text.h"

namespace pathwitness {
namespace {

DurationStats Times(std::initializer_list<double> milliseconds) {
  DurationStats stats;
  for (const double value : milliseconds) {
    stats.Add(value / 1000);
  }
  return stats;
}

TraceStats SomeTrace() {
  TraceStats stats{.rounds = 6};
  stats.end_to_end = {
      .sent = 60, .lost = 3, .late = 1, .unsent = 2, .round_trips = 56, .round_trip_sum = 1.25};
  stats.hops = {
      {.sent = 6, .received = 6, .round_trips = Times({1, 2, 3, 2, 1, 1.5})},
      {.sent = 1, .received = 1, .round_trips = Times({7.25})},
      {.sent = 6},
      {.sent = 16, .received = 9, .late = 2, .credited = 10, .round_trips = Times({20, 19})}};
  return stats;
}

TraceStats Decoded(const TraceStats& stats) {
  const auto bucket = DecodeBucket(EncodeRouteIds({}) + EncodeStats(stats));
  return std::get<TraceStats>(bucket.value().stats);
}

TEST(HistoryCodec, CountsOfAPathComeBack) {
  const TraceStats stats = SomeTrace();
  const TraceStats back = Decoded(stats);
  EXPECT_EQ(back.rounds, stats.rounds);
  EXPECT_EQ(back.end_to_end, stats.end_to_end);
  ASSERT_EQ(back.hops.size(), stats.hops.size());
  for (std::size_t i = 0; i < stats.hops.size(); ++i) {
    EXPECT_EQ(back.hops[i].sent, stats.hops[i].sent) << i;
    EXPECT_EQ(back.hops[i].Lost(), stats.hops[i].Lost()) << i;
    EXPECT_EQ(back.hops[i].late, stats.hops[i].late) << i;
    EXPECT_EQ(back.hops[i].credited, stats.hops[i].credited) << i;
    EXPECT_EQ(back.hops[i].round_trips.count, stats.hops[i].round_trips.count) << i;
  }
}

TEST(HistoryCodec, FiguresOfFlowsComeBack) {
  TraceStats stats = SomeTrace();
  stats.flows = {{.sent = 300, .lost = 0}, {.sent = 299, .lost = 7}};
  EXPECT_EQ(Decoded(stats).flows, stats.flows);
}

TEST(HistoryCodec, AFlowThatLostMoreThanItSentIsDamage) {
  TraceStats stats;
  stats.flows = {{.sent = 3, .lost = 0}, {.sent = 3, .lost = 4}};
  EXPECT_FALSE(DecodeBucket(EncodeRouteIds({}) + EncodeStats(stats)).has_value());
}

TEST(HistoryCodec, FourQuietFlowsTakeNineBytes) {
  TraceStats stats;
  const std::size_t without = EncodeStats(stats).size();
  stats.flows.assign(4, {.sent = 15, .lost = 0});
  EXPECT_EQ(EncodeStats(stats).size(), without + 9);
}

TEST(HistoryCodec, DurationsComeBackToTheMicrosecond) {
  const DurationStats before = SomeTrace().hops[0].round_trips;
  const DurationStats after = Decoded(SomeTrace()).hops[0].round_trips;
  EXPECT_NEAR(after.min, before.min, 1e-6);
  EXPECT_NEAR(after.max, before.max, 1e-6);
  EXPECT_NEAR(after.last, before.last, 1e-6);
  EXPECT_NEAR(after.mean, before.mean, 1e-6);
  EXPECT_NEAR(after.Deviation(), before.Deviation(), 1e-6);
}

TEST(HistoryCodec, AHopOfOneAnsweredProbeTakesFourBytes) {
  TraceStats one;
  one.hops = {{.sent = 1, .received = 1, .round_trips = Times({15.5})}};
  EXPECT_EQ(EncodeStats(one).size(), EncodeStats(TraceStats()).size() + 4);
}

TEST(HistoryCodec, AServiceComesBack) {
  HttpsStats stats{.requests = 5, .durations = Times({100, 200}), .last_status = 503};
  stats.failures[static_cast<std::size_t>(HttpFailure::Status)] = 2;
  stats.phases[1] = {.count = 5, .sum = 0.125};
  const auto bucket = DecodeBucket(EncodeRouteIds({}) + EncodeStats(stats));
  const HttpsStats back = std::get<HttpsStats>(bucket.value().stats);
  EXPECT_EQ(back.requests, stats.requests);
  EXPECT_EQ(back.failures, stats.failures);
  EXPECT_EQ(back.phases, stats.phases);
  EXPECT_EQ(back.last_status, 503);
  EXPECT_NEAR(back.durations.mean, 0.15, 1e-6);
}

TEST(HistoryCodec, CountsOfBothDirectionsComeBack) {
  const OneWayStats stats{.forward = {.packets = 20, .lost = 3}, .backward = {.packets = 17}};
  const auto bucket = DecodeBucket(EncodeRouteIds({}) + EncodeStats(stats));
  EXPECT_EQ(std::get<OneWayStats>(bucket.value().stats), stats);
}

TEST(HistoryCodec, MoreLostThanSentOneWayIsDamage) {
  const OneWayStats stats{.backward = {.packets = 1, .lost = 2}};
  EXPECT_FALSE(DecodeBucket(EncodeRouteIds({}) + EncodeStats(stats)));
}

TEST(HistoryCodec, ARouteComesBack) {
  const Route route{.source = Address("2001:db8::1"),
                    .destination = Address("2001:db8::2"),
                    .is_reached = true,
                    .hops = {Address("2001:db8::3"), std::nullopt, Address("192.0.2.7")}};
  EXPECT_EQ(DecodeRoute(EncodeRoute(route)), route);
}

TEST(HistoryCodec, AChangeOfARouteComesBack) {
  RouteEvent event{.round = 700,
                   .at = WallTime(std::chrono::milliseconds(1767225600123)),
                   .flow = 3,
                   .ttl = 4,
                   .last_common_ttl = 3,
                   .last_common = Address("192.0.2.3"),
                   .rejoin_ttl_before = 6,
                   .rejoin_ttl = 7,
                   .length_delta = -1,
                   .is_loop = true,
                   .before = PathOf("192.0.2.1 * 192.0.2.3|192.0.2.4"),
                   .after = PathOf("192.0.2.1")};
  const auto back = DecodeRouteChange(EncodeRouteChange(event, RouteChangeClass::InterAs));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->event, event);
  EXPECT_EQ(back->kind, RouteChangeClass::InterAs);
}

TEST(HistoryCodec, CutOffBytesAreNotUnderstood) {
  const std::string bytes = EncodeRouteIds({4711}) + EncodeStats(SomeTrace());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeBucket(bytes.substr(0, size))) << size;
  }
  EXPECT_FALSE(DecodeBucket(bytes + "x"));
}

TEST(HistoryCodec, MoreAnswersThanProbesAreNotUnderstood) {
  TraceStats stats;
  stats.hops = {{.sent = 1, .received = 2}};
  EXPECT_FALSE(DecodeBucket(EncodeRouteIds({}) + EncodeStats(stats)));
}

TEST(DurationStats, JoinedIsAsIfAddedOneByOne) {
  DurationStats parts = Times({1, 5});
  parts.Merge(Times({2, 2, 9}));
  const DurationStats whole = Times({1, 5, 2, 2, 9});
  EXPECT_EQ(parts.count, whole.count);
  EXPECT_DOUBLE_EQ(parts.mean, whole.mean);
  EXPECT_DOUBLE_EQ(parts.Deviation(), whole.Deviation());
  EXPECT_EQ(parts.last, 0.009);
}

}  // namespace
}  // namespace pathwitness
