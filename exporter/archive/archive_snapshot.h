#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "probes/base/snapshot_board.h"
#include "probes/base/time.h"

namespace pathwitness {

/// Why a report was not kept: a closed set, the `reason` label.
enum class KeepFailure : std::uint8_t {
  Invalid,   // it has no form, or forms that have no place
  DiskLow,   // less is free than archive.min_free_bytes, and there was nothing older to remove
  DiskFull,  // no space, no inodes, or the quota is used up
  ReadOnly,
  Denied,
  Io,
};
inline constexpr std::array<std::string_view, 6> kKeepFailureNames = {
    "invalid", "disk_low", "disk_full", "read_only", "denied", "io"};

/// Why a report was removed: the `reason` label.
enum class RemovalReason : std::uint8_t { Age, Size, DiskLow };
inline constexpr std::array<std::string_view, 3> kRemovalReasonNames = {"age", "size", "disk_low"};

/// What there is of reports on this machine.
struct ArchiveSnapshot {
  bool is_complete = false;  // all that earlier runs left is counted
  std::uint64_t reports = 0;
  std::uint64_t bytes = 0;  // as blocks of the disk
  std::uint64_t max_bytes = 0;
  std::optional<std::uint64_t> free_bytes;  // absent: the folder cannot be looked at
  std::uint64_t min_free_bytes = 0;
  std::optional<WallTime> oldest;
  std::optional<WallTime> last_kept;

  std::uint64_t kept = 0;
  std::array<std::uint64_t, kKeepFailureNames.size()> failures{};   // by KeepFailure
  std::array<std::uint64_t, kRemovalReasonNames.size()> removed{};  // by RemovalReason
  std::uint64_t removed_unsent = 0;  // of those removed, before they were uploaded

  bool operator==(const ArchiveSnapshot&) const = default;
};

/// One snapshot, under the key 0.
using ArchiveBoard = SnapshotBoard<int, ArchiveSnapshot>;

}  // namespace pathwitness
