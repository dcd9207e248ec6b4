#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "probes/base/time.h"
#include "probes/reflect/key_ring.h"

namespace pathwitness {

enum class ReflectKind : std::uint8_t { Request = 1, Answer = 2 };

/// What a prober asks a reflector, and what that answers: the question again, with its own count.
struct ReflectMessage {
  ReflectKind kind = ReflectKind::Request;
  std::uint16_t key_id = 0;
  std::uint64_t session = 0;   // chosen at random by the prober
  std::uint64_t sequence = 0;  // of the request, from 1
  WallTime sent;               // by the prober's clock

  // Of answers; zero in requests.
  WallTime received;              // the request, by the reflector's clock
  WallTime answered;              // by the same clock
  std::uint64_t incarnation = 0;  // another one: the reflector began to count anew
  std::uint64_t count = 0;        // requests of the session seen by then, this one among them

  bool operator==(const ReflectMessage&) const = default;
};

/// Requests and answers are of one size, so that nobody's traffic is made larger.
inline constexpr std::size_t kReflectBytes = 80;
using ReflectDatagram = std::array<std::byte, kReflectBytes>;

/// Why a datagram is no valid message: a closed set, among the values of `reason` labels.
enum class ReflectFlaw : std::uint8_t { Malformed, Key, Mac };

/// Signs with `key`, which is the one of `message.key_id`.
ReflectDatagram EncodeReflect(const ReflectMessage& message, const MacKey& key);

/// Reads a message of `kind` and makes sure that it was signed with a key of the ring.
///
///    0  "PWR1"        16  sequence        40  answered, ns
///    4  kind          24  sent, ns        48  incarnation
///    5  zero          32  received, ns    56  count
///    6  key id                            64  MAC of all before, 16 bytes
///    8  session
///
/// All big-endian; times are nanoseconds since the epoch. What it can tell is what a stateful
/// STAMP reflector tells (RFC 8762, 4.3), as is the MAC; what is new is the session's number, which
/// survives an address translator's change of ports, and the incarnation.
std::variant<ReflectMessage, ReflectFlaw> DecodeReflect(std::span<const std::byte> bytes,
                                                        ReflectKind kind, const KeyRing& keys);

}  // namespace pathwitness
