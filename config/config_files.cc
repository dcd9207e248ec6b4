#include "config/config_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <system_error>
#include <utility>

#include "config/load.h"

namespace pathwitness {
namespace {

constexpr std::uintmax_t kLargestFile = 10U << 20U;
constexpr std::size_t kMostTargetFiles = 10'000;

[[noreturn]] void Fail(const std::filesystem::path& file, std::string what) {
  throw ConfigError({{file, 0, 0, "", std::move(what)}});
}

// Empty when there is no such folder.
std::vector<std::filesystem::path> ListFolder(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::filesystem::path name = at->path().filename();
    const bool is_visible = !name.string().starts_with('.');
    if (is_visible && (name.extension() == ".yaml" || name.extension() == ".yml")) {
      files.push_back(at->path());
    }
    if (files.size() > kMostTargetFiles) {
      Fail(folder, "holds more than " + std::to_string(kMostTargetFiles) + " files");
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    Fail(folder, error.message());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void RequireRegularFile(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    Fail(path, error ? error.message() : "does not exist");
  }
  if (!std::filesystem::is_regular_file(status)) {
    Fail(path, std::filesystem::is_directory(status) ? "is a directory, not a file"
                                                     : "is not a regular file");
  }
}

}  // namespace

std::string ReadConfigFile(const std::filesystem::path& path) {
  RequireRegularFile(path);
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    Fail(path, "cannot be read: " + std::generic_category().message(errno));
  }
  std::string text;
  std::array<char, 1U << 16U> block{};
  while (stream.read(block.data(), block.size()) || stream.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kLargestFile) {
      Fail(path, "is larger than 10 MiB");
    }
  }
  return text;
}

std::vector<std::filesystem::path> TargetFilesBeside(const std::filesystem::path& file) {
  return ListFolder(file.parent_path() / "targets.d");
}

std::vector<std::string> EnvironmentsBeside(const std::filesystem::path& file) {
  std::vector<std::string> names;
  for (const std::filesystem::path& path : ListFolder(file.parent_path() / "environments")) {
    if (path.extension() == ".yaml") {
      names.push_back(path.stem());
    }
  }
  return names;
}

std::filesystem::path EnvironmentFile(const std::filesystem::path& file,
                                      const std::string& environment) {
  return file.parent_path() / "environments" / (environment + ".yaml");
}

}  // namespace pathwitness
