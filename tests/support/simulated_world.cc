#include "tests/support/simulated_world.h"

#include <fcntl.h>
#include <sched.h>

#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

namespace pathwitness {
namespace {

using namespace std::chrono_literals;

/// A destination `routers` away, behind the first ones of `line`.
Destination Behind(const std::vector<RouterId>& line, std::size_t routers,
                   std::string_view address) {
  Destination destination;
  destination.address = *IpAddress::Parse(address);
  destination.path = Line({line.begin(), line.begin() + static_cast<std::ptrdiff_t>(routers)});
  destination.delay = 2ms;
  return destination;
}

/// Routers 198.51.100.x with these last parts; `loss` on the way into the fifth.
Scenario InternetOf(const std::vector<int>& hosts, double loss) {
  Scenario scenario;
  std::vector<RouterId> line;
  for (const int host : hosts) {
    Router router;
    router.address = *IpAddress::Parse("198.51.100." + std::to_string(host));
    router.delay = 2ms;
    router.forward_loss.ratio = line.size() == 4 ? loss : 0;
    line.push_back(scenario.Add(router));
  }
  scenario.destinations.push_back(Behind(line, line.size(), "203.0.113.9"));
  scenario.destinations.push_back(Behind(line, 4, "203.0.113.10"));
  return scenario;
}

OwnedDescriptor ThisNamespace() {
  return OwnedDescriptor(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

/// The calling thread is in another network namespace for as long as this lives.
class Inside {
 public:
  explicit Inside(const OwnedDescriptor& place) : home_(ThisNamespace()) {
    ::setns(place.Get(), CLONE_NEWNET);
  }
  ~Inside() { ::setns(home_.Get(), CLONE_NEWNET); }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  OwnedDescriptor home_;
};

/// The first sample of a counter; 0 when there is none yet.
double CounterIn(const std::string& metrics, const std::string& name) {
  std::size_t begin = metrics.find("\n" + name + " ");
  begin = begin == std::string::npos ? metrics.find("\n" + name + "{") : begin;
  if (begin == std::string::npos) {
    return 0;
  }
  const std::size_t end = metrics.find('\n', begin + 1);
  return std::stod(metrics.substr(metrics.rfind(' ', end)));
}

OwnedDescriptor MakePlace() {
  OwnedDescriptor made;
  std::string why_not;
  std::thread([&] {
    why_not = EnterFreshNamespace();
    made = ThisNamespace();
  }).join();
  if (!why_not.empty()) {
    throw std::runtime_error("needs root: " + why_not);
  }
  return made;
}

}  // namespace

std::string SimulatedWorld::WhyNot() {
  std::string why_not;
  std::thread([&] { why_not = EnterFreshNamespace(); }).join();
  return why_not;
}

SimulatedWorld::SimulatedWorld(const std::function<std::string()>& layer,
                               std::vector<std::string> flags, std::vector<std::string> before)
    : place_(MakePlace()),
      flags_(std::move(flags)),
      before_(std::move(before)),
      window_([this](const ReceivedRequest& request) { return Relay(request.path); }) {
  SetLoss(0);
  workplace_.emplace(Configuration());
  Do([&] { workplace_->Write("environments/lab.yaml", layer ? layer() : ""); });
  flags_.emplace_back("--environment=lab");
  Start();
}

void SimulatedWorld::Start() {
  const Inside inside(place_);
  exporter_.emplace(*workplace_, flags_, before_);
  exporter_port_ = exporter_->Port();
}

void SimulatedWorld::SetLoss(double ratio) {
  Become(InternetOf({1, 2, 3, 4, 5, 6, 7}, ratio));
}

void SimulatedWorld::Detour(double loss) {
  Become(InternetOf({1, 2, 3, 4, 64, 65, 6, 7}, loss));
}

void SimulatedWorld::Become(Scenario scenario) {
  if (internet_ != nullptr) {
    return internet_->Become(std::move(scenario));
  }
  const Inside inside(place_);
  internet_ = std::make_unique<TunInternet>(std::move(scenario));
}

std::vector<ProbeRecord> SimulatedWorld::StopInternet() {
  return internet_->Stop().probes;
}

void SimulatedWorld::KillAndRestart() {
  exporter_port_ = 0;
  exporter_.reset();
  Start();
}

Ended SimulatedWorld::Run(std::vector<std::string> words) const {
  words.insert(words.begin(), PATHWITNESS_BINARY);
  words.push_back("--config.file=" + workplace_->ConfigFile().string());
  return RunToEnd(words);
}

void SimulatedWorld::Do(const std::function<void()>& work) const {
  const Inside inside(place_);
  work();
}

std::string SimulatedWorld::MetricsUntil(const std::string& wanted) {
  const Inside inside(place_);
  return exporter_->GetUntil("/metrics", wanted);
}

void SimulatedWorld::AwaitMore(const std::string& counter, double more) {
  const Inside inside(place_);
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  const double wanted = CounterIn(exporter_->Get("/metrics"), counter) + more;
  while (CounterIn(exporter_->Get("/metrics"), counter) < wanted) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error(counter + " does not grow");
    }
    exporter_->Process().ReadUntil("never logged", 50ms);
  }
}

void SimulatedWorld::AwaitFlush() {
  AwaitMore("pathwitness_history_flushes_total", 1);
}

HttpAnswer SimulatedWorld::Relay(const std::string& path) const {
  const Inside inside(place_);
  const std::string answer =
      Exchange(exporter_port_, "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n");
  const std::string mark = "\nContent-Type: ";
  const std::size_t type = answer.find(mark);
  if (type == std::string::npos) {
    return {.status = 502, .body = "the exporter does not answer", .content_type = "text/plain"};
  }
  const std::size_t begin = type + mark.size();
  return {.status = std::stoi(answer.substr(answer.find(' '))),
          .body = BodyOf(answer),
          .content_type = answer.substr(begin, answer.find('\r', begin) - begin)};
}

std::string SimulatedWorld::Configuration() const {
  return "links: {dashboards: \"http://localhost:3000\", runbooks: \"" + Url() +
         "/runbooks\", evidence: \"" + Url() +
         "\"}\nalerting: {rules: \"" PATHWITNESS_SOURCE_DIR "/alerts/rules\"}\n" +
         "ptr: {enabled: false}\n"
         "owners:\n"
         "  - {prefix: 198.51.100.0/31, name: lab-isp, asn: 64500}\n"
         "  - {prefix: [198.51.100.2/31, 198.51.100.4/30, 198.51.100.64/31, "
         "203.0.113.0/24], name: lab-cloud, asn: 64501}\n"
         "archive: {every: 10s}\n"
         "targets:\n  - name: " +
         std::string(kTarget) +
         "\n    host: 203.0.113.9\n    labels: {team: shop}\n    trace: {protocols: [icmp], "
         "interval: 1s, flows: 1, end_to_end_interval: 100ms, timeout: 300ms}\n";
}

}  // namespace pathwitness
