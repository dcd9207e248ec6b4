#pragma once

#include "probes/base/ip_address.h"
#include "probes/packet/probe_codec.h"

namespace pathwitness {

/// Lets only those packets into a raw receive socket that can answer a probe of ours: those that
/// bear a flow port, or an ICMP error that quotes one. Everything else costs the kernel a few
/// instructions and us nothing. Throws std::system_error.
///
/// Source: Linux, Documentation/networking/filter.rst. Raw IPv4 sockets filter from the IP header
/// on, raw IPv6 sockets from the header behind it.
void AttachAnswerFilter(int descriptor, ProbeProtocol protocol, IpFamily family);

}  // namespace pathwitness
