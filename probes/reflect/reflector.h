#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>

#include "probes/base/ip_address.h"
#include "probes/base/time.h"
#include "probes/reflect/key_ring.h"
#include "probes/reflect/reflect_codec.h"
#include "probes/reflect/replay_window.h"
#include "probes/reflect/token_bucket.h"

namespace pathwitness {

/// Why a datagram is not answered: a closed set, the `reason` label.
enum class ReflectRefusal : std::uint8_t {
  Malformed,
  Key,         // signed with a key that is not in the file
  Mac,         // not signed with the key that it names
  Replay,      // seen before, or too old to tell
  SourceRate,  // more than kPerSource from one address
  TotalRate,   // more than kInTotal
  Sessions,    // more than kMostSessions at a time
  Unsent,      // the answer could not be sent
};
inline constexpr std::array<std::string_view, 8> kReflectRefusalNames = {
    "malformed", "key", "mac", "replay", "source_rate", "total_rate", "sessions", "unsent"};

/// Counts the requests of other pathwitness and answers each with the count, so that they can tell
/// what is lost on the way here from what is lost on the way back. Pure: it is given bytes and
/// time.
///
/// Nobody without a key gets an answer, no answer is larger than its request, and no request is
/// answered twice as long as its session is known. Rates are looked at before signatures: a flood
/// from one address costs others nothing.
class Reflector {
 public:
  static constexpr double kPerSource = 1000;  // requests a second; of IPv6 by /64
  static constexpr double kInTotal = 20'000;
  static constexpr std::size_t kMostSources = 65'536;  // remembered; then idle ones go
  static constexpr std::size_t kMostSessions = 10'000;
  static constexpr Duration kForgetsAfter = std::chrono::minutes(10);  // a session without requests
  static constexpr Duration kSweepsEvery = std::chrono::seconds(10);

  /// `incarnation` is a number that no reflector had here before, best a random one.
  Reflector(std::uint64_t incarnation, MonoTime now);

  struct Arrival {
    std::span<const std::byte> bytes;
    IpAddress source;
    WallTime at;
  };

  /// The answer, or why there is none.
  std::variant<ReflectMessage, ReflectRefusal> OnRequest(const Arrival& arrival,
                                                         const KeyRing& keys, MonoTime now);

  std::size_t Sessions() const { return sessions_.size(); }

 private:
  struct Session {
    ReplayWindow window;
    std::uint64_t incarnation = 0;
    std::uint64_t count = 0;
    MonoTime last;
  };

  std::optional<ReflectRefusal> Limit(const IpAddress& source, MonoTime now);
  void Sweep(MonoTime now);
  Session* FindSession(const ReflectMessage& request, MonoTime now);

  TokenBucket total_;
  std::unordered_map<IpAddress, TokenBucket> sources_;
  std::map<std::uint64_t, Session> sessions_;
  std::uint64_t incarnation_;
  MonoTime sweep_due_;
};

}  // namespace pathwitness
