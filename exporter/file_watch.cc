#include "exporter/file_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <system_error>
#include <utility>

namespace pathwitness {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE |
                                  IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

std::set<fs::path> FoldersOf(const std::vector<fs::path>& files) {
  std::set<fs::path> folders;
  for (const fs::path& file : files) {
    folders.insert(fs::absolute(file).parent_path());
  }
  if (!files.empty()) {
    folders.insert(fs::absolute(files.front()).parent_path() / "targets.d");
  }
  return folders;
}

bool IsYaml(const fs::path& file) {
  return file.extension() == ".yaml" || file.extension() == ".yml";
}

}  // namespace

FileWatch::~FileWatch() {
  Close();
}

void FileWatch::Watch(const std::vector<fs::path>& files, MonoTime now) {
  files_.clear();
  std::ranges::transform(files, std::inserter(files_, files_.end()),
                         [](const fs::path& file) { return fs::absolute(file); });
  std::set<fs::path> folders = FoldersOf(files);
  if (folders == folders_) {
    return;
  }
  Close();
  folders_ = {};
  if (folders.empty()) {
    return;
  }
  Open();
  if (!AddWatches(folders)) {
    throw std::system_error(errno, std::generic_category(),
                            "cannot watch files (sysctl fs.inotify.max_user_watches)");
  }
  folders_ = std::move(folders);
  // Where there is an older look it counts: the files may have changed since they were read.
  Stamps known = Look();
  for (const auto& [file, stamp] : seen_) {
    if (const auto found = known.find(file); found != known.end()) {
      found->second = stamp;
    }
  }
  seen_ = std::move(known);
  due_ = now + kQuiet;
}

void FileWatch::Open() {
  inotify_ = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (inotify_ < 0) {
    throw std::system_error(errno, std::generic_category(),
                            "cannot watch files (sysctl fs.inotify.max_user_instances)");
  }
}

void FileWatch::Close() {
  if (inotify_ >= 0) {
    close(inotify_);
  }
  inotify_ = -1;
  due_ = MonoTime::max();
  first_event_ = MonoTime::max();
}

// A folder that does not exist is noticed by its parent once it does, and then watched.
bool FileWatch::AddWatches(const std::set<fs::path>& folders) const {
  return std::ranges::all_of(folders, [this](const fs::path& folder) {
    return inotify_add_watch(inotify_, folder.c_str(), kEvents) >= 0 || errno != ENOSPC;
  });
}

void FileWatch::StampFile(const fs::path& file, Stamps& stamps) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return;
  }
  constexpr std::int64_t kNanoseconds = 1'000'000'000;
  stamps[file] = {.device = status.st_dev,
                  .inode = status.st_ino,
                  .size = status.st_size,
                  .modified = status.st_mtim.tv_sec * kNanoseconds + status.st_mtim.tv_nsec};
}

void FileWatch::StampFolder(const fs::path& folder, Stamps& stamps) {
  std::error_code error;  // a folder that cannot be read has no files
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (IsYaml(it->path())) {
      StampFile(it->path(), stamps);
    }
  }
}

FileWatch::Stamps FileWatch::Look() const {
  Stamps stamps;
  for (const fs::path& file : files_) {
    StampFile(file, stamps);
  }
  for (const fs::path& folder : folders_) {
    StampFolder(folder, stamps);
  }
  return stamps;
}

void FileWatch::Remember() {
  seen_ = Look();
}

void FileWatch::OnReadable(MonoTime now) {
  alignas(inotify_event) std::array<char, 4096> events{};
  while (inotify_ >= 0 && read(inotify_, events.data(), events.size()) > 0) {
  }
  first_event_ = std::min(first_event_, now);
  due_ = std::min(now + kQuiet, first_event_ + kLongestWait);
}

bool FileWatch::HasChanged(MonoTime now) {
  if (now < due_) {
    return false;
  }
  due_ = MonoTime::max();
  first_event_ = MonoTime::max();
  AddWatches(folders_);  // again, as one may have come, or be another of the same name
  Stamps now_seen = Look();
  const bool has_changed = now_seen != seen_;
  seen_ = std::move(now_seen);
  return has_changed;
}

}  // namespace pathwitness
