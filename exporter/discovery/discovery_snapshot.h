#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "exporter/discovery/target_groups.h"
#include "probes/base/snapshot_board.h"
#include "probes/base/time.h"

namespace pathwitness {

/// Why a source could not be used: a closed set, the `reason` label.
enum class DiscoveryFailure : std::uint8_t {
  Missing,   // a file that target_files names is not there
  Read,      // it is there and cannot be read
  TooLarge,  // the document, or what it would unfold to
  Parse,     // it is no list of target groups
  Dns,
  Connect,
  Tls,
  Timeout,
  Status,    // another status code than 200
  Internal,  // our own fault: unreadable password file, out of descriptors
};
inline constexpr std::array<std::string_view, 10> kDiscoveryFailureNames = {
    "missing", "read", "too_large", "parse",  "dns",
    "connect", "tls",  "timeout",   "status", "internal"};

/// What is known from one source of targets: a file, or a URL that is asked again and again.
struct DiscoverySnapshot {
  std::string source;  // the file's path, or the URL without user, password and fragment
  /// The last good document; null before the first one. The pointer stays the same as long as the
  /// document says the same.
  std::shared_ptr<const TargetGroups> groups;
  WallTime last_success;  // when the document was last found good; the source's start before that
  bool is_failing = false;
  std::string error;  // of the last failure, for people; empty when not failing
  std::array<std::uint64_t, kDiscoveryFailureNames.size()> failures{};
};

/// Key: the source.
using DiscoveryBoard = SnapshotBoard<std::string, DiscoverySnapshot>;

}  // namespace pathwitness
