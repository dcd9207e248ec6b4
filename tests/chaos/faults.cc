#include "tests/chaos/faults.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
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

std::string FailingDisk::WhyNot() {
  return access("/dev/loop-control", R_OK | W_OK) == 0 ? "" : "needs loop devices";
}

FailingDisk::FailingDisk(std::filesystem::path folder) : folder_(std::move(folder)) {
  constexpr std::uintmax_t kBytes = 16U << 20U;
  std::filesystem::create_directories(folder_);
  const OwnedDescriptor image(
      open(Image().c_str(), O_CREAT | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  std::filesystem::resize_file(Image(), kBytes);
  RunTool("mke2fs -q -t ext4 -m 0 " + Image());
  Mount();
}

FailingDisk::~FailingDisk() {
  umount2(folder_.c_str(), MNT_DETACH);
}

void FailingDisk::Mount() const {
  RunTool("mount -o loop,errors=remount-ro " + Image() + " " + folder_.string());
}

void FailingDisk::Fill() const {
  std::ofstream filler(folder_ / "filler", std::ios::binary);
  const std::string block(4096, 'x');
  while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
  }
}

void FailingDisk::Empty() const {
  std::filesystem::remove(folder_ / "filler");
}

void FailingDisk::Fail() const {
  RunTool("device=$(losetup -n -O NAME -j " + Image() +
          ") && echo 1 >/sys/fs/ext4/${device#/dev/}/trigger_fs_error");
}

void FailingDisk::Repair() const {
  constexpr int kBetweenTries = 50;  // milliseconds
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (umount2(folder_.c_str(), 0) != 0) {
    if (std::chrono::steady_clock::now() > deadline) {
      ThrowErrno("umount of " + folder_.string());
    }
    poll(nullptr, 0, kBetweenTries);
  }
  Mount();
}

ProgramClock::ProgramClock(std::filesystem::path page) : path_(std::move(page)) {
  const OwnedDescriptor file(open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  std::filesystem::resize_file(path_, sizeof(ClockPage));  // zeros
  void* const mapped =
      mmap(nullptr, sizeof(ClockPage), PROT_READ | PROT_WRITE, MAP_SHARED, file.Get(), 0);
  if (mapped == MAP_FAILED) {
    ThrowErrno("mmap of " + path_.string());
  }
  page_ = static_cast<ClockPage*>(mapped);
}

ProgramClock::~ProgramClock() {
  munmap(page_, sizeof(ClockPage));
}

// AddressSanitizer wants to be the first library, but for this option.
std::vector<std::string> ProgramClock::Before() const {
  const char* const set = std::getenv("ASAN_OPTIONS");  // NOLINT(concurrency-mt-unsafe)
  return {"env", "LD_PRELOAD=" STEPPED_CLOCK_LIBRARY,
          std::string(kClockPageVariable) + "=" + path_.string(),
          "ASAN_OPTIONS=" + std::string(set == nullptr ? "" : set) + ":verify_asan_link_order=0"};
}

void ProgramClock::Set(std::chrono::nanoseconds ahead) {
  page_->was_ahead = page_->ahead.load();
  page_->set_at =
      std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
  page_->ahead = ahead.count();
}

NoMoreDescriptors::NoMoreDescriptors(pid_t process) : process_(process) {
  constexpr rlim_t kTaken = 3;  // the limit is on a descriptor's number; what is open stays open
  rlimit limit = LimitOf(process, nullptr);
  soft_ = std::exchange(limit.rlim_cur, kTaken);
  LimitOf(process, &limit);
}

NoMoreDescriptors::~NoMoreDescriptors() {
  rlimit limit{};
  prlimit(process_, RLIMIT_NOFILE, nullptr, &limit);
  limit.rlim_cur = soft_;
  prlimit(process_, RLIMIT_NOFILE, &limit, nullptr);
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
