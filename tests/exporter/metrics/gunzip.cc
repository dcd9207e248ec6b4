#include "tests/exporter/metrics/gunzip.h"

#include <zlib.h>

#include <array>

namespace pathwitness {

std::string Gunzip(std::string compressed) {
  z_stream stream{};
  constexpr int kGzipOnly = 15 + 16;
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) {
    return "damaged";
  }
  std::array<unsigned char, 65536> buffer{};
  std::string text;
  stream.next_in = reinterpret_cast<unsigned char*>(compressed.data());
  stream.avail_in = static_cast<unsigned>(compressed.size());
  int result = Z_OK;
  while (result == Z_OK) {
    stream.next_out = buffer.data();
    stream.avail_out = static_cast<unsigned>(buffer.size());
    result = inflate(&stream, Z_NO_FLUSH);
    text.append(buffer.begin(), buffer.end() - stream.avail_out);
    if (result == Z_STREAM_END && stream.avail_in > 0) {
      result = inflateReset(&stream);
    }
  }
  inflateEnd(&stream);
  return result == Z_STREAM_END ? text : "damaged";
}

}  // namespace pathwitness
