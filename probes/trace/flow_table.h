#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "probes/base/ip_address.h"
#include "probes/packet/probe_codec.h"

namespace pathwitness {

/// What every reply names of the probe that it answers.
struct FlowKey {
  IpAddress destination;
  ProbeProtocol protocol = ProbeProtocol::Icmp;
  std::uint16_t flow_port = 0;

  bool operator==(const FlowKey&) const = default;
};

/// Which probers use a flow: a hash table with open addressing, one line of the cache a look-up.
///
/// Only hashes are kept. Two flows with one 64-bit hash would be offered each other's replies, as
/// two targets with one address and port are anyway; tokens tell them apart.
class FlowTable {
 public:
  void Add(const FlowKey& key, std::uint32_t prober) {
    if ((count_ + 1) * 2 > entries_.size()) {
      Grow();
    }
    Insert({HashOf(key), prober});
    ++count_;
  }

  /// Pre: it was added.
  void Remove(const FlowKey& key, std::uint32_t prober) {
    const std::uint64_t hash = HashOf(key);
    std::size_t slot = SlotOf(hash);
    while (entries_[slot].hash != hash || entries_[slot].prober != prober) {
      slot = Next(slot);
    }
    entries_[slot] = {};
    --count_;
    // What lies behind may have been pushed there by what is gone.
    for (slot = Next(slot); entries_[slot].hash != kEmpty; slot = Next(slot)) {
      const Entry entry = entries_[slot];
      entries_[slot] = {};
      Insert(entry);
    }
  }

  /// Calls `offer(prober)` for each prober of the flow until it returns true.
  template <typename Offer>
  void ForEach(const FlowKey& key, Offer offer) const {
    if (entries_.empty()) {
      return;
    }
    const std::uint64_t hash = HashOf(key);
    for (std::size_t slot = SlotOf(hash); entries_[slot].hash != kEmpty; slot = Next(slot)) {
      if (entries_[slot].hash == hash && offer(entries_[slot].prober)) {
        return;
      }
    }
  }

 private:
  static constexpr std::uint64_t kEmpty = 0;
  struct Entry {
    std::uint64_t hash = kEmpty;
    std::uint32_t prober = 0;
  };

  static std::uint64_t HashOf(const FlowKey& key) {
    const std::uint64_t rest =
        key.flow_port | static_cast<std::uint64_t>(key.protocol) << 16U | std::uint64_t{1} << 24U;
    std::uint64_t hash = std::hash<IpAddress>()(key.destination) ^ (rest * 0x9e3779b97f4a7c15ULL);
    hash = (hash ^ (hash >> 32U)) * 0xd6e8feb86659fd93ULL;
    return (hash ^ (hash >> 32U)) | 1U;  // never kEmpty
  }

  std::size_t SlotOf(std::uint64_t hash) const { return (hash >> 1U) & (entries_.size() - 1); }
  std::size_t Next(std::size_t slot) const { return (slot + 1) & (entries_.size() - 1); }

  void Insert(const Entry& entry) {
    std::size_t slot = SlotOf(entry.hash);
    while (entries_[slot].hash != kEmpty) {
      slot = Next(slot);
    }
    entries_[slot] = entry;
  }

  void Grow() {
    constexpr std::size_t kFirstSize = 64;
    std::vector<Entry> old(entries_.empty() ? kFirstSize : entries_.size() * 2);
    old.swap(entries_);
    for (const Entry& entry : old) {
      if (entry.hash != kEmpty) {
        Insert(entry);
      }
    }
  }

  std::vector<Entry> entries_;  // a power of two, at most half full
  std::size_t count_ = 0;
};

}  // namespace pathwitness
