#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "probes/asn/mmdb_file.h"
#include "probes/base/time.h"

namespace pathwitness {

/// The database that is in use, kept up to date with its file. What could be read last stays in
/// use when the file vanishes or is replaced by a broken one.
class AsnDatabase {
 public:
  /// An empty path means that there is none. Call Refresh to read it.
  explicit AsnDatabase(std::filesystem::path path) : path_(std::move(path)) {}

  /// Reads the file if it is another one than last time, or was not there; true when Current or
  /// Failure changed. Takes as long as reading takes.
  bool Refresh();

  /// The newest database that could be read; null before the first.
  const std::shared_ptr<const MmdbFile>& Current() const { return current_; }

  /// Why the newest file is not the one in use; empty when it is, or when there is no path.
  std::optional<MmdbFailure> Failure() const { return failure_; }

 private:
  /// What tells one state of a file from another; replaced files have another inode.
  struct Identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;

    bool operator==(const Identity&) const = default;
  };

  std::optional<Identity> Look() const;

  std::filesystem::path path_;
  std::optional<Identity> seen_;
  bool has_looked_ = false;
  std::shared_ptr<const MmdbFile> current_;
  std::optional<MmdbFailure> failure_;
};

}  // namespace pathwitness
