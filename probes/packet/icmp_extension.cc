#include "probes/packet/icmp_extension.h"

#include "probes/packet/bytes.h"
#include "probes/packet/checksum.h"

namespace pathwitness {
namespace {

constexpr std::size_t kIcmpHeaderBytes = 8;
constexpr std::size_t kOldQuoteBytes = 128;
constexpr std::size_t kExtensionHeaderBytes = 4;
constexpr std::size_t kObjectHeaderBytes = 4;
constexpr std::size_t kMaxLabels = 16;
constexpr std::uint8_t kVersion = 2;
constexpr std::uint8_t kMplsClass = 1;
constexpr std::uint8_t kIncomingStack = 1;

enum class Proof : std::uint8_t { AbsentChecksumIsFine, ChecksumNeeded };

bool IsExtension(std::span<const std::byte> bytes, Proof proof) {
  ByteReader reader(bytes);
  const auto version = static_cast<std::uint8_t>(reader.U8() >> 4U);
  reader.Skip(1);
  const std::uint16_t checksum = reader.U16();
  if (reader.HasFailed() || version != kVersion) {
    return false;
  }
  if (checksum == 0) {
    return proof == Proof::AbsentChecksumIsFine;
  }
  return ChecksumSum().Add(bytes).Folded() == 0xFFFF;
}

std::size_t QuoteLength(std::span<const std::byte> message, IpFamily family) {
  return family == IpFamily::Ipv4 ? std::to_integer<std::size_t>(message[5]) * 4
                                  : std::to_integer<std::size_t>(message[4]) * 8;
}

MplsLabel LabelOf(std::uint32_t entry) {
  return MplsLabel{.label = entry >> 12U,
                   .traffic_class = static_cast<std::uint8_t>((entry >> 9U) & 7U),
                   .is_bottom = ((entry >> 8U) & 1U) != 0,
                   .ttl = static_cast<std::uint8_t>(entry & 0xFFU)};
}

void AppendLabels(std::span<const std::byte> stack, std::vector<MplsLabel>& labels) {
  ByteReader reader(stack);
  while (reader.Rest().size() >= 4 && labels.size() < kMaxLabels) {
    labels.push_back(LabelOf(reader.U32()));
  }
}

}  // namespace

IcmpErrorParts SplitIcmpError(std::span<const std::byte> message, IpFamily family) noexcept {
  const std::span<const std::byte> body = message.subspan(kIcmpHeaderBytes);
  const std::size_t length = QuoteLength(message, family);
  if (length > 0 && length <= body.size()) {
    return {.quote = body.first(length), .extension = body.subspan(length)};
  }
  if (length == 0 && body.size() > kOldQuoteBytes &&
      IsExtension(body.subspan(kOldQuoteBytes), Proof::ChecksumNeeded)) {
    return {.quote = body.first(kOldQuoteBytes), .extension = body.subspan(kOldQuoteBytes)};
  }
  return {.quote = body, .extension = {}};
}

std::vector<MplsLabel> ReadMplsLabels(std::span<const std::byte> extension) noexcept {
  std::vector<MplsLabel> labels;
  if (!IsExtension(extension, Proof::AbsentChecksumIsFine)) {
    return labels;
  }
  ByteReader reader(extension.subspan(kExtensionHeaderBytes));
  while (!reader.Rest().empty()) {
    const std::uint16_t length = reader.U16();
    const std::uint8_t object_class = reader.U8();
    const std::uint8_t object_type = reader.U8();
    if (length < kObjectHeaderBytes) {
      return {};
    }
    const std::span<const std::byte> object = reader.Take(length - kObjectHeaderBytes);
    if (reader.HasFailed()) {
      return {};
    }
    if (object_class == kMplsClass && object_type == kIncomingStack) {
      AppendLabels(object, labels);
    }
  }
  return labels;
}

}  // namespace pathwitness
