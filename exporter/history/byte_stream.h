#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "probes/base/ip_address.h"

namespace pathwitness {

/// Puts numbers and addresses behind each other. Numbers take a byte for each 7 bits, the lowest
/// first.
class ByteWriter {
 public:
  void Byte(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void Number(std::uint64_t value);
  void Signed(std::int64_t value);    // small ones of either sign are short
  void Microseconds(double seconds);  // below zero is zero
  void Address(const std::optional<IpAddress>& address);

  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads what ByteWriter wrote. Behind the end and behind anything that makes no sense there are
/// only zeros, and the reader has failed.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  std::uint8_t Byte();
  std::uint64_t Number();
  std::int64_t Signed();
  double Microseconds() { return static_cast<double>(Number()) * 1e-6; }
  std::optional<IpAddress> Address();

  /// A number of things that take at least a byte each.
  std::size_t Count(std::size_t most);

  void Fail() { has_failed_ = true; }
  bool HasFailed() const { return has_failed_; }
  bool IsAtEnd() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool has_failed_ = false;
};

}  // namespace pathwitness
