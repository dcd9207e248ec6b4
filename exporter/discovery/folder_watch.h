#pragma once

#include <map>
#include <set>
#include <string>

namespace pathwitness {

/// Says when something happens in folders: a file is written and closed, renamed, linked or
/// removed. Where the kernel gives no watch, the owner has to look by itself.
class FolderWatch {
 public:
  /// Never fails; without a descriptor of the kernel's, no folder is watched.
  FolderWatch();
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  /// Watches these folders and no others. Call it again to find those that have come, or that are
  /// others of the same name. False when one of them is not watched.
  bool Watch(const std::set<std::string>& folders);

  /// Whether something has happened since the last call. Never waits.
  bool TakeEvents() const;

  /// Readable when something has happened; -1: there is none.
  int Descriptor() const { return descriptor_; }

 private:
  int descriptor_;
  std::map<std::string, int> watches_;  // by folder
};

}  // namespace pathwitness
