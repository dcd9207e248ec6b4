#include "diagnosis/hop_memory.h"

#include <algorithm>
#include <cmath>

namespace pathwitness {
namespace {

constexpr std::size_t kMostNewcomers = 4;  // of a hop
constexpr unsigned kRoundsToChange = 3;
constexpr unsigned kRoundsToAdmit = 3;
constexpr unsigned kKnownRoundsToAdmit = 2;
constexpr unsigned kPatienceWithNewcomers = 100;  // known rounds for each of its own
constexpr double kMistrust = .05;                 // that a hop has more responders than were seen
constexpr double kChance = .001;         // that all of a hop's known responders were away by chance
constexpr double kSilenceChance = 1e-6;  // that a hop was silent by chance

// Rounds in a row without any of `known` equal responders, if there was just one more of them.
unsigned RoundsToMove(std::size_t known) {
  if (known < 2) {
    return kRoundsToChange;  // one that was always alone is not balanced by packet
  }
  const double rounds = std::log(kChance) / -std::log(static_cast<double>(known) + 1);
  return std::max(kRoundsToChange, static_cast<unsigned>(std::ceil(rounds)));
}

}  // namespace

unsigned SamplesToTrust(std::size_t known) {
  const auto k = static_cast<double>(known);
  return static_cast<unsigned>(std::ceil(std::log(kMistrust / (k + 1)) / std::log(k / (k + 1))));
}

bool HopMemory::Knows(const IpAddress& address) const {
  return std::any_of(known.begin(), known.end(),
                     [&](const KnownAddress& entry) { return entry.address == address; });
}

bool HopMemory::KnowsAny(const std::vector<IpAddress>& addresses) const {
  return std::any_of(addresses.begin(), addresses.end(),
                     [this](const IpAddress& address) { return Knows(address); });
}

bool HopMemory::IsTrusted() const {
  return !known.empty() && known.size() < kWidestHop && samples >= SamplesToTrust(known.size());
}

bool HopMemory::HasMoved() const {
  return away >= RoundsToMove(known.size());
}

bool HopMemory::HasFallenSilent() const {
  const auto answered = static_cast<double>(samples);
  const double share = answered / (answered + static_cast<double>(missed) + 1);
  return IsTrusted() && silent_run >= kRoundsToChange &&
         std::pow(1 - share, silent_run) < kSilenceChance;
}

void HopMemory::Learn(const std::vector<IpAddress>& answers, std::uint32_t round) {
  ++samples;
  for (const IpAddress& address : answers) {
    auto* entry = std::ranges::find(known, address, &KnownAddress::address);
    if (entry == known.end()) {
      if (known.size() == kWidestHop) {
        continue;
      }
      known.push_back({.address = address});
      entry = known.end() - 1;
    }
    ++entry->count;
    entry->last_sample = samples;
    entry->last_round = round;
  }
  Forget();
}

void HopMemory::Forget() {
  if (known.size() < 2) {
    return;
  }
  known.EraseIf([this, size = known.size()](const KnownAddress& entry) {
    const double share =
        std::min(static_cast<double>(entry.count) / static_cast<double>(entry.last_sample),
                 1 / static_cast<double>(size));
    return std::pow(1 - share, static_cast<double>(samples - entry.last_sample)) < kSilenceChance;
  });
}

std::optional<IpAddress> HopMemory::Admit(const std::vector<IpAddress>& answers,
                                          std::uint32_t round) {
  const auto is_known = [this](const IpAddress& address) { return Knows(address); };
  if (newcomers == nullptr) {
    if (std::all_of(answers.begin(), answers.end(), is_known)) {
      return std::nullopt;
    }
    newcomers = std::make_unique<std::vector<Newcomer>>();
  }
  CountNewcomers(answers);
  const auto admitted =
      std::find_if(newcomers->begin(), newcomers->end(), [](const Newcomer& entry) {
        return entry.rounds >= kRoundsToAdmit && entry.known_rounds >= kKnownRoundsToAdmit;
      });
  std::optional<IpAddress> address;
  if (admitted != newcomers->end()) {
    address = admitted->address;
    known.push_back({.address = *address,
                     .count = admitted->rounds,
                     .last_sample = samples,
                     .last_round = round});
    newcomers->erase(admitted);
  }
  if (newcomers->empty()) {
    newcomers.reset();
  }
  return address;
}

/// Pre: there is room for them.
// NOLINTNEXTLINE(readability-make-member-function-const): the newcomers are part of the hop.
void HopMemory::CountNewcomers(const std::vector<IpAddress>& answers) {
  if (KnowsAny(answers)) {
    for (Newcomer& newcomer : *newcomers) {
      ++newcomer.known_rounds;
    }
  }
  for (const IpAddress& address : answers) {
    if (Knows(address)) {
      continue;
    }
    auto newcomer = std::find_if(newcomers->begin(), newcomers->end(),
                                 [&](const Newcomer& entry) { return entry.address == address; });
    if (newcomer == newcomers->end()) {
      if (newcomers->size() == kMostNewcomers) {
        newcomers->erase(newcomers->begin());
      }
      newcomer = newcomers->insert(newcomers->end(), {.address = address});
    }
    ++newcomer->rounds;
  }
  std::erase_if(*newcomers, [](const Newcomer& entry) {
    return entry.known_rounds > entry.rounds * kPatienceWithNewcomers;
  });
}

std::vector<IpAddress> HopMemory::Addresses() const {
  std::vector<IpAddress> addresses;
  for (const KnownAddress& entry : known) {
    addresses.push_back(entry.address);
  }
  return addresses;
}

}  // namespace pathwitness
