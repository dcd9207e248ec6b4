#include "exporter/web/request_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>

#include "exporter/web/lower_case.h"

namespace pathwitness {
namespace {

constexpr std::size_t kLength = 0;
constexpr std::size_t kEncoding = 1;
constexpr std::array<std::string_view, 6> kSaidOnce = {
    "content-length", "transfer-encoding", "host", "authorization", "origin", "sec-fetch-site"};

HttpResponse Refusal(int status, std::string_view why) {
  return {.status = status, .body = std::string(why) + "\n"};
}

/// Digits and nothing else; too many of them are as good as the largest number.
std::optional<std::uint64_t> ReadLength(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  const std::size_t end = text.find_last_not_of(" \t");
  text = text.substr(0, end == std::string_view::npos ? 0 : end + 1);
  if (text.empty() || text.find_first_not_of(kDigits) != std::string_view::npos) {
    return std::nullopt;
  }
  std::uint64_t length = UINT64_MAX;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

}  // namespace

std::optional<HttpResponse> RefuseHead(std::span<const HeadField> fields) {
  if (fields.size() > kMostHeadFields) {
    return Refusal(431, fmt::format("too many header fields: at most {}", kMostHeadFields));
  }
  std::array<const HeadField*, kSaidOnce.size()> said{};
  for (const HeadField& field : fields) {
    const auto* const name = std::ranges::find(kSaidOnce, LowerCase(field.first));
    if (name == kSaidOnce.end()) {
      continue;
    }
    const HeadField*& before = said.at(static_cast<std::size_t>(name - kSaidOnce.begin()));
    if (before != nullptr) {
      return Refusal(400, fmt::format("header field given twice: {}", *name));
    }
    before = &field;
  }
  if (said[kLength] == nullptr) {
    return std::nullopt;
  }
  const std::optional<std::uint64_t> length = ReadLength(said[kLength]->second);
  if (!length || said[kEncoding] != nullptr) {
    return Refusal(400, "it is unclear where the request ends");
  }
  return *length > kMaxRequestBodyBytes
             ? std::optional(Refusal(413, "the request body is over 64 KiB"))
             : std::nullopt;
}

}  // namespace pathwitness
