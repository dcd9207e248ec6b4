#include "exporter/discovery/target_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace pathwitness {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestFile = 10U << 20U;

FileStamp StampOf(const struct stat& status) {
  constexpr std::int64_t kNanoseconds = 1'000'000'000;
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .changed = status.st_ctim.tv_sec * kNanoseconds + status.st_ctim.tv_nsec};
}

SourceProblem ReadProblem(int error) {
  return {.reason = error == ENOENT ? DiscoveryFailure::Missing : DiscoveryFailure::Read,
          .error = std::generic_category().message(error)};
}

class OpenFile {
 public:
  // NONBLOCK: a pipe without a writer must not hold up all other sources.
  explicit OpenFile(const std::string& path)
      : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  ~OpenFile() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int Get() const { return descriptor_; }

 private:
  int descriptor_;
};

// One byte more than the largest file, when there is more.
std::variant<std::string, SourceProblem> ReadAll(int file) {
  std::string text;
  std::array<char, 1U << 16U> part{};
  while (text.size() <= kLargestFile) {
    const ssize_t count = read(file, part.data(), part.size());
    if (count < 0) {
      return ReadProblem(errno);
    }
    if (count == 0) {
      break;
    }
    text.append(part.data(), static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace

std::optional<FileStamp> ReadStamp(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? std::optional(StampOf(status)) : std::nullopt;
}

std::optional<std::variant<TargetGroups, SourceProblem>> ReadTargetFile(const std::string& path) {
  using Outcome = std::variant<TargetGroups, SourceProblem>;
  const OpenFile file(path);
  struct stat before {};
  if (file.Get() < 0 || fstat(file.Get(), &before) != 0) {
    return Outcome(ReadProblem(errno));
  }
  if (!S_ISREG(before.st_mode)) {
    return Outcome(
        SourceProblem{.reason = DiscoveryFailure::Read, .error = "is not a regular file"});
  }
  auto read = ReadAll(file.Get());
  if (auto* const problem = std::get_if<SourceProblem>(&read)) {
    return Outcome(std::move(*problem));
  }
  const std::string& text = std::get<std::string>(read);
  if (text.size() > kLargestFile) {
    return Outcome(
        SourceProblem{.reason = DiscoveryFailure::TooLarge, .error = "is larger than 10 MiB"});
  }
  struct stat after {};
  if (fstat(file.Get(), &after) != 0 || StampOf(after) != StampOf(before)) {
    return std::nullopt;
  }
  return GroupsOf(text, path.ends_with(".json") ? DocumentFormat::Json : DocumentFormat::Yaml);
}

std::variant<TargetGroups, SourceProblem> GroupsOf(std::string_view text, DocumentFormat format) {
  auto read = ReadTargetGroups(text, format);
  if (auto* const problem = std::get_if<DocumentProblem>(&read)) {
    return SourceProblem{
        .reason = problem->is_too_large ? DiscoveryFailure::TooLarge : DiscoveryFailure::Parse,
        .error = std::move(problem->what)};
  }
  return std::get<TargetGroups>(std::move(read));
}

std::string FolderOf(const std::string& pattern) {
  const std::string folder = fs::path(pattern).parent_path();
  return folder.empty() ? "." : folder;
}

std::set<std::string> FilesMatching(const std::string& pattern) {
  const std::string name = fs::path(pattern).filename();
  if (name.find_first_of("*?[") == std::string::npos) {
    return {pattern};
  }
  std::set<std::string> files;
  std::error_code error;  // no folder: no files
  for (fs::directory_iterator entry(FolderOf(pattern), error), end; !error && entry != end;
       entry.increment(error)) {
    if (fnmatch(name.c_str(), entry->path().filename().c_str(), FNM_PERIOD) == 0) {
      files.insert((fs::path(pattern).parent_path() / entry->path().filename()).string());
    }
  }
  return files;
}

}  // namespace pathwitness
