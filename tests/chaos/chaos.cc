#include "tests/chaos/chaos.h"

#include <gmock/gmock.h>

#include "exporter/history/history_reader.h"
#include "tests/support/exchange.h"

namespace pathwitness {

using namespace std::chrono_literals;
using testing::HasSubstr;

double SumIn(const std::string& metrics, std::string_view name, std::string_view labels) {
  double sum = 0;
  for (std::size_t at = metrics.find("\n" + std::string(name)); at != std::string::npos;
       at = metrics.find("\n" + std::string(name), at + 1)) {
    const std::string line = metrics.substr(at + 1, metrics.find('\n', at + 1) - at - 1);
    const char behind = line.at(name.size());
    if ((behind == ' ' || behind == '{') && line.find(labels) != std::string::npos) {
      sum += std::stod(line.substr(line.rfind(' ')));
    }
  }
  return sum;
}

void Chaos::SetUp() {
  const std::string why_not = SimulatedWorld::WhyNot();
  if (!why_not.empty()) {
    GTEST_SKIP() << why_not;
  }
}

void Chaos::Begin(const std::function<std::string()>& layer, std::vector<std::string> before) {
  world_ = std::make_unique<SimulatedWorld>(layer, std::vector<std::string>(), std::move(before));
  Await(kAnswered, 10);
}

void Chaos::BeginIn(const std::filesystem::path& folder) {
  Begin([&] {
    return "history: {directory: " + (folder / "history").string() +
           "}\narchive: {directory: " + (folder / "archive").string() + ", min_free_bytes: 0}\n";
  });
}

void Chaos::AwaitSum(std::string_view name, std::string_view labels, double wanted) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (Sum(name, labels) < wanted && std::chrono::steady_clock::now() < deadline) {
    Wait(50ms);
  }
  EXPECT_GE(Sum(name, labels), wanted) << name << labels;
}

void Chaos::AwaitLog(const std::string& words) {
  EXPECT_THAT(world_->Program().Process().ReadUntil(words, 30s), HasSubstr(words));
}

std::string Chaos::Get(const std::string& path) {
  std::string answer;
  world_->Do([&] { answer = world_->Program().Get(path); });
  return answer;
}

bool Chaos::AnswersWithin(int patience) {
  bool answers = false;
  world_->Do([&] {
    const OwnedDescriptor connection(ConnectToLoopback(world_->PortInside()));
    constexpr std::string_view kRequest = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n";
    ::send(connection.Get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL);
    pollfd readable{.fd = connection.Get(), .events = POLLIN, .revents = 0};
    answers = ::poll(&readable, 1, patience) == 1;
  });
  return answers;
}

void Chaos::Wait(std::chrono::milliseconds time) {
  world_->Program().Process().ReadUntil("never logged", time);
}

void Chaos::ExpectHealthy() {
  EXPECT_THAT(Get("/-/healthy"), HasSubstr(" 200 "));
}

void Chaos::ExpectAllStored(const std::filesystem::path& history, double answered_before) {
  world_->AwaitFlush();
  HistoryReader reader(history);
  const WallTime now = std::chrono::system_clock::now();
  double stored = 0;
  for (const TraceBucket& bucket :
       reader.Traces(reader.Probers().at(0), now - 2h, now + 2h, Resolution::Fine)) {
    stored += static_cast<double>(bucket.stats.end_to_end.sent);
  }
  EXPECT_GE(stored, answered_before);
}

}  // namespace pathwitness
