#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <system_error>
#include <tuple>
#include <vector>

#include "probes/base/ip_address.h"
#include "probes/base/time.h"
#include "probes/net/packet_port.h"
#include "probes/net/socket.h"

namespace pathwitness {

/// The sockets that a RouteLookup asks with: one for each mark and family. SO_MARK needs a
/// privilege, so they are opened before it is dropped.
class RouteSockets {
 public:
  /// Mark 0 is always among them; a mark that may not be set is left out.
  explicit RouteSockets(const std::vector<std::uint32_t>& marks);

  /// -1: none.
  int Find(std::uint32_t mark, IpFamily family) const;

 private:
  std::map<std::pair<std::uint32_t, IpFamily>, FileDescriptor> sockets_;
};

/// Tells from which local address packets to a destination leave, by connecting a UDP socket,
/// which sends nothing. Answers are kept for 10 s.
class RouteLookup {
 public:
  explicit RouteLookup(std::shared_ptr<const RouteSockets> sockets);

  /// As PacketPort::SourceFor.
  IpAddress SourceFor(const IpAddress& destination, const PacketRoute& route, MonoTime now,
                      std::error_code& error);

 private:
  struct Answer {
    IpAddress source;
    std::error_code error;
    MonoTime asked;
  };
  using Question = std::tuple<IpAddress, std::string, std::uint32_t>;

  Answer Ask(const IpAddress& destination, const PacketRoute& route) const;

  std::shared_ptr<const RouteSockets> sockets_;
  std::map<Question, Answer> answers_;
};

/// Appends control data that makes message `slot` of `outbox` leave by the probe's interface and
/// from its source address, also where the message carries an IP header of its own: routing rules
/// look at the control data.
void AddRoute(const Outgoing& outgoing, std::size_t slot, MessageBatch& outbox);

}  // namespace pathwitness
