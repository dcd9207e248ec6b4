#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

// Whole files, written so that a crash leaves the old one or the new one, never half of one.
namespace pathwitness {

/// Who may read a file; its owner alone may write.
enum class FileReaders : unsigned { Owner = 0600, Group = 0640, Everybody = 0644 };

/// What is behind the name of a file that is being written.
inline constexpr std::string_view kDraftSuffix = ".tmp";

/// Puts `text` where `path` says, in place of what is there; on disk when this returns. Until then
/// it is in `path` + kDraftSuffix, of which nothing is left when this fails. Throws nothing.
std::error_code WriteAtomically(const std::filesystem::path& path, std::string_view text,
                                FileReaders readers = FileReaders::Owner);

/// Has the names in a folder on disk: those that came, and those that went. Throws nothing.
std::error_code SyncFolder(const std::filesystem::path& folder);

/// Empty when the file cannot be read, is no regular file, or is longer than `most` bytes.
std::optional<std::string> ReadWholeFile(const std::filesystem::path& path, std::size_t most);

}  // namespace pathwitness
