#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "probes/base/ip_address.h"
#include "probes/base/time.h"
#include "probes/packet/probe_codec.h"

namespace pathwitness {

/// One answer of one responder to one TTL-limited probe.
struct HopReply {
  IpAddress responder;
  Duration round_trip{};
  ReplyKind kind = ReplyKind::TimeExceeded;
  std::uint8_t reply_ttl = 0;
  std::optional<std::uint8_t> quoted_ttl;
  std::vector<MplsLabel> mpls;

  bool operator==(const HopReply&) const = default;
};

/// What one TTL showed in a round. `sent` is 0 when the responder's turn did not come: it answers
/// so many paths that each is probed in some rounds only.
struct Hop {
  std::uint8_t ttl = 0;
  std::uint32_t sent = 0;
  std::uint32_t late = 0;         // answered between timeout and 3x timeout
  std::vector<HopReply> replies;  // in the order of arrival, late ones not among them

  // What others found out since the round before about responders that this path shares with them.
  std::uint32_t credited = 0;          // their probes
  std::uint32_t credited_missing = 0;  // of those, without any answer
  /// Who stands here on this flow as far as is known, when `sent` is 0: not probed is not silent.
  std::optional<IpAddress> known_responder;

  bool operator==(const Hop&) const = default;
};

/// One pass over the path of one target, on one flow, and the end-to-end probes sent meanwhile.
/// Hops are in TTL order and end at the destination, or at the last responding hop plus silence.
struct Round {
  std::uint64_t number = 0;
  WallTime started;
  IpAddress destination;
  IpAddress source;
  std::uint16_t flow = 0;  // index of the flow, not its port
  std::vector<Hop> hops;
  std::uint8_t destination_hop = 0;      // 0: not reached
  std::uint8_t last_responding_hop = 0;  // 0: none

  std::uint32_t end_to_end_sent = 0;
  std::uint32_t end_to_end_late = 0;
  std::uint32_t end_to_end_lost = 0;

  bool operator==(const Round&) const = default;
};

}  // namespace pathwitness
