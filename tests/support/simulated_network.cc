#include "tests/support/simulated_network.h"

#include <utility>

namespace pathwitness {
namespace {

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;

ProbeProtocol ProtocolOf(std::byte number) {
  switch (std::to_integer<int>(number)) {
    case 6:
      return ProbeProtocol::Tcp;
    case 17:
      return ProbeProtocol::Udp;
    default:
      return ProbeProtocol::Icmp;
  }
}

/// What a socket would make of a whole packet without header options.
WireReply ToWireReply(std::span<const std::byte> packet) {
  const bool is_ipv4 = (packet[0] >> 4U) == std::byte{4};
  if (is_ipv4) {
    return {.protocol = ProtocolOf(packet[9]),
            .source = IpAddress::FromBytes(IpFamily::Ipv4, packet.subspan(12, 4)),
            .ttl = std::to_integer<std::uint8_t>(packet[8]),
            .message = packet.subspan(kIpv4Header)};
  }
  return {.protocol = ProtocolOf(packet[6]),
          .source = IpAddress::FromBytes(IpFamily::Ipv6, packet.subspan(8, 16)),
          .ttl = std::to_integer<std::uint8_t>(packet[7]),
          .message = packet.subspan(kIpv6Header)};
}

}  // namespace

SimulatedNetwork::SimulatedNetwork(Scenario scenario, const FakeClock& clock)
    : clock_(clock), model_(std::move(scenario), clock.Now()) {}

void SimulatedNetwork::Send(std::span<const Outgoing> batch) {
  for (const Outgoing& outgoing : batch) {
    if (send_error_) {
      reports_.push_back({.id = outgoing.id, .error = send_error_, .sent = {}});
      continue;
    }
    log_.push_back({.at = clock_.Now(), .probe = outgoing.probe});
    reports_.push_back({.id = outgoing.id, .error = {}, .sent = clock_.Now()});
    AnswerBuffer buffer{};
    const std::size_t size = WriteProbe(outgoing.probe, buffer);
    if (std::optional<WireProbe> probe = ReadProbe(std::span(buffer).first(size))) {
      records_.push_back(model_.Handle(*probe, clock_.Now(), records_.size(), answers_));
    }
  }
}

Arrivals SimulatedNetwork::Receive() {
  for (Answer& answer : handed_answers_) {
    answers_.Recycle(std::move(answer));
  }
  handed_answers_.clear();
  datagrams_.clear();
  while (answers_.NextDue() <= clock_.Now()) {
    handed_answers_.push_back(answers_.Pop());
  }
  for (const Answer& answer : handed_answers_) {
    datagrams_.push_back({.reply = ToWireReply(answer.Packet()), .received = answer.due});
  }
  handed_reports_ = std::exchange(reports_, {});
  return {.datagrams = datagrams_, .sends = handed_reports_};
}

IpAddress SimulatedNetwork::SourceFor(const IpAddress& destination, const PacketRoute&,
                                      std::error_code& error) {
  error = route_error_;
  return destination.Family() == IpFamily::Ipv4 ? *IpAddress::Parse("192.0.2.10")
                                                : *IpAddress::Parse("2001:db8::10");
}

bool SimulatedNetwork::Supports(ProbeProtocol, IpFamily) const {
  return true;
}

}  // namespace pathwitness
