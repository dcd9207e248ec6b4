#pragma once

#include <cstddef>

namespace pathwitness {

/// Has the processor fetch the first `bytes` behind `object` into its cache, while the program goes
/// on; nothing for a null pointer. Worth it where thousands of objects are visited in turn and each
/// has left the cache since.
inline void Prefetch(const void* object, std::size_t bytes = 1) {
  constexpr std::size_t kLine = 64;  // of the cache
  if (object == nullptr) {
    return;
  }
  const auto* const first = static_cast<const std::byte*>(object);
  for (std::size_t at = 0; at < bytes; at += kLine) {
    __builtin_prefetch(first + at);
  }
  // Else g++ 12 takes a function that does no more than this for one without effect, and drops it.
  asm volatile("");
}

}  // namespace pathwitness
