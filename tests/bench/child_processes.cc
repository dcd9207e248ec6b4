#include "tests/bench/child_processes.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <iterator>
#include <system_error>

namespace pathwitness {
namespace {

Duration ToDuration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

void Start(const Command& command) {
  std::vector<std::string> arguments = command.arguments;
  std::vector<char*> pointers;
  std::ranges::transform(arguments, std::back_inserter(pointers),
                         [](std::string& argument) { return argument.data(); });
  pointers.push_back(nullptr);

  constexpr mode_t kReadableByAll = 0644;
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, command.output.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, kReadableByAll);
  pid_t child = 0;
  const int error = posix_spawnp(&child, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    throw std::system_error(error, std::system_category(), arguments[0]);
  }
}

}  // namespace

// Grandchildren are inherited, so that their CPU time counts too when their parent did not wait.
Usage RunAll(const std::vector<Command>& commands) {
  constexpr std::uint64_t kKibibyte = 1024;
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  for (const Command& command : commands) {
    Start(command);
  }
  Usage sum;
  rusage usage{};
  while (wait4(-1, nullptr, 0, &usage) > 0) {
    sum.cpu += ToDuration(usage.ru_utime) + ToDuration(usage.ru_stime);
    sum.peak_bytes += static_cast<std::uint64_t>(usage.ru_maxrss) * kKibibyte;
  }
  return sum;
}

}  // namespace pathwitness
