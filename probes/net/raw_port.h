#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "probes/net/packet_port.h"
#include "probes/net/route_lookup.h"
#include "probes/net/socket.h"

namespace pathwitness {

/// The raw sockets of a RawPort, opened while CAP_NET_RAW is there.
struct RawSockets {
  struct Receiver {
    ProbeProtocol protocol = ProbeProtocol::Icmp;
    IpFamily family = IpFamily::Ipv4;
    FileDescriptor socket;
  };
  struct Sender {
    IpFamily family = IpFamily::Ipv4;
    std::uint32_t mark = 0;
    FileDescriptor socket;
  };

  std::vector<Receiver> receivers;  // of each protocol and family that the kernel has
  std::vector<Sender> senders;      // of each family and mark
  std::shared_ptr<const RouteSockets> routes;
  std::uint64_t receive_buffer_bytes = 0;  // the smallest that was granted

  /// The same sockets once more, for a port of its own. Throws std::system_error.
  RawSockets Duplicate() const;
};

/// Opens them; `marks` are all that a PacketRoute may bear. Throws std::system_error: EPERM
/// without CAP_NET_RAW.
RawSockets OpenRawSockets(std::uint64_t receive_buffer_bytes,
                          const std::vector<std::uint32_t>& marks);

/// The network through raw sockets: all protocols, kernel stamps both ways.
///
/// Probes leave through IPPROTO_RAW sockets, whose IP header is ours: one batch holds all
/// protocols, no packet needs control data for its TTL, and such a socket receives nothing.
/// Answers arrive on one filtered socket for each protocol and family.
class RawPort final : public PacketPort {
 public:
  /// Throws std::system_error.
  explicit RawPort(RawSockets sockets);

  void Send(std::span<const Outgoing> batch) override;
  Arrivals Receive() override;
  int Descriptor() const override { return epoll_.Get(); }
  IpAddress SourceFor(const IpAddress& destination, const PacketRoute& route,
                      std::error_code& error) override;
  bool Supports(ProbeProtocol protocol, IpFamily family) const override;
  std::uint64_t ReceiveDrops() const override;

 private:
  // Maps the kernel's counter of packets sent on a socket back to the caller's ids.
  struct SendLine {
    static constexpr std::size_t kRemembered = 4096;

    std::vector<std::uint64_t> ids = std::vector<std::uint64_t>(kRemembered);
    std::uint32_t next = 0;         // what the kernel counts for the next packet
    std::uint32_t outstanding = 0;  // stamps not seen yet
  };

  std::optional<std::size_t> SenderFor(const Outgoing& outgoing) const;
  void SendThrough(std::size_t sender, std::span<const Outgoing* const> batch);
  void Fill(std::size_t slot, const Outgoing& outgoing);
  void Flush(std::size_t sender, std::span<const Outgoing* const> batch);
  void ReportFailure(std::uint64_t id, int error);
  void RestartStamps(std::size_t sender);
  void DrainStamps(std::size_t sender);
  void ReadStamp(std::size_t slot, SendLine& line);
  void ReadAnswer(std::size_t receiver, std::size_t slot);

  RawSockets sockets_;
  RouteLookup routes_;
  InterfaceIndexes interfaces_;
  FileDescriptor epoll_;
  FileDescriptor failure_bell_;       // an eventfd that makes epoll_ readable
  std::vector<SendLine> lines_;       // beside sockets_.senders
  std::vector<std::uint32_t> drops_;  // beside sockets_.receivers
  MessageBatch outbox_;
  MessageBatch inbox_;
  MessageBatch stamps_;
  StampConverter clock_;
  std::vector<std::vector<const Outgoing*>> sorted_;  // beside sockets_.senders
  std::vector<Datagram> datagrams_;
  std::vector<SendReport> reports_;  // waiting for Receive
  std::vector<SendReport> handed_over_;
};

}  // namespace pathwitness
