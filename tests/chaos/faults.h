#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

// Things that break for as long as these live.
namespace pathwitness {

/// Runs a program of the system and waits for its end.
/// Throws std::runtime_error with its output when it fails.
void RunTool(const std::string& command);

/// One thread of a process, told by its name, stands still; the others go on.
class StoppedThread {
 public:
  /// Throws std::runtime_error when there is no such thread, or tracing is not permitted.
  StoppedThread(pid_t process, const std::string& name);
  ~StoppedThread();
  StoppedThread(const StoppedThread&) = delete;
  StoppedThread& operator=(const StoppedThread&) = delete;

 private:
  pid_t thread_ = -1;
};

/// A disk of a few mebibytes of its own, which can be filled, and made read-only.
class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path folder);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::filesystem::path& Folder() const { return folder_; }
  void Fill() const;
  void Empty() const;
  void MakeReadOnly() const;
  void MakeWritable() const;

 private:
  std::filesystem::path folder_;
};

/// A process can open no file or socket beyond those it has.
class NoMoreDescriptors {
 public:
  explicit NoMoreDescriptors(pid_t process);
  ~NoMoreDescriptors();
  NoMoreDescriptors(const NoMoreDescriptors&) = delete;
  NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;

 private:
  pid_t process_;
  std::uint64_t soft_ = 0;
};

/// Sends `count` packets to `address` of this network namespace, 10,000 a second, that look like
/// ICMP answers to probes and are none. Throws std::system_error.
void SendMalformed(const std::string& address, std::size_t count);

}  // namespace pathwitness
