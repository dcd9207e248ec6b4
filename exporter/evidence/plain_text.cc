#include "exporter/evidence/plain_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace pathwitness {
namespace {

constexpr std::uint32_t kBroken = 0xFFFFFFFF;

struct CodePoint {
  std::uint32_t value = kBroken;
  std::size_t bytes = 1;
};

bool IsContinuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// How many bytes follow the first one, and the bits that it holds itself.
struct Lead {
  std::size_t following = 0;
  std::uint32_t bits = 0;
  std::uint32_t smallest = 0;  // below it the text is longer than it had to be
};

Lead LeadOf(unsigned char byte) {
  if ((byte & 0xE0U) == 0xC0U) {
    return {.following = 1, .bits = byte & 0x1FU, .smallest = 0x80};
  }
  if ((byte & 0xF0U) == 0xE0U) {
    return {.following = 2, .bits = byte & 0x0FU, .smallest = 0x800};
  }
  if ((byte & 0xF8U) == 0xF0U) {
    return {.following = 3, .bits = byte & 0x07U, .smallest = 0x10000};
  }
  return {};
}

// Source: RFC 3629 section 4.
CodePoint FirstOf(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80U) {
    return {.value = first, .bytes = 1};
  }
  const Lead lead = LeadOf(first);
  if (lead.following == 0 || text.size() <= lead.following ||
      !std::ranges::all_of(text.substr(1, lead.following), IsContinuation)) {
    return {};
  }
  std::uint32_t value = lead.bits;
  for (const char byte : text.substr(1, lead.following)) {
    value = (value << 6U) | (static_cast<unsigned char>(byte) & 0x3FU);
  }
  const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < lead.smallest || value > 0x10FFFF || is_surrogate) {
    return {};
  }
  return {.value = value, .bytes = lead.following + 1};
}

// The general categories Cc and Cf as far as terminals obey them, and the line separators.
bool IsObeyed(std::uint32_t value) {
  using Range = std::pair<std::uint32_t, std::uint32_t>;
  constexpr std::array<Range, 9> kObeyed = {{{0x00, 0x1F},
                                             {0x7F, 0x9F},
                                             {0xAD, 0xAD},
                                             {0x61C, 0x61C},
                                             {0x200B, 0x200F},
                                             {0x2028, 0x202E},
                                             {0x2060, 0x206F},
                                             {0xFEFF, 0xFEFF},
                                             {0xE0000, 0x10FFFF}}};
  return std::ranges::any_of(kObeyed, [value](const Range& range) {
    return range.first <= value && value <= range.second;
  });
}

}  // namespace

std::string PlainText(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = FirstOf(text);
    const bool is_fit = point.value != kBroken && !IsObeyed(point.value);
    plain += is_fit ? text.substr(0, point.bytes) : "?";
    text.remove_prefix(point.bytes);
  }
  return plain;
}

std::string PlainLines(std::string_view text) {
  std::string plain;
  while (true) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    line.remove_suffix(line.ends_with('\r') ? 1 : 0);
    plain += PlainText(line);
    if (end == std::string_view::npos) {
      return plain;
    }
    plain += '\n';
    text.remove_prefix(end + 1);
  }
}

std::size_t ColumnsOf(std::string_view plain) {
  return plain.size() - static_cast<std::size_t>(std::ranges::count_if(plain, IsContinuation));
}

std::string PadRight(std::string_view plain, std::size_t columns) {
  const std::size_t taken = ColumnsOf(plain);
  return std::string(plain) + std::string(columns > taken ? columns - taken : 0, ' ');
}

std::string PadLeft(std::string_view plain, std::size_t columns) {
  const std::size_t taken = ColumnsOf(plain);
  return std::string(columns > taken ? columns - taken : 0, ' ') + std::string(plain);
}

}  // namespace pathwitness
