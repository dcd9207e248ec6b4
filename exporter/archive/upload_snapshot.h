#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "probes/base/snapshot_board.h"
#include "probes/base/time.h"

namespace pathwitness {

/// Why a file was not uploaded: a closed set, the `reason` label.
enum class UploadFailure : std::uint8_t {
  Credentials,  // cannot be read here
  Unreachable,  // no address, or no connection
  Tls,
  Timeout,  // after the connection stood
  Interrupted,
  Denied,     // 401, 403: keys or rights
  Clock,      // this clock and the service's differ too much for a signature
  NotFound,   // 404: no such bucket
  Throttled,  // 429, 503: more slowly, please
  Server,     // any other 5xx
  Refused,    // any other answer: something is wrong with the request or the file
  Internal,
};
inline constexpr std::array<std::string_view, 12> kUploadFailureNames = {
    "credentials", "unreachable", "tls",       "timeout", "interrupted", "denied",
    "clock",       "not_found",   "throttled", "server",  "refused",     "internal"};

/// How uploads go; there is one while uploads are configured.
struct UploadSnapshot {
  std::uint64_t pending = 0;               // reports
  std::optional<WallTime> oldest_pending;  // what it is about

  std::uint64_t reports = 0;  // uploaded with all their files
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::array<std::uint64_t, kUploadFailureNames.size()> failures{};  // by UploadFailure
  std::uint64_t damaged = 0;  // reports given up: a file is gone or not what its manifest says
  std::optional<WallTime> last_success;

  bool operator==(const UploadSnapshot&) const = default;
};

/// One snapshot, under the key 0.
using UploadBoard = SnapshotBoard<int, UploadSnapshot>;

}  // namespace pathwitness
