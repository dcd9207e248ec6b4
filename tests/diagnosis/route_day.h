#pragma once

#include <random>
#include <string>

namespace pathwitness {

/// One trace each 30 s for a day: TTL 5 balanced by packet over two routers, TTL 7 answers every
/// second time by chance, one real change at TTLs 9 to 11 in the middle of the day.
class Day {
 public:
  explicit Day(unsigned seed) : random_(seed) {}

  std::string Path(bool is_changed) {
    std::string path;
    for (unsigned ttl = 1; ttl <= 12; ++ttl) {
      const bool is_moved = is_changed && ttl >= 9 && ttl <= 11;
      const unsigned sibling = ttl == 5 ? random_() % 2 : 0;
      const bool is_silent = ttl == 7 && random_() % 2 == 0;
      path += is_silent ? "*"
              : ttl == 12
                  ? "203.0.113.200"
                  : "10.0." + std::to_string(is_moved ? 9 : sibling) + "." + std::to_string(ttl);
      path += ttl < 12 ? " " : "";
    }
    return path;
  }

 private:
  std::mt19937 random_;
};

}  // namespace pathwitness
