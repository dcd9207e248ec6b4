#include "probes/packet/bytes.h"

#include <algorithm>

namespace pathwitness {

std::span<const std::byte> ByteReader::Take(std::size_t count) {
  if (count > rest_.size()) {
    has_failed_ = true;
    rest_ = {};
    return {};
  }
  const std::span<const std::byte> taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

std::uint64_t ByteReader::Integer(std::size_t width) {
  std::uint64_t value = 0;
  for (const std::byte byte : Take(width)) {
    value = (value << 8U) | std::to_integer<std::uint64_t>(byte);
  }
  return value;
}

void ByteWriter::Put(std::span<const std::byte> bytes) {
  if (bytes.size() > buffer_.size() - size_) {
    return;
  }
  std::ranges::copy(bytes, buffer_.subspan(size_).begin());
  size_ += bytes.size();
}

void ByteWriter::Integer(std::uint64_t value, std::size_t width) {
  if (width > buffer_.size() - size_) {
    return;
  }
  for (std::size_t i = 0; i < width; ++i) {
    buffer_[size_ + i] = static_cast<std::byte>(value >> (8 * (width - 1 - i)));
  }
  size_ += width;
}

}  // namespace pathwitness
