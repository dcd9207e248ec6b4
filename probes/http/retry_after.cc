#include "probes/http/retry_after.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

namespace pathwitness {
namespace {

constexpr std::chrono::seconds kLongest = std::chrono::hours(24 * 365);

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::optional<Duration> ReadRetryAfter(std::string_view value, WallTime now) {
  if (!value.empty() && std::all_of(value.begin(), value.end(), IsDigit)) {
    std::int64_t seconds = 0;
    const char* const end = value.data() + value.size();
    const bool is_huge = std::from_chars(value.data(), end, seconds).ec != std::errc{};
    return is_huge ? kLongest : std::min(kLongest, std::chrono::seconds(seconds));
  }
  const std::time_t date = curl_getdate(std::string(value).c_str(), nullptr);
  if (date < 0) {
    return std::nullopt;
  }
  const auto wait = std::chrono::system_clock::from_time_t(date) - now;
  return std::clamp<Duration>(wait, Duration::zero(), kLongest);
}

}  // namespace pathwitness
