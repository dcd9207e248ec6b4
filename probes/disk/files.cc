#include "probes/disk/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace pathwitness {
namespace {

std::error_code LastError() {
  return {errno, std::generic_category()};
}

class OpenFile {
 public:
  OpenFile(const std::filesystem::path& path, int flags, unsigned mode = 0)
      : descriptor_(open(path.c_str(), flags | O_CLOEXEC, mode)),
        error_(descriptor_ < 0 ? LastError() : std::error_code{}) {}
  ~OpenFile() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  std::error_code Write(std::string_view text) const {
    while (!error_ && !text.empty()) {
      const ssize_t written = write(descriptor_, text.data(), text.size());
      if (written < 0 && errno != EINTR) {
        return LastError();
      }
      text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return Sync();
  }

  std::error_code Sync() const { return error_ || fsync(descriptor_) == 0 ? error_ : LastError(); }

  bool IsRegularFile() const {
    struct stat status {};
    return !error_ && fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
  }

  /// Up to `most` bytes; empty when reading fails.
  std::optional<std::string> Read(std::size_t most) const {
    constexpr std::size_t kPart = 65536;
    std::string text;
    while (text.size() < most) {
      const std::size_t had = text.size();
      text.resize(std::min(most, had + kPart));
      const ssize_t got = read(descriptor_, text.data() + had, text.size() - had);
      if (got < 0 && errno != EINTR) {
        return std::nullopt;
      }
      text.resize(had + (got < 0 ? 0 : static_cast<std::size_t>(got)));
      if (got == 0) {
        break;
      }
    }
    return text;
  }

 private:
  int descriptor_;
  std::error_code error_;  // of opening; every call fails with it
};

std::error_code WriteNew(const std::filesystem::path& path, std::string_view text,
                         FileReaders readers) {
  return OpenFile(path, O_WRONLY | O_CREAT | O_TRUNC, static_cast<unsigned>(readers)).Write(text);
}

}  // namespace

std::error_code WriteAtomically(const std::filesystem::path& path, std::string_view text,
                                FileReaders readers) {
  std::filesystem::path draft = path;
  draft += kDraftSuffix;
  std::error_code error = WriteNew(draft, text, readers);
  if (!error) {
    std::filesystem::rename(draft, path, error);
  }
  if (error) {
    unlink(draft.c_str());
    return error;
  }
  return SyncFolder(path.parent_path());
}

std::error_code SyncFolder(const std::filesystem::path& folder) {
  return OpenFile(folder, O_RDONLY | O_DIRECTORY).Sync();
}

std::optional<std::string> ReadWholeFile(const std::filesystem::path& path, std::size_t most) {
  const OpenFile file(path, O_RDONLY | O_NONBLOCK);  // a pipe would wait for its writer
  if (!file.IsRegularFile()) {
    return std::nullopt;
  }
  std::optional<std::string> text = file.Read(most + 1);
  return text && text->size() <= most ? std::move(text) : std::nullopt;
}

}  // namespace pathwitness
