#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/paging_stage.h"
#include "tests/support/running_server.h"
#include "tests/support/tun_internet.h"

// A demonstration on this machine alone: a simulated internet in a network namespace, the exporter
// in it, a real Prometheus and Alertmanager with the shipped rules, 60 times as fast, and a
// stand-in for PagerDuty. An outage happens; the page arrives and is printed.
//
//     demo [--once]    --once: ends when the page is over; exit status 0 when all was seen
namespace pathwitness {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kTarget = "here-to-shop";

void Say(const std::string& text) {
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

/// Seven routers 198.51.100.1 and up, and 203.0.113.9 behind them; `loss` on the way into the
/// fifth.
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

/// A namespace with a simulated internet and an exporter that measures through it.
class SimulatedWorld {
 public:
  /// Throws std::runtime_error where namespaces are not permitted.
  SimulatedWorld()
      : place_(MakePlace()),
        window_([this](const ReceivedRequest& request) { return Relay(request.path); }) {
    SetLoss(0);
    const Inside inside(place_);
    exporter_.emplace(Configuration());
    exporter_port_ = exporter_->Port();
  }

  void SetLoss(double ratio) {
    const Inside inside(place_);
    internet_.reset();
    internet_ = std::make_unique<TunInternet>(InternetWith(ratio));
  }

  /// Where the exporter is seen from outside.
  std::string Url() const { return window_.Url(); }
  std::string Place() const { return LoopbackPlace(window_.Port()); }

 private:
  HttpAnswer Relay(const std::string& path) const {
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

  static OwnedDescriptor MakePlace() {
    OwnedDescriptor made;
    std::string problem;
    std::thread([&] {
      problem = EnterFreshNamespace();
      made = ThisNamespace();
    }).join();
    if (!problem.empty()) {
      throw std::runtime_error("needs root: " + problem);
    }
    return made;
  }

  std::string Configuration() const {
    return "links: {dashboards: \"http://localhost:3000\", runbooks: \"" + Url() +
           "/runbooks\", evidence: \"" + Url() +
           "\"}\nalerting: {rules: \"" PATHWITNESS_SOURCE_DIR
           "/alerts/rules\"}\ntargets:\n  - name: " +
           std::string(kTarget) +
           "\n    host: 203.0.113.9\n    labels: {team: shop}\n    trace: {protocols: [icmp], "
           "interval: 1s, end_to_end_interval: 100ms, timeout: 300ms}\n";
  }

  OwnedDescriptor place_;
  std::unique_ptr<TunInternet> internet_;
  std::atomic<std::uint16_t> exporter_port_ = 0;
  std::optional<Server> exporter_;
  WebhookSink window_;  // the last member: its thread uses the others
};

std::string WithText(std::string text, const std::string& old, const std::string& put) {
  for (std::size_t at = text.find(old); at != std::string::npos;
       at = text.find(old, at + put.size())) {
    text.replace(at, old.size(), put);
  }
  return text;
}

void Print(const PagerDutyEvent& event, const std::string& alertmanager_url) {
  Say("\n=== PagerDuty got a " + event.action + ": " + event.payload.at("summary"));
  for (const auto& [name, value] : event.payload) {
    if (name != "summary" && !value.empty()) {
      Say("    " + name + ": " + value);
    }
  }
  for (const auto& [name, value] : event.details) {
    if (!value.empty()) {
      Say("    " + name + ": " + value);
    }
  }
  for (const auto& [name, url] : event.links) {
    Say("    " + name + ": " + WithText(url, "http://alertmanager.example", alertmanager_url));
  }
}

std::optional<PagerDutyIncident> PageIn(const std::vector<PagerDutyEvent>& accepted) {
  for (PagerDutyIncident& incident : IncidentsOf(accepted)) {
    const PagerDutyEvent& event = incident.events.front();
    if (event.payload.at("severity") == "critical" && event.payload.at("source") == kTarget) {
      return incident;
    }
  }
  return std::nullopt;
}

void AwaitInterrupt() {
  sigset_t interrupts;
  sigemptyset(&interrupts);
  sigaddset(&interrupts, SIGINT);
  sigaddset(&interrupts, SIGTERM);
  int signal = 0;
  sigwait(&interrupts, &signal);
}

/// True when the page arrived and ended.
bool Show(bool is_once) {
  PagingStage stage;
  SimulatedWorld world;
  AlertmanagerServer alertmanager(stage.Alertmanager({world.Place(), world.Place()}));
  PrometheusServer prometheus(stage.Prometheus(
      {.exporters = {world.Place(), world.Place()},
       .alertmanagers = {LoopbackPlace(alertmanager.Port()), LoopbackPlace(alertmanager.Port())}},
      "a"));
  Say("exporter      " + world.Url() + "/\nprometheus    " + prometheus.Url() +
      "/alerts\nalertmanager  " + alertmanager.Url() + "/\n\nTime runs 60 times as fast.");
  prometheus.QueryUntil("pathwitness:target_worked:ever{target=\"" + std::string(kTarget) + "\"}",
                        "\"1\"]");
  Say("All is well: " + std::string(kTarget) + " is reached over 7 routers.");
  world.SetLoss(1);
  Say("The link into router 198.51.100.5 breaks.");
  const auto has_page = [](const auto& events) { return PageIn(events).has_value(); };
  if (!stage.PagerDuty().AwaitAccepted(has_page, 120s)) {
    Say("No page within 2 minutes.");
    return false;
  }
  Print(PageIn(stage.PagerDuty().Accepted())->events.front(), alertmanager.Url());
  world.SetLoss(0);
  Say("\nThe link is mended.");
  const auto is_over = [](const auto& events) { return !PageIn(events)->is_open; };
  const bool has_ended = stage.PagerDuty().AwaitAccepted(is_over, 120s);
  if (has_ended) {
    Print(PageIn(stage.PagerDuty().Accepted())->events.back(), alertmanager.Url());
  }
  if (!is_once) {
    Say("\nAll of it goes on until Ctrl-C.");
    AwaitInterrupt();
  }
  return has_ended;
}

}  // namespace
}  // namespace pathwitness

int main(int count, char** arguments) {
  if (::geteuid() != 0) {
    std::fprintf(stderr, "demo: needs root, for a network namespace\n");
    return 77;  // skipped, to ctest
  }
  sigset_t interrupts;
  sigemptyset(&interrupts);
  sigaddset(&interrupts, SIGINT);
  sigaddset(&interrupts, SIGTERM);
  try {
    const bool is_once = count > 1 && std::string_view(arguments[1]) == "--once";
    if (!is_once) {
      pthread_sigmask(SIG_BLOCK, &interrupts, nullptr);
    }
    return pathwitness::Show(is_once) ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "demo: %s\n", error.what());
    return 1;
  }
}
