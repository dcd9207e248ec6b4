#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace pathwitness {

/// A program under test. Killed, if it still runs, at the end.
class ChildProcess {
 public:
  /// `arguments[0]` is found by PATH; `input` is a file for its standard input, empty: /dev/null.
  explicit ChildProcess(std::vector<std::string> arguments, const std::string& input = "");
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t Id() const { return pid_; }
  void Signal(int signal) const;
  bool HasEnded() const;

  /// All it has written to standard output and error so far, read for at most `patience`, or until
  /// it holds `wanted`, or until the output ends.
  const std::string& ReadUntil(const std::string& wanted, std::chrono::milliseconds patience);

  /// The exit status, 128 + signal when killed by one, or nothing when it still runs after
  /// `patience`. Reads the output meanwhile.
  std::optional<int> AwaitExit(std::chrono::milliseconds patience);

  const std::string& Output() const { return output_; }

 private:
  bool ReadSome(std::chrono::milliseconds patience);

  pid_t pid_ = -1;
  int pidfd_ = -1;
  int pipe_ = -1;
  std::string output_;
};

}  // namespace pathwitness
