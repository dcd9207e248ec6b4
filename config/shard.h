#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pathwitness {

/// Which part of all targets one of several exporters watches that share a configuration.
struct Shard {
  unsigned index = 0;  // below `count`
  unsigned count = 1;  // of all exporters

  /// Reads "i/n"; empty when the text is anything else, or n is not in 1 to 1000, or i not below n.
  static std::optional<Shard> Parse(std::string_view text);

  std::string ToString() const;  // that Parse reads

  bool operator==(const Shard&) const = default;
};

/// Whether `shard` watches the target of that name; just one of its count does.
///
/// Rendezvous hashing: every shard draws a number for the name, and the largest wins. So a shard
/// more or less moves no target between the others. The draw is the same in all versions.
/// Source: Thaler, Ravishankar, "Using name-based mappings to increase hit rates" (1998).
bool Watches(const Shard& shard, std::string_view target);

}  // namespace pathwitness
