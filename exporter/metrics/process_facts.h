#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pathwitness {

/// What /proc tells of this process; what could not be read is absent.
struct ProcessFacts {
  std::optional<double> cpu_seconds;
  std::optional<double> resident_bytes;
  std::optional<double> virtual_bytes;
  std::optional<double> open_fds;
  std::optional<double> max_fds;     // infinite when unlimited
  std::optional<double> start_time;  // Unix seconds

  bool operator==(const ProcessFacts&) const = default;
};

/// The numbers of /proc/self/stat that we use, in the kernel's units.
struct ProcessStat {
  std::uint64_t cpu_ticks = 0;    // user and system
  std::uint64_t start_ticks = 0;  // since boot
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;

  bool operator==(const ProcessStat&) const = default;
};

/// Empty when the text is damaged. Source: proc(5), /proc/pid/stat.
std::optional<ProcessStat> ParseProcessStat(std::string_view text);

/// Unix seconds at which the machine started, from /proc/stat's `btime`.
std::optional<double> ParseBootTime(std::string_view text);

/// The soft limit of open files from /proc/self/limits; infinite when unlimited.
std::optional<double> ParseMaxFds(std::string_view text);

/// Reads /proc. Never fails: what cannot be read is absent.
ProcessFacts ReadProcessFacts();

}  // namespace pathwitness
