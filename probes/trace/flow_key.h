#pragma once

#include <cstdint>
#include <functional>

#include "probes/base/ip_address.h"
#include "probes/packet/probe_codec.h"

namespace pathwitness {

/// What every reply names of the probe that it answers.
struct FlowKey {
  IpAddress destination;
  ProbeProtocol protocol = ProbeProtocol::Icmp;
  std::uint16_t flow_port = 0;

  bool operator==(const FlowKey&) const = default;
};

/// Never 0. Two flows with one hash would be offered each other's replies, as two targets with one
/// address and port are anyway; tokens tell them apart.
inline std::uint64_t HashOf(const FlowKey& key) {
  const std::uint64_t rest =
      key.flow_port | static_cast<std::uint64_t>(key.protocol) << 16U | std::uint64_t{1} << 24U;
  std::uint64_t hash = std::hash<IpAddress>()(key.destination) ^ (rest * 0x9e3779b97f4a7c15ULL);
  hash = (hash ^ (hash >> 32U)) * 0xd6e8feb86659fd93ULL;
  return (hash ^ (hash >> 32U)) | 1U;
}

}  // namespace pathwitness
