#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/demo/evidence_tour.h"
#include "tests/support/paging_stage.h"
#include "tests/support/simulated_world.h"

// A demonstration on this machine alone: a simulated internet in a network namespace, the exporter
// in it, a real Prometheus and Alertmanager with the shipped rules, 60 times as fast, and a
// stand-in for PagerDuty. An outage happens; the page arrives and is printed, with whose fault the
// exporter takes it for; then what it kept of it. The exporter itself runs at its usual speed.
//
//     demo [--once]    --once: ends when all was shown; exit status 0 when all of it was there
namespace pathwitness {
namespace {

using namespace std::chrono_literals;

constexpr int kSpeed = 60;

void Say(const std::string& text) {
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

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
    if (event.payload.at("severity") == "critical" &&
        event.payload.at("source") == SimulatedWorld::kTarget) {
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

WallTime Now() {
  return std::chrono::system_clock::now();
}

/// True when the page arrived and ended, and all that is kept of it was there.
bool Show(bool is_once) {
  PagingStage stage(kSpeed);
  SimulatedWorld world;
  AlertmanagerServer alertmanager(
      stage.Alertmanager({LoopbackPlace(world.Port()), LoopbackPlace(world.Port())}));
  PrometheusServer prometheus(stage.Prometheus(
      {.exporters = {LoopbackPlace(world.Port()), LoopbackPlace(world.Port())},
       .alertmanagers = {LoopbackPlace(alertmanager.Port()), LoopbackPlace(alertmanager.Port())}},
      "a"));
  Say("exporter      " + world.Url() + "/\nprometheus    " + prometheus.Url() +
      "/alerts\nalertmanager  " + alertmanager.Url() + "/\n\nThe rules run " +
      std::to_string(kSpeed) + " times as fast.");
  prometheus.QueryUntil(
      "pathwitness:target_worked:ever{target=\"" + std::string(SimulatedWorld::kTarget) + "\"}",
      "\"1\"]");
  Say("All is well: " + std::string(SimulatedWorld::kTarget) + " is reached over 7 routers.");
  world.AwaitFlush();  // there must be something before
  OutageTimes times{.began = Now(), .mended = {}};
  world.Detour(0.5);
  Say("lab-cloud leads packets behind router 198.51.100.4 another way, which loses half of them.");
  const auto has_page = [](const auto& events) { return PageIn(events).has_value(); };
  if (!stage.PagerDuty().AwaitAccepted(has_page, 120s)) {
    Say("No page within 2 minutes.");
    return false;
  }
  Print(PageIn(stage.PagerDuty().Accepted())->events.front(), alertmanager.Url());
  world.MetricsUntil("pathwitness_incident_info{");
  times.mended = Now();
  world.SetLoss(0);
  Say("\nlab-cloud leads packets the usual way again.");
  world.AwaitFlush();
  const auto is_over = [](const auto& events) { return !PageIn(events)->is_open; };
  const bool has_ended = stage.PagerDuty().AwaitAccepted(is_over, 120s);
  if (has_ended) {
    Print(PageIn(stage.PagerDuty().Accepted())->events.back(), alertmanager.Url());
  }
  const bool has_evidence = ShowEvidence(world, times);
  if (!is_once) {
    Say("\nAll of it goes on until Ctrl-C.");
    AwaitInterrupt();
  }
  return has_ended && has_evidence;
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
