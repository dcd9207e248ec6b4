#include "tests/support/mmdb_writer.h"

#include <bit>

namespace pathwitness {
namespace {

constexpr std::size_t kSeparatorBytes = 16;

// Type numbers of the format.
constexpr unsigned kText = 2;
constexpr unsigned kUint16 = 5;
constexpr unsigned kUint32 = 6;
constexpr unsigned kMap = 7;
constexpr unsigned kUint64 = 9;
constexpr unsigned kArray = 11;

char Byte(std::uint64_t value) {
  return static_cast<char>(value & 0xffU);
}

std::string BigEndian(std::uint64_t value, unsigned bytes) {
  std::string text;
  for (unsigned i = bytes; i-- > 0;) {
    text += Byte(value >> (8U * i));
  }
  return text;
}

// A control byte; larger sizes and types take more of them.
std::string Control(unsigned type, std::size_t size) {
  constexpr std::size_t kSmallSize = 29;
  const std::size_t low = size < kSmallSize ? size : size < 285 ? kSmallSize : kSmallSize + 1;
  std::string text(1, Byte((type <= kMap ? type << 5U : 0U) | low));
  text += type <= kMap ? std::string() : std::string(1, Byte(type - kMap));
  if (low == kSmallSize) {
    text += BigEndian(size - kSmallSize, 1);
  } else if (low > kSmallSize) {
    text += BigEndian(size - 285, 2);
  }
  return text;
}

std::string Number(unsigned type, std::uint64_t value) {
  const auto bytes = static_cast<unsigned>((std::bit_width(value) + 7) / 8);
  return Control(type, bytes) + BigEndian(value, bytes);
}

std::string Text(const std::string& text) {
  return Control(kText, text.size()) + text;
}

std::string Encoded(const MmdbWriter::Value& value) {
  const auto* const text = std::get_if<std::string>(&value);
  return text != nullptr ? Text(*text) : Number(kUint32, std::get<std::uint32_t>(value));
}

std::string Encoded(const MmdbWriter::Record& record) {
  std::string text = Control(kMap, record.size());
  for (const auto& [key, value] : record) {
    text += Text(key) + Encoded(value);
  }
  return text;
}

// The bits of a prefix in the tree, where IPv4 lies in ::/96.
std::vector<bool> Bits(const IpPrefix& prefix) {
  const bool is_four = prefix.Base().Family() == IpFamily::Ipv4;
  std::vector<bool> bits(is_four ? 96 : 0);
  for (unsigned i = 0; i < prefix.Length(); ++i) {
    bits.push_back((std::to_integer<unsigned>(prefix.Base().Bytes()[i / 8]) >> (7 - i % 8) & 1U) !=
                   0);
  }
  return bits;
}

}  // namespace

std::uint32_t MmdbWriter::NewNode(const Side& both) {
  nodes_.emplace_back(both, both);
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

MmdbWriter& MmdbWriter::Add(const std::string& prefix, const Record& record) {
  const std::vector<bool> bits = Bits(IpPrefix::Parse(prefix).value());
  records_.push_back(record);
  std::uint32_t node = 0;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const Side old = bits[i] ? nodes_[node].second : nodes_[node].first;
    Side next = {.kind = Side::Kind::Record,
                 .index = static_cast<std::uint32_t>(records_.size() - 1)};
    if (i + 1 < bits.size()) {
      next = {.kind = Side::Kind::Node,
              .index = old.kind == Side::Kind::Node ? old.index : NewNode(old)};
    }
    (bits[i] ? nodes_[node].second : nodes_[node].first) = next;
    node = next.index;
  }
  return *this;
}

MmdbWriter& MmdbWriter::AddAs(const std::string& prefix, std::uint32_t asn,
                              const std::string& name) {
  return Add(prefix, {{"autonomous_system_number", asn}, {"autonomous_system_organization", name}});
}

std::string MmdbWriter::Content() const {
  std::string section;
  std::vector<std::size_t> offsets;
  for (const Record& record : records_) {
    offsets.push_back(section.size());
    section += Encoded(record);
  }
  const auto pointer = [&](const Side& side) -> std::uint64_t {
    switch (side.kind) {
      case Side::Kind::Node:
        return side.index;
      case Side::Kind::Record:
        return nodes_.size() + kSeparatorBytes + offsets[side.index];
      case Side::Kind::Nothing:
        break;
    }
    return nodes_.size();
  };
  std::string content;
  for (const auto& [left, right] : nodes_) {
    content += BigEndian(pointer(left), 3) + BigEndian(pointer(right), 3);
  }
  content += std::string(kSeparatorBytes, '\0') + section + "\xab\xcd\xefMaxMind.com";
  content += Control(kMap, 9) + Text("binary_format_major_version") + Number(kUint16, 2) +
             Text("binary_format_minor_version") + Number(kUint16, 0) + Text("build_epoch") +
             Number(kUint64, 1'700'000'000) + Text("database_type") + Text(type_) +
             Text("description") + Control(kMap, 0) + Text("ip_version") + Number(kUint16, 6) +
             Text("languages") + Control(kArray, 0) + Text("node_count") +
             Number(kUint32, nodes_.size()) + Text("record_size") + Number(kUint16, 24);
  return content;
}

}  // namespace pathwitness
