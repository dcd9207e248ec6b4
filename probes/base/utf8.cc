#include "probes/base/utf8.h"

#include <array>

namespace pathwitness {
namespace {

// The bytes that may follow the first one of a UTF-8 character; those behind it are
// between 0x80 and 0xBF. Source: RFC 3629, 4.
struct Utf8Lead {
  unsigned first_low;
  unsigned first_high;
  unsigned second_low;
  unsigned second_high;
  std::size_t length;
};

constexpr std::array<Utf8Lead, 8> kUtf8Leads = {{{0xC2, 0xDF, 0x80, 0xBF, 2},
                                                 {0xE0, 0xE0, 0xA0, 0xBF, 3},
                                                 {0xE1, 0xEC, 0x80, 0xBF, 3},
                                                 {0xED, 0xED, 0x80, 0x9F, 3},
                                                 {0xEE, 0xEF, 0x80, 0xBF, 3},
                                                 {0xF0, 0xF0, 0x90, 0xBF, 4},
                                                 {0xF1, 0xF3, 0x80, 0xBF, 4},
                                                 {0xF4, 0xF4, 0x80, 0x8F, 4}}};

bool Begins(std::string_view text, const Utf8Lead& lead) {
  const auto is_between = [text](std::size_t i, unsigned low, unsigned high) {
    const unsigned byte = i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    return byte >= low && byte <= high;
  };
  bool begins = is_between(0, lead.first_low, lead.first_high) &&
                is_between(1, lead.second_low, lead.second_high);
  for (std::size_t i = 2; i < lead.length; ++i) {
    begins = begins && is_between(i, 0x80, 0xBF);
  }
  return begins;
}

}  // namespace

std::size_t Utf8Length(std::string_view text) {
  if (static_cast<unsigned char>(text.front()) < 0x80) {
    return 1;
  }
  for (const Utf8Lead& lead : kUtf8Leads) {
    if (Begins(text, lead)) {
      return lead.length;
    }
  }
  return 0;
}

bool IsText(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = text.front() == '\0' ? 0 : Utf8Length(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace pathwitness
