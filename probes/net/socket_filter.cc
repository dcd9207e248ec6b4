#include "probes/net/socket_filter.h"

#include <linux/filter.h>
#include <netinet/icmp6.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <system_error>
#include <vector>

#include "probes/net/socket.h"

namespace pathwitness {
namespace {

constexpr std::uint32_t kFlowPorts = kFlowPortBase;
constexpr std::uint32_t kPass = 0xFFFFFFFF;

// A classic BPF program whose jumps name their target, not a distance. A load past the end of the
// packet drops it.
class Program {
 public:
  void Step(std::uint16_t code, std::uint32_t value) {
    instructions_.push_back({.code = code, .jt = 0, .jf = 0, .k = value});
  }
  void Byte(std::uint32_t offset) { Step(BPF_LD | BPF_B | BPF_ABS, offset); }
  void Half(std::uint32_t offset) { Step(BPF_LD | BPF_H | BPF_ABS, offset); }
  void ByteAtX(std::uint32_t offset) { Step(BPF_LD | BPF_B | BPF_IND, offset); }
  void HalfAtX(std::uint32_t offset) { Step(BPF_LD | BPF_H | BPF_IND, offset); }
  /// X becomes the length of the IPv4 header at `offset`.
  void HeaderLengthToX(std::uint32_t offset) { Step(BPF_LDX | BPF_B | BPF_MSH, offset); }

  void PassIfEqual(std::uint32_t value) {
    Jump(BPF_JEQ, value, 0, 1);
    Return(kPass);
  }
  void DropUnlessEqual(std::uint32_t value) {
    Jump(BPF_JEQ, value, 1, 0);
    Return(0);
  }
  void DropUnlessAnyBit(std::uint32_t bits) {
    Jump(BPF_JSET, bits, 1, 0);
    Return(0);
  }
  /// Ends the program: passes what holds a flow port.
  void PassIfFlowPort() {
    Jump(BPF_JGE, kFlowPorts, 0, 1);
    Return(kPass);
    Return(0);
  }
  /// Runs `block`, which must end the program, when the accumulator equals `value`.
  template <typename Block>
  void WhenEqual(std::uint32_t value, Block block) {
    const std::size_t jump = instructions_.size();
    Jump(BPF_JEQ, value, 0, 0);
    block();
    instructions_[jump].jf = static_cast<std::uint8_t>(instructions_.size() - jump - 1);
  }
  void Return(std::uint32_t value) { Step(BPF_RET | BPF_K, value); }

  std::span<sock_filter> Instructions() { return instructions_; }

 private:
  void Jump(std::uint16_t condition, std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
    const auto code = static_cast<std::uint16_t>(BPF_JMP | BPF_K | condition);
    instructions_.push_back({.code = code, .jt = yes, .jf = no, .k = value});
  }

