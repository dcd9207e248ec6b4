#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "probes/base/event_log.h"
#include "probes/base/time.h"

namespace spdlog {
class logger;
}

namespace pathwitness {

enum class LogFormat : std::uint8_t { Logfmt, Json };

/// One line without its newline, whatever the values hold: control characters are escaped, bytes
/// that are no UTF-8 are replaced in JSON.
std::string FormatLogLine(LogFormat format, WallTime time, LogLevel level, std::string_view message,
                          std::span<const LogField> fields);

/// The process's log on standard error.
class StderrLog final : public EventLog {
 public:
  StderrLog(LogFormat format, LogLevel least, const Clock& clock);
  ~StderrLog() override;
  StderrLog(const StderrLog&) = delete;
  StderrLog& operator=(const StderrLog&) = delete;

  void Write(LogLevel level, std::string_view message,
             std::initializer_list<LogField> fields) override;

  /// Lines written since the start, by LogLevel; suppressed ones are not among them.
  std::array<std::uint64_t, kLogLevelNames.size()> Counts() const;

 private:
  LogFormat format_;
  LogLevel least_;
  const Clock* clock_;
  std::unique_ptr<spdlog::logger> logger_;  // has a lock of its own
  std::array<std::atomic<std::uint64_t>, kLogLevelNames.size()> counts_{};
};

}  // namespace pathwitness
