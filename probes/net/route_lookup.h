#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <unordered_map>
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

/// Hears from the kernel when addresses, links, routes or routing rules of this network namespace
/// change. Source: Linux, rtnetlink(7).
class RouteNews {
 public:
  /// Where netlink is forbidden there is never any.
  RouteNews();

  bool IsTold() const { return socket_.IsOpen(); }

  /// True when there was any since the call before.
  bool Take();

 private:
  FileDescriptor socket_;
};

/// Tells from which local address packets to a destination leave, by connecting a UDP socket,
/// which sends nothing. Answers are kept for 10 s, and up to 5 minutes while the kernel tells of no
/// change; errors for 1 s.
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
  struct Question {
    IpAddress destination;
    PacketRoute route;

    bool operator==(const Question&) const = default;
  };
  struct QuestionHash {
    std::size_t operator()(const Question& question) const;
  };

  bool IsKept(const Answer& answer, MonoTime now) const;
  Answer Ask(const IpAddress& destination, const PacketRoute& route) const;

  std::shared_ptr<const RouteSockets> sockets_;
  RouteNews news_;
  MonoTime looked_;   // for news
  MonoTime changed_;  // when there were any last
  std::unordered_map<Question, Answer, QuestionHash> answers_;
};

/// Numbers of network interfaces, asked for once a batch.
class InterfaceIndexes {
 public:
  void Forget() { known_.clear(); }

  /// 0: the route names no interface. Empty: there is none of that name now.
  std::optional<unsigned> Of(const PacketRoute* route);

 private:
  std::map<std::string, unsigned> known_;
};

/// Appends control data that makes message `slot` of `outbox` leave by an interface (0: any) and
/// from the probe's source address, also where the message carries an IP header of its own:
/// routing rules look at the control data.
void AddRoute(const ProbePacket& probe, unsigned interface_index, std::size_t slot,
              MessageBatch& outbox);

}  // namespace pathwitness
