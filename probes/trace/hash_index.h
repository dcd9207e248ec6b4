#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "probes/base/prefetch.h"

namespace pathwitness {

/// Numbers by 64-bit hashes: a table with open addressing, one line of the cache a look-up.
///
/// Only hashes are kept, and 0 is none of them. One hash may have several numbers.
class HashIndex {
 public:
  void Add(std::uint64_t hash, std::uint32_t number) {
    if ((count_ + 1) * 2 > entries_.size()) {
      Grow();
    }
    Insert({hash, number});
    ++count_;
  }

  /// Pre: it was added.
  void Remove(std::uint64_t hash, std::uint32_t number) {
    std::size_t slot = SlotOf(hash);
    while (entries_[slot].hash != hash || entries_[slot].number != number) {
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

  /// Calls `offer(number)` for each number of the hash until it returns true.
  template <typename Offer>
  void ForEach(std::uint64_t hash, Offer offer) const {
    if (entries_.empty()) {
      return;
    }
    for (std::size_t slot = SlotOf(hash); entries_[slot].hash != kEmpty; slot = Next(slot)) {
      if (entries_[slot].hash == hash && offer(entries_[slot].number)) {
        return;
      }
    }
  }

  /// One number of the hash, if there is any.
  std::optional<std::uint32_t> Find(std::uint64_t hash) const {
    std::optional<std::uint32_t> found;
    ForEach(hash, [&](std::uint32_t number) {
      found = number;
      return true;
    });
    return found;
  }

  /// Has the processor fetch what a look-up needs.
  void Prefetch(std::uint64_t hash) const {
    if (!entries_.empty()) {
      pathwitness::Prefetch(&entries_[SlotOf(hash)]);
    }
  }

  std::size_t Size() const { return count_; }

 private:
  static constexpr std::uint64_t kEmpty = 0;
  struct Entry {
    std::uint64_t hash = kEmpty;
    std::uint32_t number = 0;
  };

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
