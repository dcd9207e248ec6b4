#include "exporter/history/history_codec.h"

#include <chrono>
#include <utility>

#include "exporter/history/byte_stream.h"

namespace pathwitness {
namespace {

constexpr std::size_t kMostHops = 255;
constexpr std::size_t kMostAddresses = 255;  // of a hop
constexpr std::size_t kMostFlows = 255;

// What a bucket's bytes begin with, behind the route ids. Another layout gets another number.
constexpr std::uint8_t kTrace = 1;
constexpr std::uint8_t kHttps = 2;
constexpr std::uint8_t kTraceOfFlows = 3;  // as kTrace, with figures of each flow behind
constexpr std::uint8_t kOneWay = 4;

// Of a hop: what need not be said.
constexpr std::uint8_t kAllInTime = 1U << 0U;  // received equals sent
constexpr std::uint8_t kNoneLate = 1U << 1U;
constexpr std::uint8_t kNoneCredited = 1U << 2U;
constexpr std::uint8_t kAllTimed = 1U << 3U;  // each that was received has a round trip

constexpr std::uint8_t FlagIf(bool holds, std::uint8_t flag) {
  return holds ? flag : std::uint8_t{0};
}

// One alone is its own minimum, mean and maximum. The others lie above the minimum, and are so
// shorter numbers.
void WriteDurations(ByteWriter& writer, const DurationStats& stats) {
  if (stats.count == 0) {
    return;
  }
  writer.Microseconds(stats.min);
  if (stats.count > 1) {
    writer.Microseconds(stats.last - stats.min);
    writer.Microseconds(stats.max - stats.min);
    writer.Microseconds(stats.mean - stats.min);
    writer.Microseconds(stats.Deviation());
  }
}

DurationStats ReadDurations(ByteReader& reader, std::uint64_t count) {
  DurationStats stats;
  if (count == 0) {
    return stats;
  }
  const double min = reader.Microseconds();
  stats = {.count = count, .last = min, .min = min, .max = min, .mean = min};
  if (count > 1) {
    stats.last += reader.Microseconds();
    stats.max += reader.Microseconds();
    stats.mean += reader.Microseconds();
    const double deviation = reader.Microseconds();
    stats.squares = deviation * deviation * static_cast<double>(count - 1);
  }
  return stats;
}

void WriteHop(ByteWriter& writer, const HopStats& hop) {
  writer.Byte(static_cast<std::uint8_t>(FlagIf(hop.received == hop.sent, kAllInTime) |
                                        FlagIf(hop.late == 0, kNoneLate) |
                                        FlagIf(hop.credited == 0, kNoneCredited) |
                                        FlagIf(hop.round_trips.count == hop.received, kAllTimed)));
  writer.Number(hop.sent);
  if (hop.received != hop.sent) {
    writer.Number(hop.received);
  }
  if (hop.late != 0) {
    writer.Number(hop.late);
  }
  if (hop.credited != 0) {
    writer.Number(hop.credited);
  }
  if (hop.round_trips.count != hop.received) {
    writer.Number(hop.round_trips.count);
  }
  WriteDurations(writer, hop.round_trips);
}

HopStats ReadHop(ByteReader& reader) {
  const std::uint8_t flags = reader.Byte();
  const auto is = [flags](std::uint8_t flag) { return (flags & flag) != 0; };
  HopStats hop;
  hop.sent = reader.Number();
  hop.received = is(kAllInTime) ? hop.sent : reader.Number();
  hop.late = is(kNoneLate) ? 0 : reader.Number();
  hop.credited = is(kNoneCredited) ? 0 : reader.Number();
  hop.round_trips = ReadDurations(reader, is(kAllTimed) ? hop.received : reader.Number());
  if (hop.received > hop.sent || hop.late > hop.sent - hop.received) {
    reader.Fail();
  }
  return hop;
}

// What one flow lost alone is what all lost.
void Write(ByteWriter& writer, const TraceStats& stats) {
  const bool has_flows = stats.flows.size() > 1;
  writer.Byte(has_flows ? kTraceOfFlows : kTrace);
  writer.Number(stats.rounds);
  const EndToEndStats& all = stats.end_to_end;
  for (const std::uint64_t count : {all.sent, all.lost, all.late, all.unsent, all.round_trips}) {
    writer.Number(count);
  }
  writer.Microseconds(all.round_trip_sum);
  writer.Number(stats.hops.size());
  for (const HopStats& hop : stats.hops) {
    WriteHop(writer, hop);
  }
  if (has_flows) {
    writer.Number(stats.flows.size());
    for (const FlowStats& flow : stats.flows) {
      writer.Number(flow.sent);
      writer.Number(flow.lost);
    }
  }
}

void ReadFlows(ByteReader& reader, TraceStats& stats) {
  stats.flows.resize(reader.Count(kMostFlows));
  for (FlowStats& flow : stats.flows) {
    flow.sent = reader.Number();
    flow.lost = reader.Number();
    if (flow.lost > flow.sent) {
      reader.Fail();
    }
  }
}

TraceStats ReadTrace(ByteReader& reader, bool has_flows) {
  TraceStats stats;
  stats.rounds = reader.Number();
  EndToEndStats& all = stats.end_to_end;
  for (std::uint64_t* const count :
       {&all.sent, &all.lost, &all.late, &all.unsent, &all.round_trips}) {
    *count = reader.Number();
  }
  all.round_trip_sum = reader.Microseconds();
  if (all.lost > all.sent || all.late > all.sent - all.lost) {
    reader.Fail();
  }
  stats.hops.resize(reader.Count(kMostHops));
  for (HopStats& hop : stats.hops) {
    hop = ReadHop(reader);
  }
  if (has_flows) {
    ReadFlows(reader, stats);
  }
  return stats;
}

void Write(ByteWriter& writer, const HttpsStats& stats) {
  writer.Byte(kHttps);
  writer.Number(stats.requests);
  writer.Number(static_cast<std::uint64_t>(stats.last_status));
  writer.Number(stats.durations.count);
  WriteDurations(writer, stats.durations);
  for (const HttpsStats::Phase& phase : stats.phases) {
    writer.Number(phase.count);
    writer.Microseconds(phase.sum);
  }
  for (const std::uint64_t count : stats.failures) {
    writer.Number(count);
  }
}

HttpsStats ReadHttps(ByteReader& reader) {
  constexpr std::uint64_t kHighestStatus = 999;
  HttpsStats stats;
  stats.requests = reader.Number();
  const std::uint64_t status = reader.Number();
  stats.last_status = status <= kHighestStatus ? static_cast<int>(status) : 0;
  stats.durations = ReadDurations(reader, reader.Number());
  for (HttpsStats::Phase& phase : stats.phases) {
    phase.count = reader.Number();
    phase.sum = reader.Microseconds();
  }
  for (std::uint64_t& count : stats.failures) {
    count = reader.Number();
  }
  return stats;
}

void Write(ByteWriter& writer, const OneWayStats& stats) {
  writer.Byte(kOneWay);
  for (const OneWayPackets& way : {stats.forward, stats.backward}) {
    writer.Number(way.packets);
    writer.Number(way.lost);
  }
}

OneWayStats ReadOneWay(ByteReader& reader) {
  OneWayStats stats;
  for (OneWayPackets* const way : {&stats.forward, &stats.backward}) {
    way->packets = reader.Number();
    way->lost = reader.Number();
    if (way->lost > way->packets) {
      reader.Fail();
    }
  }
  return stats;
}

void WriteView(ByteWriter& writer, const PathView& path) {
  writer.Number(path.size());
  for (const std::vector<IpAddress>& hop : path) {
    writer.Number(hop.size());
    for (const IpAddress& address : hop) {
      writer.Address(address);
    }
  }
}

PathView ReadView(ByteReader& reader) {
  PathView path(reader.Count(kMostHops));
  for (std::vector<IpAddress>& hop : path) {
    hop.resize(reader.Count(kMostAddresses));
    for (IpAddress& address : hop) {
      address = reader.Address().value_or(IpAddress());
    }
  }
  return path;
}

// A clock of nanoseconds ends in the year 2262: what is later is damage.
WallTime ReadTime(ByteReader& reader) {
  constexpr std::int64_t kLatest = 9'000'000'000'000;  // milliseconds, in 2255
  const std::int64_t time = reader.Signed();
  if (time < -kLatest || time > kLatest) {
    reader.Fail();
    return {};
  }
  return WallTime(std::chrono::milliseconds(time));
}

template <typename Value>
std::optional<Value> Whole(const ByteReader& reader, Value value) {
  if (reader.HasFailed() || !reader.IsAtEnd()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::string EncodeStats(const TraceStats& stats) {
  ByteWriter writer;
  Write(writer, stats);
  return writer.Take();
}

std::string EncodeStats(const HttpsStats& stats) {
  ByteWriter writer;
  Write(writer, stats);
  return writer.Take();
}

std::string EncodeStats(const OneWayStats& stats) {
  ByteWriter writer;
  Write(writer, stats);
  return writer.Take();
}

std::string EncodeRouteIds(const RouteIds& ids) {
  ByteWriter writer;
  writer.Number(ids.size());
  for (const std::int64_t id : ids) {
    writer.Number(static_cast<std::uint64_t>(id));
  }
  return writer.Take();
}

std::optional<DecodedBucket> DecodeBucket(std::string_view bytes) {
  ByteReader reader(bytes);
  DecodedBucket bucket;
  bucket.route_ids.resize(reader.Count(TraceStats::kMostRoutes));
  for (std::int64_t& id : bucket.route_ids) {
    id = static_cast<std::int64_t>(reader.Number());
  }
  const std::uint8_t kind = reader.Byte();
  switch (kind) {
    case kTrace:
    case kTraceOfFlows:
      bucket.stats = ReadTrace(reader, kind == kTraceOfFlows);
      break;
    case kHttps:
      bucket.stats = ReadHttps(reader);
      break;
    case kOneWay:
      bucket.stats = ReadOneWay(reader);
      break;
    default:
      return std::nullopt;
  }
  return Whole(reader, std::move(bucket));
}

std::string EncodeRoute(const Route& route) {
  ByteWriter writer;
  writer.Address(route.source);
  writer.Address(route.destination);
  writer.Byte(route.is_reached ? 1 : 0);
  writer.Number(route.hops.size());
  for (const std::optional<IpAddress>& hop : route.hops) {
    writer.Address(hop);
  }
  return writer.Take();
}

std::optional<Route> DecodeRoute(std::string_view bytes) {
  ByteReader reader(bytes);
  Route route;
  route.source = reader.Address().value_or(IpAddress());
  route.destination = reader.Address().value_or(IpAddress());
  route.is_reached = reader.Byte() != 0;
  route.hops.resize(reader.Count(kMostHops));
  for (std::optional<IpAddress>& hop : route.hops) {
    hop = reader.Address();
  }
  return Whole(reader, std::move(route));
}

std::string EncodeRouteChange(const RouteEvent& event, RouteChangeClass kind) {
  ByteWriter writer;
  writer.Byte(static_cast<std::uint8_t>(kind));
  writer.Byte(static_cast<std::uint8_t>(event.kind));
  writer.Number(event.round);
  writer.Signed(
      std::chrono::duration_cast<std::chrono::milliseconds>(event.at.time_since_epoch()).count());
  writer.Number(event.flow);
  for (const std::uint8_t ttl :
       {event.ttl, event.last_common_ttl, event.rejoin_ttl_before, event.rejoin_ttl}) {
    writer.Byte(ttl);
  }
  writer.Address(event.last_common);
  writer.Byte(event.length_delta ? 1 : 0);
  writer.Signed(event.length_delta.value_or(0));
  writer.Byte(event.is_loop ? 1 : 0);
  WriteView(writer, event.before);
  WriteView(writer, event.after);
  return writer.Take();
}

std::optional<DecodedRouteChange> DecodeRouteChange(std::string_view bytes) {
  ByteReader reader(bytes);
  DecodedRouteChange change;
  RouteEvent& event = change.event;
  const std::uint8_t route_class = reader.Byte();
  const std::uint8_t kind = reader.Byte();
  if (route_class > static_cast<std::uint8_t>(RouteChangeClass::Unknown) ||
      kind > static_cast<std::uint8_t>(RouteEventKind::HopWentSilent)) {
    return std::nullopt;
  }
  change.kind = static_cast<RouteChangeClass>(route_class);
  event.kind = static_cast<RouteEventKind>(kind);
  event.round = reader.Number();
  event.at = ReadTime(reader);
  event.flow = static_cast<std::uint16_t>(reader.Number());
  for (std::uint8_t* const ttl :
       {&event.ttl, &event.last_common_ttl, &event.rejoin_ttl_before, &event.rejoin_ttl}) {
    *ttl = reader.Byte();
  }
  event.last_common = reader.Address();
  const bool has_delta = reader.Byte() != 0;
  const std::int64_t delta = reader.Signed();
  event.length_delta = has_delta ? std::optional(static_cast<int>(delta)) : std::nullopt;
  event.is_loop = reader.Byte() != 0;
  event.before = ReadView(reader);
  event.after = ReadView(reader);
  return Whole(reader, std::move(change));
}

}  // namespace pathwitness
