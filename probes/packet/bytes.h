#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pathwitness {

/// Reads big-endian values from the front of a message and cannot overrun it.
///
/// A read that does not fit yields zeros, as do all later ones, and HasFailed() tells: a decoder
/// reads a whole header and asks once.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : rest_(bytes) {}

  std::uint8_t U8() { return static_cast<std::uint8_t>(Integer(1)); }
  std::uint16_t U16() { return static_cast<std::uint16_t>(Integer(2)); }
  std::uint32_t U32() { return static_cast<std::uint32_t>(Integer(4)); }
  std::uint64_t U64() { return Integer(8); }

  /// The next `count` bytes; empty when they are not all there.
  std::span<const std::byte> Take(std::size_t count) {
    if (count > rest_.size()) {
      has_failed_ = true;
      rest_ = {};
      return {};
    }
    const std::span<const std::byte> taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  void Skip(std::size_t count) { Take(count); }

  std::span<const std::byte> Rest() const { return rest_; }
  bool HasFailed() const { return has_failed_; }

 private:
  std::uint64_t Integer(std::size_t width) {
    std::uint64_t value = 0;
    for (const std::byte byte : Take(width)) {
      value = (value << 8U) | std::to_integer<std::uint64_t>(byte);
    }
    return value;
  }

  std::span<const std::byte> rest_;
  bool has_failed_ = false;
};

/// Writes big-endian values to the front of a buffer; what does not fit is not written.
class ByteWriter {
 public:
  explicit ByteWriter(std::span<std::byte> buffer) : buffer_(buffer) {}

  void U8(std::uint8_t value) { Integer(value, 1); }
  void U16(std::uint16_t value) { Integer(value, 2); }
  void U32(std::uint32_t value) { Integer(value, 4); }
  void U64(std::uint64_t value) { Integer(value, 8); }
  void Put(std::span<const std::byte> bytes) {
    if (bytes.size() > buffer_.size() - size_) {
      return;
    }
    std::ranges::copy(bytes, buffer_.subspan(size_).begin());
    size_ += bytes.size();
  }

  /// What was written so far, for checksums over it.
  std::span<std::byte> Written() const { return buffer_.first(size_); }

 private:
  void Integer(std::uint64_t value, std::size_t width) {
    if (width > buffer_.size() - size_) {
      return;
    }
    for (std::size_t i = 0; i < width; ++i) {
      buffer_[size_ + i] = static_cast<std::byte>(value >> (8 * (width - 1 - i)));
    }
    size_ += width;
  }

  std::span<std::byte> buffer_;
  std::size_t size_ = 0;
};

}  // namespace pathwitness
