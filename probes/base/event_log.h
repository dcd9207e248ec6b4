#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace pathwitness {

enum class LogLevel : std::uint8_t { Debug, Info, Warn, Error };

/// As in the log, in --log.level and in the `level` label; by LogLevel.
inline constexpr std::array<std::string_view, 4> kLogLevelNames = {"debug", "info", "warn",
                                                                   "error"};

/// One `key=value` of a log line (logfmt) or member (JSON). The log escapes the value.
struct LogField {
  std::string_view key;
  std::string value;
};

/// Where engines report transitions: a target went down, a source broke, a prober was restarted.
/// Packets and single requests are never logged; they are counted. May be called from any thread.
class EventLog {
 public:
  virtual ~EventLog() = default;
  virtual void Write(LogLevel level, std::string_view message,
                     std::initializer_list<LogField> fields) = 0;
};

}  // namespace pathwitness
