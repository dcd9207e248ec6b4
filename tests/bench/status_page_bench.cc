// What the status page of many targets costs.

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <string>

#include "exporter/pages/page_json.h"
#include "exporter/pages/public_status.h"
#include "exporter/pages/status_page.h"

namespace pathwitness {
namespace {

constexpr int kTargets = 10'000;
constexpr int kRuns = 5;

StatusView View() {
  StatusView view;
  for (int i = 0; i < kTargets; ++i) {
    TraceSnapshot trace;
    trace.status.key = {fmt::format("target-{}", i), ProberKind::TraceUdp, ProberFamily::Ipv4};
    trace.status.state = i % 100 == 0 ? ProberState::Down : ProberState::Up;
    trace.status.address = "192.0.2.7";
    trace.probes = 300;
    view.targets.push_back(trace.status.key.target);
    view.traces.push_back(std::make_shared<const TraceSnapshot>(std::move(trace)));
  }
  return view;
}

template <typename Render>
void Time(const char* name, Render render) {
  double least = 1e9;
  std::size_t bytes = 0;
  for (int i = 0; i < kRuns; ++i) {
    const std::clock_t start = std::clock();
    bytes = render().size();
    const auto took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    least = std::min(least, took);
  }
  fmt::print("{}: {:.1f} ms of CPU, {} bytes\n", name, least * 1e3, bytes);
}

void Run() {
  StatusView view = View();
  Time("first page", [&view] { return StatusPage(view); });
  Time("json", [&view] { return TargetsDocument(view); });
  PublicStatus everybody{.title = "Status", .now = view.frame.now, .targets = {}, .incidents = {}};
  for (const std::string& target : view.targets) {
    everybody.targets.push_back({.name = target, .state = PublicState::Up});
  }
  Time("public page", [&everybody] { return PublicStatusPage(everybody); });
  Time("public json", [&everybody] { return PublicStatusDocument(everybody); });
  view.search = "target-99";
  view.page = 1;
  Time("search", [&view] { return StatusPage(view); });
}

}  // namespace
}  // namespace pathwitness

int main() {
  pathwitness::Run();
}
