#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/chaos/clock_page.h"

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

/// A disk of a few mebibytes of its own, which can be filled, and fail.
class FailingDisk {
 public:
  /// Why there can be none here, for GTEST_SKIP; empty: there can.
  static std::string WhyNot();

  /// Throws std::runtime_error.
  explicit FailingDisk(std::filesystem::path folder);
  ~FailingDisk();
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;

  const std::filesystem::path& Folder() const { return folder_; }
  void Fill() const;
  void Empty() const;
  /// An error of the disk is found, upon which the kernel lets nobody write to it any more, not
  /// even to files that are open. What was not synced is lost.
  void Fail() const;
  /// Mounted anew, as an operator would, once nobody has files open on it.
  /// Throws std::runtime_error after 30 s.
  void Repair() const;

 private:
  std::string Image() const { return folder_.string() + ".image"; }
  void Mount() const;

  std::filesystem::path folder_;
};

/// The wall clock of one program, which can be set as by date(1); its other clocks go on.
///
/// A library in front of the program's C library (stepped_clock.cc) shifts what it reads of the
/// system's clock and the kernel's stamps of its packets.
class ProgramClock {
 public:
  /// `page` is a file that is made. Throws std::system_error.
  explicit ProgramClock(std::filesystem::path page);
  ~ProgramClock();
  ProgramClock(const ProgramClock&) = delete;
  ProgramClock& operator=(const ProgramClock&) = delete;

  /// Words before a program's name that put it under this clock.
  std::vector<std::string> Before() const;

  /// From now on it is so far ahead of the system's clock.
  void Set(std::chrono::nanoseconds ahead);

 private:
  std::filesystem::path path_;
  ClockPage* page_;
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
