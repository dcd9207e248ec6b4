#include "tests/support/simulated_world.h"

#include <fcntl.h>
#include <sched.h>

#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace pathwitness {
namespace {

using namespace std::chrono_literals;

/// `loss` on the way into the fifth router.
Scenario InternetWith(double loss) {
  Scenario scenario;
  std::vector<RouterId> line;
  for (int hop = 1; hop <= 7; ++hop) {
    Router router;
    router.address = *IpAddress::Parse("198.51.100." + std::to_string(hop));
    router.delay = 2ms;
    router.forward_loss.ratio = hop == 5 ? loss : 0;
    line.push_back(scenario.Add(router));
  }
  Destination destination;
  destination.address = *IpAddress::Parse("203.0.113.9");
  destination.path = Line(line);
  destination.delay = 2ms;
  scenario.destinations.push_back(destination);
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

SimulatedWorld::SimulatedWorld()
    : place_(MakePlace()),
      window_([this](const ReceivedRequest& request) { return Relay(request.path); }) {
  SetLoss(0);
  const Inside inside(place_);
  exporter_.emplace(Configuration());
  exporter_port_ = exporter_->Port();
}

void SimulatedWorld::SetLoss(double ratio) {
  const Inside inside(place_);
  internet_.reset();
  internet_ = std::make_unique<TunInternet>(InternetWith(ratio));
}

std::string SimulatedWorld::MetricsUntil(const std::string& wanted) {
  const Inside inside(place_);
  return exporter_->GetUntil("/metrics", wanted);
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
         "  - {prefix: [198.51.100.2/31, 198.51.100.4/30, 203.0.113.0/24], name: lab-cloud, asn: "
         "64501}\n"
         "targets:\n  - name: " +
         std::string(kTarget) +
         "\n    host: 203.0.113.9\n    labels: {team: shop}\n    trace: {protocols: [icmp], "
         "interval: 1s, end_to_end_interval: 100ms, timeout: 300ms}\n";
}

}  // namespace pathwitness
