#include "tests/bench/bench_thread.h"

#include <sys/resource.h>

#include <condition_variable>
#include <cstdint>
#include <ctime>
#include <future>
#include <mutex>

namespace pathwitness {
namespace {

Duration ThreadCpu(EngineThread& thread) {
  std::promise<Duration> answer;
  thread.Post([&answer](Engine&, MonoTime) {
    timespec used{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    answer.set_value(std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec));
  });
  return answer.get_future().get();
}

}  // namespace

void WaitUntil(MonoTime when) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  never.wait_until(lock, when, [] { return false; });
}

void WriteUsage(EngineThread& thread, std::ostream& output) {
  constexpr std::uint64_t kKibibyte = 1024;
  rusage process{};
  getrusage(RUSAGE_SELF, &process);
  output << "used " << ThreadCpu(thread).count() << ' '
         << static_cast<std::uint64_t>(process.ru_maxrss) * kKibibyte << '\n';
}

}  // namespace pathwitness
