#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probes/reflect/mac.h"

namespace pathwitness {

/// The secrets of a key file, a line each: a number from 1 to 65535, a space, and 64 hexadecimal
/// digits. Empty lines and those that begin with '#' are skipped.
///
/// Requests are signed with the first; all are accepted, so that a new one can be brought to both
/// ends without a gap.
class KeyRing {
 public:
  struct Entry {
    std::uint16_t id = 0;
    MacKey key{};
  };

  /// Empty when there is any other line, an id twice, or no key at all.
  static std::optional<KeyRing> Parse(std::string_view text);

  /// Parse of the file; empty also when it cannot be read.
  static std::optional<KeyRing> Read(const std::string& path);

  const Entry& First() const { return entries_.front(); }

  /// Null when there is none.
  const MacKey* Find(std::uint16_t id) const;

 private:
  std::vector<Entry> entries_;  // never empty
};

}  // namespace pathwitness