  std::vector<sock_filter> instructions_;
};

constexpr std::uint32_t kIcmpHeaderBytes = 8;
constexpr std::uint32_t kIdentifierOffset = 4;  // of an echo message

// The accumulator holds the quoted protocol; X + `base` is where the quoted message starts.
void PassQuotedFlow(Program& program, IpFamily family, std::uint32_t base) {
  const std::uint32_t echo = family == IpFamily::Ipv4 ? 8 : ICMP6_ECHO_REQUEST;
  const std::uint32_t icmp_number = IpProtocolNumber(ProbeProtocol::Icmp, family);
  program.WhenEqual(icmp_number, [&] {
    program.ByteAtX(base);
    program.DropUnlessEqual(echo);
    program.HalfAtX(base + kIdentifierOffset);
    program.PassIfFlowPort();
  });
  for (const std::uint32_t ported : {IPPROTO_UDP, IPPROTO_TCP}) {
    program.WhenEqual(ported, [&] {
      program.HalfAtX(base);
      program.PassIfFlowPort();
    });
  }
}

Program IcmpV4Filter() {
  constexpr std::uint32_t kEchoReply = 0;
  constexpr std::uint32_t kUnreachable = 3;
  constexpr std::uint32_t kTimeExceeded = 11;
  constexpr std::uint32_t kProtocolOffset = 9;
  Program program;
  program.HeaderLengthToX(0);
  program.ByteAtX(0);
  program.WhenEqual(kEchoReply, [&] {
    program.HalfAtX(kIdentifierOffset);
    program.PassIfFlowPort();
  });
  const auto quote = [&] {
    // The quoted header's length is added to X by way of the accumulator; its protocol waits in
    // the scratch memory.
    program.ByteAtX(kIcmpHeaderBytes + kProtocolOffset);
    program.Step(BPF_ST, 0);
    program.ByteAtX(kIcmpHeaderBytes);
    program.Step(BPF_ALU | BPF_AND | BPF_K, 0x0F);
    program.Step(BPF_ALU | BPF_LSH | BPF_K, 2);
    program.Step(BPF_ALU | BPF_ADD | BPF_X, 0);
    program.Step(BPF_MISC | BPF_TAX, 0);
    program.Step(BPF_LD | BPF_MEM, 0);
    PassQuotedFlow(program, IpFamily::Ipv4, kIcmpHeaderBytes);
    program.Return(0);
  };
  program.WhenEqual(kUnreachable, quote);
  program.WhenEqual(kTimeExceeded, quote);
  program.Return(0);
  return program;
}

Program IcmpV6Filter() {
  constexpr std::uint32_t kNextHeaderOffset = kIcmpHeaderBytes + 6;
  constexpr std::uint32_t kQuotedMessage = kIcmpHeaderBytes + 40;
  Program program;
  program.Byte(0);
  program.WhenEqual(ICMP6_ECHO_REPLY, [&] {
    program.Half(kIdentifierOffset);
    program.PassIfFlowPort();
  });
  program.Step(BPF_LDX | BPF_IMM, 0);
  program.Byte(kNextHeaderOffset);
  for (const std::uint32_t extension : {IPPROTO_HOPOPTS, IPPROTO_FRAGMENT, IPPROTO_DSTOPTS}) {
    program.PassIfEqual(extension);  // rare; the decoder looks behind it
  }
  PassQuotedFlow(program, IpFamily::Ipv6, kQuotedMessage);
  program.Return(0);
  return program;
}

Program PortFilter(ProbeProtocol protocol, IpFamily family) {
  constexpr std::uint32_t kFlagsOffset = 13;
  constexpr std::uint32_t kSynOrRst = 0x06;
  constexpr std::uint32_t kDestinationPort = 2;
  Program program;
  if (family == IpFamily::Ipv4) {
    program.HeaderLengthToX(0);
  } else {
    program.Step(BPF_LDX | BPF_IMM, 0);
  }
  if (protocol == ProbeProtocol::Tcp) {
    program.ByteAtX(kFlagsOffset);
    program.DropUnlessAnyBit(kSynOrRst);
  }
  program.HalfAtX(kDestinationPort);
  program.PassIfFlowPort();
  return program;
}

Program FilterFor(ProbeProtocol protocol, IpFamily family) {
  if (protocol != ProbeProtocol::Icmp) {
    return PortFilter(protocol, family);
  }
  return family == IpFamily::Ipv4 ? IcmpV4Filter() : IcmpV6Filter();
}

// ICMPv6 carries neighbour discovery too; this keeps it away before any filter runs.
bool PassAnswerTypesOnly(int descriptor) {
  icmp6_filter filter{};
  std::ranges::fill(filter.icmp6_filt, ~0U);
  // A set bit blocks.
  for (const int type : {ICMP6_DST_UNREACH, ICMP6_PACKET_TOO_BIG, ICMP6_TIME_EXCEEDED,
                         ICMP6_PARAM_PROB, ICMP6_ECHO_REPLY}) {
    const auto bit = static_cast<unsigned>(type);
    filter.icmp6_filt[bit / 32] &= ~(1U << (bit % 32));
  }
  return setsockopt(descriptor, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter) == 0;
}

}  // namespace

void AttachAnswerFilter(int descriptor, ProbeProtocol protocol, IpFamily family) {
  Program program = FilterFor(protocol, family);
  const std::span<sock_filter> instructions = program.Instructions();
  const sock_fprog attached = {.len = static_cast<unsigned short>(instructions.size()),
                               .filter = instructions.data()};
  const bool is_icmp_v6 = protocol == ProbeProtocol::Icmp && family == IpFamily::Ipv6;
  if (setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof attached) != 0 ||
      (is_icmp_v6 && !PassAnswerTypesOnly(descriptor))) {
    throw std::system_error(errno, std::system_category(), "cannot filter a raw socket");
  }
}

}  // namespace pathwitness
