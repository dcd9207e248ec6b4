#pragma once

#include "config/config.h"
#include "probes/base/event_log.h"
#include "probes/net/packet_port.h"

namespace pathwitness {

/// How packets go out and in with the privileges at hand.
struct PacketPorts {
  PortFactory factory;
  bool is_privileged = false;  // raw sockets, not the unprivileged port
};

/// Opens the sockets that tracing needs, which may need CAP_NET_RAW: call it before privileges are
/// dropped. The factory works afterwards too, for as long as it lives.
///
/// Raw sockets where they are permitted, otherwise the unprivileged port: UDP always, ICMP where
/// ping sockets are permitted. Throws std::runtime_error, whose text says what to do, when that can
/// probe nothing of what `config` traces; and when a configured mark may not be set.
PacketPorts OpenPacketPorts(const Config& config, EventLog& log);

}  // namespace pathwitness
