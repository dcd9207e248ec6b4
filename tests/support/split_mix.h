#pragma once

#include <cstddef>
#include <cstdint>

namespace pathwitness {

/// The same numbers for the same seed on every machine, which std's distributions do not promise.
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014).
class SplitMix {
 public:
  explicit SplitMix(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31U);
  }

  /// From 0 up to, but never 1.
  double Share() { return static_cast<double>(Next() >> 11U) * 0x1.0p-53; }
  double Between(double low, double high) { return low + (high - low) * Share(); }
  bool Hits(double probability) { return Share() < probability; }
  std::size_t Below(std::size_t bound) { return Next() % bound; }

 private:
  std::uint64_t state_;
};

}  // namespace pathwitness
