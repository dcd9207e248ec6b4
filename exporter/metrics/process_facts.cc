#include "exporter/metrics/process_facts.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace pathwitness {
namespace {

std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), number);
  if (error != std::errc() || end != text.end()) {
    return std::nullopt;
  }
  return number;
}

std::vector<std::string_view> SplitWords(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = text.find_first_not_of(" \t\n");
    if (begin == std::string_view::npos) {
      return words;
    }
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(" \t\n"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

/// What follows `key` at the start of a line, up to the line's end.
std::optional<std::string_view> LineAfter(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.starts_with(key)) {
      return line.substr(key.size());
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

/// Empty when it cannot be read.
std::string ReadFile(const char* path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::optional<double> CountOpenFds() {
  std::error_code error;
  double count = -1;  // the descriptor that reads the folder is in it
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end;
       !error && entry != end; entry.increment(error)) {
    ++count;
  }
  return error ? std::nullopt : std::optional(count);
}

}  // namespace

std::optional<ProcessStat> ParseProcessStat(std::string_view text) {
  // The second field is the program's name in parentheses, and may itself hold blanks and ")".
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::vector<std::string_view> words = SplitWords(text.substr(name_end + 1));
  const auto field = [&](std::size_t number) -> std::optional<std::uint64_t> {  // as in proc(5)
    return number - 3 < words.size() ? ParseNumber(words[number - 3]) : std::nullopt;
  };
  const auto user = field(14);
  const auto system = field(15);
  const auto start = field(22);
  const auto virtual_bytes = field(23);
  const auto resident_pages = field(24);
  if (!user || !system || !start || !virtual_bytes || !resident_pages) {
    return std::nullopt;
  }
  return ProcessStat{.cpu_ticks = *user + *system,
                     .start_ticks = *start,
                     .virtual_bytes = *virtual_bytes,
                     .resident_pages = *resident_pages};
}

std::optional<double> ParseBootTime(std::string_view text) {
  const auto rest = LineAfter(text, "btime ");
  const auto seconds = rest ? ParseNumber(*rest) : std::nullopt;
  return seconds ? std::optional(static_cast<double>(*seconds)) : std::nullopt;
}

std::optional<double> ParseMaxFds(std::string_view text) {
  const auto rest = LineAfter(text, "Max open files ");
  const auto words = rest ? SplitWords(*rest) : std::vector<std::string_view>();
  if (words.empty()) {
    return std::nullopt;
  }
  if (words.front() == "unlimited") {
    return std::numeric_limits<double>::infinity();
  }
  const auto limit = ParseNumber(words.front());
  return limit ? std::optional(static_cast<double>(*limit)) : std::nullopt;
}

ProcessFacts ReadProcessFacts() {
  ProcessFacts facts;
  facts.open_fds = CountOpenFds();
  facts.max_fds = ParseMaxFds(ReadFile("/proc/self/limits"));
  const auto stat = ParseProcessStat(ReadFile("/proc/self/stat"));
  if (!stat) {
    return facts;
  }
  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page_bytes = static_cast<double>(sysconf(_SC_PAGESIZE));
  facts.cpu_seconds = static_cast<double>(stat->cpu_ticks) / ticks_per_second;
  facts.resident_bytes = static_cast<double>(stat->resident_pages) * page_bytes;
  facts.virtual_bytes = static_cast<double>(stat->virtual_bytes);
  if (const auto boot = ParseBootTime(ReadFile("/proc/stat"))) {
    facts.start_time = *boot + static_cast<double>(stat->start_ticks) / ticks_per_second;
  }
  return facts;
}

}  // namespace pathwitness
