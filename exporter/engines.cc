#include "exporter/engines.h"

#include <chrono>
#include <future>
#include <utility>

#include "exporter/archive/archive_engine.h"
#include "exporter/archive/upload_engine.h"
#include "exporter/diagnosis/diagnosis_engine.h"
#include "exporter/discovery/discovery_engine.h"
#include "exporter/evidence/report_engine.h"
#include "exporter/history/history_engine.h"
#include "exporter/rules/rules_engine.h"
#include "probes/dns/dns_engine.h"
#include "probes/dns/ptr_engine.h"
#include "probes/https/https_engine.h"
#include "probes/pulse/pulse_engine.h"
#include "probes/reflect/one_way_engine.h"
#include "probes/reflect/reflector_engine.h"
#include "probes/trace/trace_engine.h"

namespace pathwitness {
namespace {

constexpr Duration kPatience = std::chrono::seconds(3);

/// Whoever answers on any path now.
std::vector<IpAddress> RoutersOn(const TraceBoard& traces) {
  std::vector<IpAddress> routers;
  for (const TraceBoard::Pointer& trace : traces.All()) {
    for (const HopCounters& hop : trace->hops) {
      if (hop.address) {
        routers.push_back(*hop.address);
      }
    }
  }
  return routers;
}

DiagnosisBoards ForDiagnosis(Boards& boards) {
  return {.traces = boards.traces,
          .trace_self = boards.trace_self,
          .https = boards.https,
          .one_way = boards.one_way,
          .dns = boards.dns,
          .routes = boards.routes,
          .asn = boards.asn,
          .verdicts = boards.verdicts,
          .incidents = boards.incidents};
}

ReportBoards ForReports(const Boards& boards) {
  return {.traces = boards.traces,
          .routes = boards.routes,
          .verdicts = boards.verdicts,
          .incidents = boards.incidents};
}

/// Has the archive keep a report, on its own thread.
ReportEngine::Keep KeepIn(EngineThread& archive) {
  return [&archive](ReportFiles report) {
    archive.Post([report = std::move(report)](Engine& engine, MonoTime) {
      dynamic_cast<ArchiveEngine&>(engine).Keep(report);
    });
  };
}

HistoryBoards ForHistory(Boards& boards) {
  return {.traces = boards.traces,
          .https = boards.https,
          .one_way = boards.one_way,
          .routes = boards.routes,
          .incidents = boards.incidents,
          .names = boards.names,
          .history = boards.history};
}

}  // namespace

Engines::Engines(Boards& boards, PortFactory open_port, const std::optional<Responder>& responder,
                 const Clock& clock, EventLog& log)
    : boards_(boards),
      clock_(clock),
      log_(log),
      discovery_(Add(
          "discovery",
          [this] { return std::make_unique<DiscoveryEngine>(boards_.discovery, clock_, log_); })),
      trace_(Add(
          "trace",
          [this, open_port = std::move(open_port)] {
            return std::make_unique<TraceEngine>(open_port(), boards_.dns, boards_.traces,
                                                 boards_.trace_self, clock_, log_);
          },
          kTraceTick)),
      https_(Add("https",
                 [this] {
                   return std::make_unique<HttpsEngine>(boards_.dns, boards_.https, clock_, log_);
                 })),
      pulse_(Add("pulse", [this] {
        return std::make_unique<PulseEngine>(boards_.dns, boards_.pulses, clock_, log_);
      })) {
  AddWitnesses();
  AddKeepers();
  if (responder) {
    AddReflector(*responder);
  }
}

EngineThread& Engines::Add(std::string name, EngineThread::Factory make, Duration tick) {
  return threads_.emplace_back(std::move(name), std::move(make), clock_, log_, tick);
}

/// What measures beside the probers, and what judges.
void Engines::AddWitnesses() {
  Add("dns", [this] { return std::make_unique<DnsEngine>(boards_.dns, clock_, log_); });
  Add("oneway", [this] {
    return std::make_unique<OneWayEngine>(boards_.dns, boards_.one_way, clock_, log_);
  });
  Add("ptr", [this] {
    return std::make_unique<PtrEngine>([this] { return RoutersOn(boards_.traces); }, boards_.names);
  });
  Add("diagnosis",
      [this] { return std::make_unique<DiagnosisEngine>(ForDiagnosis(boards_), clock_, log_); });
  Add("rules", [this] { return std::make_unique<RulesEngine>(boards_.rules, clock_, log_); });
}

/// What writes to disk and beyond.
void Engines::AddKeepers() {
  history_ = &Add("history", [this] {
    return std::make_unique<HistoryEngine>(ForHistory(boards_), clock_, log_);
  });
  EngineThread& archive = Add(
      "archive", [this] { return std::make_unique<ArchiveEngine>(boards_.archive, clock_, log_); });
  Add("reports", [this, &archive] {
    return std::make_unique<ReportEngine>(ForReports(boards_), KeepIn(archive), clock_);
  });
  Add("upload", [this] { return std::make_unique<UploadEngine>(boards_.upload, clock_, log_); });
}

void Engines::AddReflector(const Responder& responder) {
  Add("reflector", [this, &responder] {
    return std::make_unique<ReflectorEngine>(responder.socket.Duplicate(), responder.key_file,
                                             boards_.reflector, clock_, log_);
  });
}

void Engines::Start(const std::shared_ptr<const Config>& config) {
  for (EngineThread& thread : threads_) {
    thread.Start(config);
  }
}

void Engines::Discover(const std::shared_ptr<const Config>& config) {
  GiveTo({&discovery_}, config);
}

void Engines::Apply(const std::shared_ptr<const Config>& config) {
  std::vector<EngineThread*> others;
  for (EngineThread& thread : threads_) {
    if (&thread != &discovery_) {
      others.push_back(&thread);
    }
  }
  GiveTo(others, config);
}

void Engines::GiveTo(const std::vector<EngineThread*>& threads,
                     const std::shared_ptr<const Config>& config) {
  std::vector<std::future<void>> taken;
  for (EngineThread* const thread : threads) {
    auto promise = std::make_shared<std::promise<void>>();
    taken.push_back(promise->get_future());
    thread->Apply(config);
    thread->Post([promise](Engine&, MonoTime) { promise->set_value(); });
  }
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (const std::future<void>& by_engine : taken) {
    by_engine.wait_until(deadline);
  }
}

void Engines::Supervise() {
  for (EngineThread& thread : threads_) {
    thread.Supervise();
  }
}

bool Engines::Stop() {
  bool have_all_ended = true;
  for (EngineThread& thread : threads_) {
    have_all_ended = thread.Stop() && have_all_ended;
  }
  return have_all_ended;
}

std::vector<EngineVitals> Engines::Vitals() const {
  std::vector<EngineVitals> vitals;
  for (const EngineThread& thread : threads_) {
    vitals.push_back(thread.Vitals());
  }
  return vitals;
}

std::vector<std::string> Engines::Stuck() const {
  std::vector<std::string> stuck;
  for (const EngineVitals& vitals : Vitals()) {
    const bool is_successor_stuck = vitals.restarts > 0 && !vitals.has_turned;
    if (is_successor_stuck || vitals.since_last_turn >= EngineThread::kStuckAfter) {
      stuck.push_back(vitals.name);
    }
  }
  return stuck;
}

}  // namespace pathwitness
