#include "exporter/discovery/folder_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstdint>

namespace pathwitness {
namespace {

// Not while a file is written: half a document is none. Links are only created.
constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE |
                                  IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

FolderWatch::FolderWatch() : descriptor_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {}

FolderWatch::~FolderWatch() {
  if (descriptor_ >= 0) {
    close(descriptor_);
  }
}

bool FolderWatch::Watch(const std::set<std::string>& folders) {
  std::map<std::string, int> watches;
  std::set<int> wanted;
  for (const std::string& folder : folders) {
    const int watch = inotify_add_watch(descriptor_, folder.c_str(), kEvents);
    if (watch >= 0) {
      watches.emplace(folder, watch);
      wanted.insert(watch);
    }
  }
  for (const auto& [folder, watch] : watches_) {
    if (!wanted.contains(watch)) {
      inotify_rm_watch(descriptor_, watch);  // fails, rightly, when the folder is gone
    }
  }
  watches_ = std::move(watches);
  return watches_.size() == folders.size();
}

bool FolderWatch::TakeEvents() const {
  alignas(inotify_event) std::array<char, 4096> events{};
  bool has_any = false;
  while (descriptor_ >= 0 && read(descriptor_, events.data(), events.size()) > 0) {
    has_any = true;
  }
  return has_any;
}

}  // namespace pathwitness
