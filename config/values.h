#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probes/base/time.h"

// Text of a configuration into values and back. Strict: what people write by mistake is refused
// and never guessed.
namespace pathwitness {

/// Reads a duration such as "10s", "500ms" or "1h30m": units y w d h m s ms, each at most once, the
/// larger first. Empty for anything else, for a number without unit, and beyond 100 years.
/// Source: Prometheus, "Configuration", <duration>.
std::optional<Duration> ParseDuration(std::string_view text);

/// The shortest text that ParseDuration reads back; what is below a millisecond is cut off.
std::string FormatDuration(Duration duration);

/// Reads decimal digits without sign or leading zeros: "010" is octal to some and ten to others.
std::optional<std::uint64_t> ParseWholeNumber(std::string_view text);

/// Reads a finite decimal number such as "0.5", "2000" or "1e-3".
std::optional<double> ParseNumber(std::string_view text);

/// Reads a number of bytes: digits alone or followed by B, KiB, MiB or GiB.
std::optional<std::uint64_t> ParseByteSize(std::string_view text);

/// Reads "true" or "false"; "yes", "on" and the like are text.
std::optional<bool> ParseBool(std::string_view text);

/// `text` between single quotes, on one line and cut when long: fit for a message.
std::string Quote(std::string_view text);

/// Completes a message about an unknown word: "did you mean 'staging'?" when one of `known` is at
/// most two typing errors away, otherwise "allowed: ci, staging".
std::string Suggest(std::string_view word, const std::vector<std::string_view>& known);

/// Reads a day such as "2027-01-31", of the years 2000 to 2199.
std::optional<std::chrono::sys_days> ParseDay(std::string_view text);

/// The text that ParseDay reads back.
std::string FormatDay(std::chrono::sys_days day);

}  // namespace pathwitness
