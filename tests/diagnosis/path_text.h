#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "diagnosis/path_alignment.h"
#include "probes/trace/round.h"

// Paths as text: one word for each TTL, "*" for silence, "a|b" for two responders.
namespace pathwitness {

inline IpAddress Address(const std::string& text) {
  return IpAddress::Parse(text).value();
}

inline std::vector<std::string> SplitAt(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    parts.push_back(part);
  }
  return parts;
}

inline PathView PathOf(const std::string& text) {
  PathView path;
  for (const std::string& word : SplitAt(text, ' ')) {
    path.emplace_back();
    for (const std::string& address : SplitAt(word == "*" ? "" : word, '|')) {
      path.back().push_back(Address(address));
    }
  }
  return path;
}

/// A round whose replies are those of `path`; the destination is 203.0.113.200, and reached where
/// that address stands.
inline Round RoundOf(const std::string& path, std::uint16_t flow = 0) {
  Round round;
  round.flow = flow;
  round.source = Address("192.0.2.10");
  round.destination = Address("203.0.113.200");
  for (const std::vector<IpAddress>& addresses : PathOf(path)) {
    Hop& hop = round.hops.emplace_back();
    hop.ttl = static_cast<std::uint8_t>(round.hops.size());
    hop.sent = 1;
    for (const IpAddress& address : addresses) {
      const bool is_end = address == round.destination;
      hop.replies.push_back(
          {.responder = address, .kind = is_end ? ReplyKind::Reached : ReplyKind::TimeExceeded});
      round.last_responding_hop = hop.ttl;
      if (is_end && round.destination_hop == 0) {
        round.destination_hop = hop.ttl;
      }
    }
  }
  return round;
}

}  // namespace pathwitness
