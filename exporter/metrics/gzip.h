#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pathwitness {

/// Text that is compressed at a time; larger pieces leave the processor's caches.
inline constexpr std::size_t kGzipChunkBytes = 1U << 20U;

/// Appends `text` to `compressed` as one gzip member.
///
/// Members may follow each other in one body (RFC 1952 section 2.2), and Prometheus reads that, so
/// that a page can be compressed piece by piece as it grows. Empty text appends nothing.
void AppendGzip(std::string_view text, std::string& compressed);

}  // namespace pathwitness
