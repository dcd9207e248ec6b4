#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "probes/base/ip_address.h"
#include "probes/base/time.h"
#include "probes/packet/probe_codec.h"

namespace pathwitness {

/// How a packet leaves; empty members leave the choice to the kernel.
struct PacketRoute {
  std::string interface;
  std::uint32_t mark = 0;

  bool operator==(const PacketRoute&) const = default;
};

/// A probe on its way out.
struct Outgoing {
  std::uint64_t id = 0;  // the caller's; comes back in SendReport
  ProbePacket probe;
  const PacketRoute* route = nullptr;  // null: none; must live until Send returns
};

/// What became of a probe that was handed to Send.
struct SendReport {
  std::uint64_t id = 0;
  std::error_code error;  // set: it did not leave
  MonoTime sent;          // without error: the kernel's send stamp
};

/// An arrived packet with the kernel's receive stamp.
struct Datagram {
  WireReply reply;
  MonoTime received;
};

/// What came in since the last call. Spans are valid until the next call to the port.
struct Arrivals {
  std::span<const Datagram> datagrams;
  std::span<const SendReport> sends;
};

/// Packets out and in, for all targets at once: the kernel (RawPort, DatagramPort) or, in tests, a
/// simulated network. Single-threaded.
class PacketPort {
 public:
  virtual ~PacketPort() = default;

  /// Hands a batch to the network. Never blocks and keeps no probe back: one that could not leave
  /// is reported by the next Receive. Returns when the batch was handed over: the send time of
  /// every probe for which no stamp comes.
  virtual void Send(std::span<const Outgoing> batch) = 0;

  /// Never blocks. Call again until both spans are empty. The send stamp of a probe comes no later
  /// than its answer, in the same Arrivals at the latest: read `sends` first.
  virtual Arrivals Receive() = 0;

  /// Readable when packets or failures to send wait; -1: ask whenever you like. Send stamps alone
  /// do not make it readable, or every probe would wake the loop twice.
  virtual int Descriptor() const = 0;

  /// The local address from which packets to `destination` leave, or why there is none.
  virtual IpAddress SourceFor(const IpAddress& destination, const PacketRoute& route,
                              std::error_code& error) = 0;

  /// Which protocols can be probed over `family` with the privileges at hand.
  virtual bool Supports(ProbeProtocol protocol, IpFamily family) const = 0;

  /// Packets that the kernel dropped because our receive buffer was full, since the start.
  virtual std::uint64_t ReceiveDrops() const = 0;
};

/// Makes ports over sockets that are already open, also after privileges were dropped: a restarted
/// engine gets a port of its own, and an abandoned one does not share its buffers.
using PortFactory = std::function<std::unique_ptr<PacketPort>()>;

}  // namespace pathwitness
