#pragma once

namespace pathwitness {

/// Whether this process may open raw sockets now. Raises CAP_NET_RAW from permitted to effective
/// where it can (a file capability "cap_net_raw+p"); otherwise changes nothing.
bool RaiseNetRaw();

enum class KeptCapability { None, NetRaw };

/// Gives up all capabilities for good, in all sets and for all programs started later; NetRaw
/// keeps that one effective, which SO_MARK needs. Sockets that are open go on working.
///
/// Must be called before threads are started: capabilities belong to threads.
/// Throws std::system_error.
void DropCapabilities(KeptCapability kept);

}  // namespace pathwitness
