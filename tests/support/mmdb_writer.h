#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "probes/base/ip_address.h"

namespace pathwitness {

/// Writes small databases in MaxMind's DB format, with 24-bit records in an IPv6 tree.
/// Source: MaxMind, "MaxMind DB File Format Specification", version 2.0.
class MmdbWriter {
 public:
  using Value = std::variant<std::uint32_t, std::string>;
  using Record = std::vector<std::pair<std::string, Value>>;

  explicit MmdbWriter(std::string type = "GeoLite2-ASN") : type_(std::move(type)) {}

  /// Prefixes must be added before those inside them.
  MmdbWriter& Add(const std::string& prefix, const Record& record);

  /// As GeoLite2-ASN has it.
  MmdbWriter& AddAs(const std::string& prefix, std::uint32_t asn, const std::string& name);

  /// The file's content. The database says it was built at 1700000000.
  std::string Content() const;

 private:
  /// What one of the two sides of a node points at.
  struct Side {
    enum class Kind : std::uint8_t { Nothing, Node, Record } kind = Kind::Nothing;
    std::uint32_t index = 0;
  };

  std::uint32_t NewNode(const Side& both);

  std::string type_;
  std::vector<std::pair<Side, Side>> nodes_ = {{}};
  std::vector<Record> records_;
};

}  // namespace pathwitness
