#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "probes/packet/bytes.h"
#include "probes/packet/checksum.h"
#include "probes/packet/probe_codec.h"

namespace pathwitness {
namespace {

// The first byte of the input chooses protocol and family. The ICMPv4 checksum is made right, or
// the fuzzer would not get past it.
void Decode(std::span<std::byte> input) {
  const auto choice = std::to_integer<unsigned>(input.front());
  const std::span<std::byte> message = input.subspan(1);
  const IpFamily family = (choice & 1U) == 0 ? IpFamily::Ipv4 : IpFamily::Ipv6;
  const auto protocol = static_cast<ProbeProtocol>((choice >> 1U) % 3);
  if (protocol == ProbeProtocol::Icmp && family == IpFamily::Ipv4 && message.size() >= 4) {
    ByteWriter(message.subspan(2)).U16(0);
    ByteWriter(message.subspan(2)).U16(ChecksumSum().Add(message).Checksum());
  }
  const auto decoded = DecodeReply(
      {.protocol = protocol, .source = IpAddress::Any(family), .ttl = 1, .message = message});
  const auto* reply = std::get_if<ProbeReply>(&decoded);
  if (reply != nullptr && (!IsFlowPort(reply->flow_port) || reply->mpls.size() > 16)) {
    __builtin_trap();
  }
}

}  // namespace
}  // namespace pathwitness

// libFuzzer's entry; the name is its own.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  std::vector<std::byte> input(size);
  std::memcpy(input.data(), bytes, size);
  pathwitness::Decode(input);
  return 0;
}
