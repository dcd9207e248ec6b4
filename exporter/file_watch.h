#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <vector>

#include "probes/base/time.h"

namespace pathwitness {

/// Notices changes to the files of a configuration, however they are made: written in place,
/// replaced by renaming, or by turning a link to a folder as Kubernetes does with mounted files.
///
/// The kernel says that something has happened in a folder; whether a file is another one than
/// before is seen by its inode, size and time of change, when the folder has been quiet for a
/// while. So half-written sets of files are not read, and other files in the folder are ignored.
class FileWatch {
 public:
  FileWatch() = default;
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  /// From now on these files are watched, with all other YAML files of their folders and of
  /// `targets.d` beside the first. Changes since the last Remember are noticed for folders that
  /// were watched then. None: nothing is watched.
  ///
  /// Throws std::system_error when the kernel has no more watches to give.
  void Watch(const std::vector<std::filesystem::path>& files, MonoTime now);

  /// What the files are like now is known: call before reading them.
  void Remember();

  /// Readable when something has happened; -1: nothing is watched.
  int Descriptor() const { return inotify_; }

  /// Reads what has happened. Call when readable.
  void OnReadable(MonoTime now);

  /// When HasChanged should be asked; MonoTime::max(): only after OnReadable.
  MonoTime NextDeadline() const { return due_; }

  /// Whether the folders are quiet and a file is not what Remember saw. Says so once.
  bool HasChanged(MonoTime now);

  static constexpr Duration kQuiet = std::chrono::milliseconds(250);
  static constexpr Duration kLongestWait = std::chrono::seconds(2);  // in a folder never quiet

 private:
  struct Stamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified = 0;  // nanoseconds

    bool operator==(const Stamp&) const = default;
  };
  using Stamps = std::map<std::filesystem::path, Stamp>;

  void Open();
  void Close();
  /// False, with errno, when the kernel has no more watches.
  bool AddWatches(const std::set<std::filesystem::path>& folders) const;
  static void StampFile(const std::filesystem::path& file, Stamps& stamps);
  static void StampFolder(const std::filesystem::path& folder, Stamps& stamps);
  Stamps Look() const;

  int inotify_ = -1;
  std::set<std::filesystem::path> files_;
  std::set<std::filesystem::path> folders_;
  Stamps seen_;
  MonoTime first_event_ = MonoTime::max();  // of those not judged yet
  MonoTime due_ = MonoTime::max();
};

}  // namespace pathwitness
