#pragma once

#include <optional>
#include <string_view>

#include "probes/base/time.h"

namespace pathwitness {

/// How long a server asks to be left alone, from the value of its Retry-After header.
///
/// Never negative: a date gone by is zero. At most a year. Empty when the text is neither a number
/// of seconds nor a date.
/// Source: RFC 9110, 10.2.3.
std::optional<Duration> ReadRetryAfter(std::string_view value, WallTime now);

}  // namespace pathwitness
