#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "probes/base/ip_address.h"
#include "probes/base/time.h"
#include "probes/packet/probe_codec.h"

// What the simulated internet (tun_internet.h) shall be, as plain values.
namespace pathwitness {

/// Seeded packet loss. Losses come in runs of `burst` packets; 1: each packet for itself.
struct Loss {
  double ratio = 0;  // of the packets, in the long run
  unsigned burst = 1;
};

/// Token bucket over a router's own ICMP answers; forwarded packets are not touched by it.
struct IcmpLimit {
  double per_second = 0;
  double burst = 1;
};

/// Ways in which an answer goes wrong.
enum class Mischief : std::uint8_t {
  OtherAddress,      // comes from `alias` instead
  WrongDestination,  // quotes another destination
  WrongToken,        // a forged answer overtakes the true one: all right but the token
  WrongSecret,       // the same, but with the right token and a foreign payload
  BadChecksum,
  Truncated,  // ends within the quote
  Garbage,    // an ICMP error with random bytes for a quote
  Duplicate,  // the same answer again, a millisecond later
  Late,       // comes `delay` later
};

struct Misbehaviour {
  Mischief kind = Mischief::Duplicate;
  double ratio = 1;   // of the answers
  Duration delay{};   // of Late
  IpAddress alias{};  // of OtherAddress
};

inline constexpr std::size_t kFullQuote = std::numeric_limits<std::size_t>::max();

struct Router {
  IpAddress address;
  Duration delay{};          // one way, of the link into this router
  Duration jitter{};         // of that link: uniform in [0, jitter], once per packet
  Duration control_plane{};  // before its own answers; forwarded packets do not wait
  Loss forward_loss;         // of the link into this router, away from the prober
  Loss return_loss;          // of the same link, towards the prober
  bool is_silent = false;
  /// Forwards what it should have answered; the next router then answers with a quoted TTL of 0.
  bool forwards_zero_ttl = false;
  std::optional<IcmpLimit> limit;
  std::vector<MplsLabel> mpls;           // attached to its answers, outermost first
  std::size_t quote_bytes = kFullQuote;  // of the probe behind its IP header
  std::vector<Misbehaviour> misbehaviour;
};

using RouterId = std::size_t;  // index in Scenario::routers

/// Parallel ways between two points of a path; a flow keeps to one of them. Branches may be of
/// unequal length. A stretch without load balancing has one branch.
struct Stretch {
  std::vector<std::vector<RouterId>> branches;
};

using Path = std::vector<Stretch>;

/// What a destination does with a probe that reaches it.
enum class Answering : std::uint8_t { Normal, Silent, AdminProhibited };

struct Destination {
  IpAddress address;
  Path path;                     // routers on the way, the destination not among them
  std::optional<Path> new_path;  // taken from `changes_after` on
  Duration changes_after{};      // since the internet's start
  Duration delay{};              // one way, of the last link
  Loss forward_loss;             // of the last link
  Loss return_loss;
  Answering answering = Answering::Normal;
  bool is_tcp_open = true;  // SYN-ACK, else RST
  std::vector<Misbehaviour> misbehaviour;
};

struct Scenario {
  std::uint64_t seed = 1;
  std::vector<Router> routers;
  std::vector<Destination> destinations;

  RouterId Add(Router router);
};

/// A path without load balancing.
Path Line(std::vector<RouterId> routers);

/// `targets` destinations 100.64.0.0, 100.64.0.1, ... behind 13 to 17 routers each. The first
/// three routers are everybody's, the next three are shared by ten destinations. Round trips are
/// between about 10 and 80 ms; nothing is lost.
///
/// Pre: targets <= 65,536.
Scenario Scale(std::size_t targets, std::uint64_t seed);

}  // namespace pathwitness
