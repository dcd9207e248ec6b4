#include "probes/net/open_ports.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <vector>

#include "probes/net/datagram_port.h"
#include "probes/net/privileges.h"
#include "probes/net/raw_port.h"

namespace pathwitness {
namespace {

std::vector<std::uint32_t> MarksOf(const Config& config) {
  std::vector<std::uint32_t> marks;
  for (const TargetConfig& target : config.targets) {
    if (target.route.mark != 0) {
      marks.push_back(target.route.mark);
    }
  }
  std::ranges::sort(marks);
  marks.erase(std::unique(marks.begin(), marks.end()), marks.end());
  return marks;
}

PacketPorts OverRawSockets(const Config& config, EventLog& log) {
  const auto sockets = std::make_shared<const RawSockets>(
      OpenRawSockets(config.probing.receive_buffer_bytes, MarksOf(config)));
  if (sockets->receive_buffer_bytes < config.probing.receive_buffer_bytes) {
    log.Write(LogLevel::Warn, "receive buffers are smaller than configured",
              {{.key = "bytes", .value = std::to_string(sockets->receive_buffer_bytes)},
               {.key = "remedy", .value = "raise sysctl net.core.rmem_max"}});
  }
  return {.factory = [sockets] { return std::make_unique<RawPort>(sockets->Duplicate()); },
          .is_privileged = true};
}

bool Traces(const Config& config, TraceProtocol protocol) {
  return std::ranges::any_of(config.targets, [protocol](const TargetConfig& target) {
    return std::ranges::count(target.trace.protocols, protocol) > 0;
  });
}

/// UDP needs no permission at all, ICMP needs ping sockets, TCP needs raw ones.
bool CanTraceAny(const Config& config, bool can_ping) {
  const bool has_icmp = Traces(config, TraceProtocol::Icmp);
  const bool has_any = has_icmp || Traces(config, TraceProtocol::Tcp);
  return Traces(config, TraceProtocol::Udp) || !has_any || (has_icmp && can_ping);
}

std::string Remedy() {
  const std::string group = std::to_string(getegid());
  return "tracing needs raw sockets or ping sockets, and neither is permitted: run setcap "
         "cap_net_raw+p on this program, or set AmbientCapabilities=CAP_NET_RAW in its systemd "
         "unit, or sysctl -w net.ipv4.ping_group_range=\"" +
         group + " " + group + "\"";
}

}  // namespace

PacketPorts OpenPacketPorts(const Config& config, EventLog& log) {
  if (RaiseNetRaw()) {
    try {
      return OverRawSockets(config, log);
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::operation_not_permitted &&
          error.code() != std::errc::permission_denied) {
        throw;
      }
    }
  }
  const bool can_ping = CanOpenPingSocket(IpFamily::Ipv4) || CanOpenPingSocket(IpFamily::Ipv6);
  if (!CanTraceAny(config, can_ping)) {
    throw std::runtime_error(Remedy());
  }
  const std::string missing = "TCP probes, marks, MPLS labels, kernel send stamps";
  log.Write(
      LogLevel::Warn, "tracing without raw sockets",
      {{.key = "missing", .value = can_ping ? missing : "ICMP probes, " + missing},
       {.key = "remedy", .value = "setcap cap_net_raw+p or AmbientCapabilities=CAP_NET_RAW"}});
  return {.factory = [] { return std::make_unique<DatagramPort>(); }, .is_privileged = false};
}

}  // namespace pathwitness
