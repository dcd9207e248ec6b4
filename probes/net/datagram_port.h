#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "probes/net/packet_port.h"
#include "probes/net/route_lookup.h"
#include "probes/net/socket.h"

namespace pathwitness {

/// Whether this user may open ping sockets (one of its groups must be in
/// net.ipv4.ping_group_range, which governs both families).
bool CanOpenPingSocket(IpFamily family);

/// The network without privileges: ping sockets and UDP sockets whose errors are read from their
/// error queues. TCP is not supported, nor are marks; the IP identification is the kernel's.
///
/// Such a socket has one local port, so there is one for each flow, opened when the flow is first
/// used and closed when it was not used for longest. What the kernel tells is put back into wire
/// form, so that DecodeReply reads it as if it had arrived like that. The kernel computes UDP
/// checksums itself and does not quote them: the token is found by the key in the quoted payload,
/// or, when that was cut off, when a single probe of that flow is on its way. There are receive
/// stamps, but no send stamps. MPLS labels are not told.
class DatagramPort final : public PacketPort {
 public:
  /// Throws std::system_error.
  DatagramPort();

  void Send(std::span<const Outgoing> batch) override;
  Arrivals Receive() override;
  int Descriptor() const override { return epoll_.Get(); }
  IpAddress SourceFor(const IpAddress& destination, const PacketRoute& route,
                      std::error_code& error) override;
  bool Supports(ProbeProtocol protocol, IpFamily family) const override;
  std::uint64_t ReceiveDrops() const override;

  /// ICMP errors about UDP that could not be ascribed to one probe.
  std::uint64_t Unmatched() const { return unmatched_; }

 private:
  struct Flow {
    ProbeProtocol protocol = ProbeProtocol::Icmp;
    IpFamily family = IpFamily::Ipv4;
    std::uint16_t port = 0;
    FileDescriptor socket = {};
    std::uint64_t last_used = 0;  // counts probes
    std::uint32_t drops = 0;
    std::deque<std::pair<MonoTime, ProbePacket>> in_flight = {};  // of UDP, oldest first
  };
  // A packet in wire form that waits for Receive or was handed over by it.
  struct Kept {
    std::vector<std::byte> message;
    Datagram datagram;
  };
  struct QueuedMessage;

  int SendOne(const Outgoing& outgoing);
  void Fill(const ProbePacket& probe, unsigned interface_index);
  Flow* FlowFor(const ProbePacket& probe);
  static FileDescriptor OpenFlow(const ProbePacket& probe);
  void MakeRoom();
  std::size_t Read(Flow& flow, int flags);
  void Keep(Flow& flow, const QueuedMessage& queued);
  void KeepError(Flow& flow, const QueuedMessage& queued);
  static std::optional<std::uint16_t> TakeToken(Flow& flow, const QueuedMessage& queued);

  RouteLookup routes_;
  InterfaceIndexes interfaces_;
  FileDescriptor epoll_;
  FileDescriptor failure_bell_;          // an eventfd that makes epoll_ readable
  std::array<bool, 2> can_ping_;         // by family
  std::map<std::uint64_t, Flow> flows_;  // by what epoll_ says of their sockets
  MessageBatch outbox_;
  MessageBatch inbox_;
  StampConverter clock_;
  std::uint64_t probes_ = 0;
  std::uint64_t closed_drops_ = 0;  // of flows that were closed
  std::uint64_t unmatched_ = 0;
  std::vector<Kept> kept_;
  std::vector<Kept> handed_over_;
  std::vector<Datagram> datagrams_;
  std::vector<SendReport> reports_;
  std::vector<SendReport> handed_over_reports_;
};

}  // namespace pathwitness
