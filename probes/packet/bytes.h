#pragma once

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
  std::span<const std::byte> Take(std::size_t count);
  void Skip(std::size_t count) { Take(count); }

  std::span<const std::byte> Rest() const { return rest_; }
  bool HasFailed() const { return has_failed_; }

 private:
  std::uint64_t Integer(std::size_t width);

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
  void Put(std::span<const std::byte> bytes);

  /// What was written so far, for checksums over it.
  std::span<std::byte> Written() const { return buffer_.first(size_); }

 private:
  void Integer(std::uint64_t value, std::size_t width);

  std::span<std::byte> buffer_;
  std::size_t size_ = 0;
};

}  // namespace pathwitness
