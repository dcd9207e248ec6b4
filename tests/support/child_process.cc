#include "tests/support/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace pathwitness {
namespace {

using Clock = std::chrono::steady_clock;

std::chrono::milliseconds Left(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> arguments, const std::string& input) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe2");
  }
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  const std::string source = input.empty() ? "/dev/null" : input;
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, source.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  const int error = ::posix_spawnp(&pid_, argv.front(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  pipe_ = ends[0];
  if (error != 0) {
    ::close(pipe_);
    throw std::system_error(error, std::generic_category(), arguments.front());
  }
  pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) {
    Signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(pidfd_);
  ::close(pipe_);
}

void ChildProcess::Signal(int signal) const {
  ::kill(pid_, signal);
}

bool ChildProcess::HasEnded() const {
  pollfd exited{.fd = pidfd_, .events = POLLIN, .revents = 0};
  return pid_ < 0 || ::poll(&exited, 1, 0) == 1;
}

bool ChildProcess::ReadSome(std::chrono::milliseconds patience) {
  pollfd readable{.fd = pipe_, .events = POLLIN, .revents = 0};
  if (::poll(&readable, 1, static_cast<int>(patience.count())) != 1) {
    return false;
  }
  std::array<char, 4096> chunk{};
  const ssize_t count = ::read(pipe_, chunk.data(), chunk.size());
  if (count <= 0) {
    return false;
  }
  output_.append(chunk.data(), static_cast<std::size_t>(count));
  return true;
}

const std::string& ChildProcess::ReadUntil(const std::string& wanted,
                                           std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (output_.find(wanted) == std::string::npos && ReadSome(Left(deadline))) {
  }
  return output_;
}

std::optional<int> ChildProcess::AwaitExit(std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (ReadSome(Left(deadline))) {  // the output ends when the child does
  }
  pollfd exited{.fd = pidfd_, .events = POLLIN, .revents = 0};
  if (::poll(&exited, 1, static_cast<int>(Left(deadline).count())) != 1) {
    return std::nullopt;
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace pathwitness
