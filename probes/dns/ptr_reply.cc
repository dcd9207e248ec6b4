#include "probes/dns/ptr_reply.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string_view>

namespace pathwitness {
namespace {

constexpr std::size_t kBeforeCounts = 4;  // id and flags
constexpr std::size_t kLongestName = 253;
constexpr unsigned kLongestLabel = 63;
constexpr unsigned kPointer = 0xc0;  // the two bits that say that a name goes on elsewhere
constexpr unsigned kTypePtr = 12;

/// Reads a DNS message from its start. Behind the first thing that is not as it must be, all is 0.
class MessageReader {
 public:
  explicit MessageReader(std::span<const std::byte> message) : message_(message) {}

  bool IsGood() const { return is_good_; }

  std::uint32_t Number(std::size_t bytes) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      number = number << 8U | Byte();
    }
    return number;
  }

  void Skip(std::size_t bytes) {
    is_good_ = is_good_ && bytes <= message_.size() - at_;
    at_ += is_good_ ? bytes : 0;
  }

  /// Pointers lead backwards only, so that no name goes in a circle.
  std::string Name() {
    std::string name;
    std::optional<std::size_t> behind;
    std::size_t begin = at_;
    for (unsigned length = Byte(); length != 0; length = Byte()) {
      if (length >= kPointer) {
        const std::size_t target = (length - kPointer) << 8U | Byte();
        is_good_ = is_good_ && target < begin;
        behind = behind.value_or(at_);
        begin = at_ = is_good_ ? target : at_;
      } else {
        AppendLabel(length, name);
      }
    }
    at_ = behind.value_or(at_);
    return name;
  }

 private:
  unsigned Byte() {
    is_good_ = is_good_ && at_ < message_.size();
    return is_good_ ? std::to_integer<unsigned>(message_[at_++]) : 0;
  }

  void AppendLabel(unsigned length, std::string& name) {
    name += name.empty() ? "" : ".";
    is_good_ = is_good_ && length <= kLongestLabel && name.size() + length <= kLongestName;
    for (unsigned i = 0; i < length && is_good_; ++i) {
      name += static_cast<char>(Byte());
    }
  }

  std::span<const std::byte> message_;
  std::size_t at_ = 0;
  bool is_good_ = true;
};

bool IsShowable(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

// Servers may answer in the case of the question or in any other, which is the same name.
std::string LowerCase(std::string name) {
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return name;
}

std::string ReverseName4(const IpAddress& address) {
  std::string name;
  for (std::size_t i = address.Bytes().size(); i > 0; --i) {
    name += std::to_string(std::to_integer<unsigned>(address.Bytes()[i - 1])) + ".";
  }
  return name + "in-addr.arpa";
}

std::string ReverseName6(const IpAddress& address) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string name;
  for (std::size_t i = address.Bytes().size(); i > 0; --i) {
    const auto byte = std::to_integer<unsigned>(address.Bytes()[i - 1]);
    for (const unsigned digit : {byte & 0xfU, byte >> 4U}) {
      name += kDigits[digit];
      name += '.';
    }
  }
  return name + "ip6.arpa";
}

}  // namespace

std::string ReverseName(const IpAddress& address) {
  return address.Family() == IpFamily::Ipv4 ? ReverseName4(address) : ReverseName6(address);
}

std::optional<PtrRecord> ReadPtrReply(std::span<const std::byte> reply) {
  MessageReader reader(reply);
  reader.Skip(kBeforeCounts);
  const std::uint32_t questions = reader.Number(2);
  const std::uint32_t answers = reader.Number(2);
  reader.Skip(4);  // counts of what is behind the answers
  for (std::uint32_t i = 0; i < questions && reader.IsGood(); ++i) {
    reader.Name();
    reader.Skip(4);  // type and class
  }
  std::uint32_t ttl = std::numeric_limits<std::int32_t>::max();
  for (std::uint32_t i = 0; i < answers && reader.IsGood(); ++i) {
    reader.Name();
    const std::uint32_t type = reader.Number(2);
    reader.Skip(2);  // class
    ttl = std::min(ttl, reader.Number(4));
    const std::uint32_t length = reader.Number(2);
    if (type == kTypePtr) {
      PtrRecord record{.name = LowerCase(reader.Name()), .ttl = std::chrono::seconds(ttl)};
      const bool is_usable = reader.IsGood() && IsShowable(record.name);
      return is_usable ? std::optional(std::move(record)) : std::nullopt;
    }
    reader.Skip(length);
  }
  return std::nullopt;
}

}  // namespace pathwitness
