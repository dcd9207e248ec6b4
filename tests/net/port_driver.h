#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "probes/net/packet_port.h"
#include "probes/net/socket.h"
#include "tests/support/namespaces.h"

namespace pathwitness {

struct HeardReply {
  ProbeReply reply;
  MonoTime received;
};

/// What a port brought in, decoded.
struct Heard {
  std::vector<HeardReply> answers;
  std::vector<SendReport> sends;
  std::vector<DecodeError> undecodable;

  /// The report of one probe; a default one when there is none.
  SendReport SendOf(std::uint64_t id) const {
    for (const SendReport& report : sends) {
      if (report.id == id) {
        return report;
      }
    }
    return {};
  }

  void Add(const Arrivals& arrivals) {
    sends.insert(sends.end(), arrivals.sends.begin(), arrivals.sends.end());
    for (const Datagram& datagram : arrivals.datagrams) {
      const auto decoded = DecodeReply(datagram.reply);
      if (const auto* reply = std::get_if<ProbeReply>(&decoded)) {
        answers.push_back({.reply = *reply, .received = datagram.received});
      } else {
        undecodable.push_back(std::get<DecodeError>(decoded));
      }
    }
  }
};

inline bool IsReadable(int descriptor, int timeout_ms = 0) {
  pollfd waiting{.fd = descriptor, .events = POLLIN, .revents = 0};
  return poll(&waiting, 1, timeout_ms) == 1;
}

/// Listens until there are that many answers and reports of probes sent, or 5 s have passed.
inline Heard Hear(PacketPort& port, std::size_t answers, std::size_t sends) {
  const MonoTime deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  Heard heard;
  while (std::chrono::steady_clock::now() < deadline &&
         (heard.answers.size() < answers || heard.sends.size() < sends)) {
    IsReadable(port.Descriptor(), 20);
    heard.Add(port.Receive());
  }
  return heard;
}

inline Heard SendAndHear(PacketPort& port, const std::vector<Outgoing>& batch, std::size_t answers,
                         std::size_t sends) {
  port.Send(batch);
  return Hear(port, answers, sends);
}

/// A TCP service on a port of the system's choice.
class Listener {
 public:
  explicit Listener(const IpAddress& address)
      : socket_(socket(SocketDomain(address.Family()), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    SocketAddress local = ToSocketAddress(address, 0);
    if (bind(socket_.Get(), local.Pointer(), local.length) != 0 || listen(socket_.Get(), 8) != 0 ||
        getsockname(socket_.Get(), local.Pointer(), &local.length) != 0) {
      throw std::system_error(errno, std::system_category(), "cannot listen");
    }
    port_ = local.Port();
  }

  std::uint16_t Port() const { return port_; }

 private:
  FileDescriptor socket_;
  std::uint16_t port_ = 0;
};

}  // namespace pathwitness
