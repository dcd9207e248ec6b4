#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "exporter/discovery/discovery_snapshot.h"

namespace pathwitness {

/// Tells one version of a file from the next.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t changed = 0;  // nanoseconds; of its content, rights or name

  bool operator==(const FileStamp&) const = default;
};

/// Links are followed. Empty when there is no such file.
std::optional<FileStamp> ReadStamp(const std::string& path);

/// Why a source could not be used this time.
struct SourceProblem {
  DiscoveryFailure reason = DiscoveryFailure::Internal;
  std::string error;  // for people
};

/// The groups of a document; the failure is TooLarge or Parse.
std::variant<TargetGroups, SourceProblem> GroupsOf(std::string_view text, DocumentFormat format);

/// The groups of a file: JSON when its name ends in ".json", else YAML. At most 10 MiB are read;
/// what is no regular file is not opened for long enough to wait for it.
///
/// Empty while the file is being written: it changed under the reader.
std::optional<std::variant<TargetGroups, SourceProblem>> ReadTargetFile(const std::string& path);

/// The folder part of a pattern of files; "." when it has none.
std::string FolderOf(const std::string& pattern);

/// The paths that a pattern stands for now. Only its last part may have `*`, `?` and `[...]`, which
/// do not match a dot at the beginning. A pattern without these stands for itself, also when there
/// is no such file.
std::set<std::string> FilesMatching(const std::string& pattern);

}  // namespace pathwitness
