#pragma once

#include <string>

#include "probes/reflect/key_ring.h"

namespace pathwitness {

/// Key 7, of bytes 0x11, as a key file's line.
inline const std::string kLineOfOnes = "7 " + std::string(64, '1') + "\n";

inline KeyRing RingOfOnes() {
  return *KeyRing::Parse(kLineOfOnes);
}

inline MacKey KeyOfOnes() {
  return RingOfOnes().First().key;
}

}  // namespace pathwitness
