#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "diagnosis/few_vector.h"
#include "probes/base/ip_address.h"

namespace pathwitness {

/// Addresses of a hop; one with so many answers from anywhere and tells nothing any more.
inline constexpr std::size_t kWidestHop = 16;

/// How many samples of a hop make sure (95 %) that it has no more than the `known` equal
/// responders seen so far: 6, 11, 16, 21...
/// Source: Augustin, Friedman, Teixeira, "Multipath tracing with Paris traceroute" (2007).
unsigned SamplesToTrust(std::size_t known);

/// An address that belongs to a hop.
struct KnownAddress {
  IpAddress address;
  std::uint32_t count = 0;        // samples
  std::uint32_t last_sample = 0;  // number of the hop's sample
  std::uint32_t last_round = 0;   // number of the watch's round
};

/// An address that a well-known hop did not have; not yet believed.
struct Newcomer {
  IpAddress address;
  unsigned rounds = 0;        // in which it answered
  unsigned known_rounds = 0;  // since its first, in which a known one answered
};

/// What is known of the responders at one TTL of one flow. Each hop is judged by itself: `away`
/// counts the rounds in which only strange addresses answered. Silence neither adds to it nor ends
/// it, a known address ends it.
///
/// A path of 15 hops and 4 flows has 60 of them: their size is most of what following routes costs.
struct HopMemory {
  FewVector<KnownAddress> known;
  std::unique_ptr<std::vector<Newcomer>> newcomers;  // null: none, as of most
  std::uint32_t samples = 0;
  std::uint32_t missed = 0;  // silent rounds before the silence that lasts
  unsigned silent_run = 0;
  std::uint16_t away = 0;  // rounds in a row that answered with strange addresses only; few
  bool is_silent = false;  // and that was told

  bool Knows(const IpAddress& address) const;
  bool KnowsAny(const std::vector<IpAddress>& addresses) const;
  bool IsTrusted() const;        // that it has no more responders than those known
  bool HasMoved() const;         // away for too long to be chance
  bool HasFallenSilent() const;  // the same of silence
  void Learn(const std::vector<IpAddress>& answers, std::uint32_t round);
  /// Takes out the responders that have been away for too long to be there still.
  void Forget();
  /// Takes note of strange addresses at a trusted hop, and gives the one that is now believed to
  /// belong there: it keeps appearing, and so do those known.
  std::optional<IpAddress> Admit(const std::vector<IpAddress>& answers, std::uint32_t round);
  std::vector<IpAddress> Addresses() const;

 private:
  void CountNewcomers(const std::vector<IpAddress>& answers);
};

}  // namespace pathwitness
