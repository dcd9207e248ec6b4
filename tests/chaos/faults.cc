#include "tests/chaos/faults.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <random>
#include <span>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "tests/support/child_process.h"
#include "tests/support/namespaces.h"

namespace pathwitness {
namespace {

using namespace std::chrono_literals;

[[noreturn]] void ThrowErrno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

pid_t ThreadNamed(pid_t process, const std::string& name) {
  const std::filesystem::path tasks = "/proc/" + std::to_string(process) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(tasks)) {
    std::string comm;
    std::getline(std::ifstream(task.path() / "comm"), comm);
    if (comm == name) {
      return static_cast<pid_t>(std::stol(task.path().filename()));
    }
  }
  throw std::runtime_error("no thread is named " + name);
}

rlimit LimitOf(pid_t process, const rlimit* next) {
  rlimit last{};
  if (prlimit(process, RLIMIT_NOFILE, next, &last) != 0) {
    ThrowErrno("prlimit");
  }
  return last;
}

/// One packet of what no decoder expects: a type of ICMP that answers have, and noise behind it,
/// which may be short, or begin like a quoted IP header.
std::span<const std::uint8_t> Noise(std::mt19937& random, std::array<std::uint8_t, 128>& packet) {
  for (std::uint8_t& byte : packet) {
    byte = static_cast<std::uint8_t>(random());
  }
  constexpr std::array<std::uint8_t, 4> kTypes = {0, 3, 5, 11};
  packet[0] = kTypes[random() % kTypes.size()];
  packet[8] = random() % 2 == 0 ? 0x45 : packet[8];
  constexpr std::size_t kLeast = 2;  // fewer bytes the kernel does not send
  return std::span(packet).first(kLeast + random() % (packet.size() - kLeast));
}

}  // namespace

void RunTool(const std::string& command) {
  ChildProcess tool({"/bin/sh", "-c", command});
  if (tool.AwaitExit(10s) != 0) {
    throw std::runtime_error(command + ": " + tool.Output());
  }
}

StoppedThread::StoppedThread(pid_t process, const std::string& name)
    : thread_(ThreadNamed(process, name)) {
  if (ptrace(PTRACE_SEIZE, thread_, nullptr, nullptr) != 0 ||
      ptrace(PTRACE_INTERRUPT, thread_, nullptr, nullptr) != 0) {
    ThrowErrno("ptrace of " + name);
  }
  int status = 0;
  waitpid(thread_, &status, __WALL);
}

StoppedThread::~StoppedThread() {
  ptrace(PTRACE_DETACH, thread_, nullptr, nullptr);
}

SmallDisk::SmallDisk(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_);
  if (mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=4m") != 0) {
    ThrowErrno("mount of " + folder_.string());
  }
}

SmallDisk::~SmallDisk() {
  umount2(folder_.c_str(), MNT_DETACH);
}

void SmallDisk::Fill() const {
  std::ofstream filler(folder_ / "filler", std::ios::binary);
  const std::string block(4096, 'x');
  while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
  }
}

void SmallDisk::Empty() const {
  std::filesystem::remove(folder_ / "filler");
}

void SmallDisk::MakeReadOnly() const {
  // Files that are open for writing would forbid it; a bind mount of the same place does not.
  if (mount(folder_.c_str(), folder_.c_str(), nullptr, MS_BIND, nullptr) != 0 ||
      mount(nullptr, folder_.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) != 0) {
    ThrowErrno("read-only mount of " + folder_.string());
  }
}

void SmallDisk::MakeWritable() const {
  umount2(folder_.c_str(), MNT_DETACH);
}

NoMoreDescriptors::NoMoreDescriptors(pid_t process) : process_(process) {
  constexpr rlim_t kTaken = 3;  // the limit is on a descriptor's number; what is open stays open
  rlimit limit = LimitOf(process, nullptr);
  soft_ = std::exchange(limit.rlim_cur, kTaken);
  LimitOf(process, &limit);
}

NoMoreDescriptors::~NoMoreDescriptors() {
  rlimit limit = LimitOf(process_, nullptr);
  limit.rlim_cur = soft_;
  LimitOf(process_, &limit);
}

void SendMalformed(const std::string& address, std::size_t count) {
  const OwnedDescriptor socket(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  inet_pton(AF_INET, address.c_str(), &to.sin_addr);
  std::mt19937 random(1);
  std::array<std::uint8_t, 128> packet{};
  for (std::size_t sent = 0; sent < count; ++sent) {
    const auto noise = Noise(random, packet);
    if (::sendto(socket.Get(), noise.data(), noise.size(), 0,
                 reinterpret_cast<const sockaddr*>(&to), sizeof(to)) < 0) {
      ThrowErrno("malformed packet");
    }
    if (sent % 100 == 99) {
      ::poll(nullptr, 0, 10);  // the rate is the fault
    }
  }
}

}  // namespace pathwitness
