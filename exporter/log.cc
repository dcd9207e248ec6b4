#include "exporter/log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "exporter/rfc3339.h"

namespace pathwitness {
namespace {

std::size_t IndexOf(LogLevel level) {
  return static_cast<std::size_t>(level);
}

bool IsControl(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7F;
}

bool NeedsQuotes(std::string_view value) {
  return value.empty() || std::ranges::any_of(value, [](char character) {
           return character == ' ' || character == '"' || character == '=' || character == '\\' ||
                  IsControl(character);
         });
}

void AppendQuoted(std::string& line, std::string_view value) {
  line += '"';
  for (const char character : value) {
    if (character == '"' || character == '\\') {
      line += '\\';
      line += character;
    } else if (character == '\n') {
      line += "\\n";
    } else if (IsControl(character)) {
      fmt::format_to(std::back_inserter(line), "\\x{:02x}", static_cast<unsigned char>(character));
    } else {
      line += character;
    }
  }
  line += '"';
}

std::string Logfmt(const std::string& time, LogLevel level, std::string_view message,
                   std::span<const LogField> fields) {
  std::string line = fmt::format("time={} level={} msg=", time, kLogLevelNames[IndexOf(level)]);
  AppendQuoted(line, message);
  for (const LogField& field : fields) {
    fmt::format_to(std::back_inserter(line), " {}=", field.key);
    if (NeedsQuotes(field.value)) {
      AppendQuoted(line, field.value);
    } else {
      line += field.value;
    }
  }
  return line;
}

std::string Json(const std::string& time, LogLevel level, std::string_view message,
                 std::span<const LogField> fields) {
  nlohmann::ordered_json line = {
      {"time", time}, {"level", kLogLevelNames[IndexOf(level)]}, {"msg", message}};
  for (const LogField& field : fields) {
    line[std::string(field.key)] = field.value;
  }
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

std::string FormatLogLine(LogFormat format, WallTime time, LogLevel level, std::string_view message,
                          std::span<const LogField> fields) {
  const std::string stamp = FormatRfc3339(time, TimePrecision::Milliseconds);
  return format == LogFormat::Json ? Json(stamp, level, message, fields)
                                   : Logfmt(stamp, level, message, fields);
}

StderrLog::StderrLog(LogFormat format, LogLevel least, const Clock& clock)
    : format_(format),
      least_(least),
      clock_(&clock),
      logger_(std::make_unique<spdlog::logger>("pathwitness",
                                               std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  logger_->set_pattern("%v");
  logger_->set_level(spdlog::level::trace);
}

StderrLog::~StderrLog() = default;

void StderrLog::Write(LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields) {
  if (level < least_) {
    return;
  }
  counts_[IndexOf(level)].fetch_add(1, std::memory_order_relaxed);
  const std::string line = FormatLogLine(format_, clock_->WallNow(), level, message,
                                         std::span(fields.begin(), fields.size()));
  logger_->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  logger_->flush();
}

std::array<std::uint64_t, kLogLevelNames.size()> StderrLog::Counts() const {
  std::array<std::uint64_t, kLogLevelNames.size()> counts{};
  std::ranges::transform(counts_, counts.begin(),
                         [](const auto& count) { return count.load(std::memory_order_relaxed); });
  return counts;
}

}  // namespace pathwitness
