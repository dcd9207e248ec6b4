#include "exporter/evidence/report_engine.h"

#include <algorithm>
#include <utility>

#include "exporter/evidence/gather.h"
#include "exporter/evidence/kernel_clock.h"
#include "exporter/history/history_time.h"
#include "exporter/version.h"

namespace pathwitness {
namespace {

bool IsTrace(const ProberKey& prober) {
  return ProberName(prober.prober).starts_with("trace_");
}

bool HasChanged(const RouteBoard::Pointer& route, WallTime from, WallTime to) {
  return route != nullptr && route->last_change && route->last_change->at >= from &&
         route->last_change->at < to;
}

}  // namespace

ReportEngine::ReportEngine(const ReportBoards& boards, Keep keep, const Clock& clock)
    : boards_(boards), keep_(std::move(keep)), clock_(clock), started_(clock.WallNow()) {}

void ReportEngine::Apply(std::shared_ptr<const Config> config, MonoTime now) {
  config_ = std::move(config);
  history_.reset();
  if (config_->history.is_enabled) {
    history_ = std::make_unique<HistoryReader>(
        HistoryDirectory(config_->history, config_->state_directory));
  }
  period_ = FloorTo(clock_.WallNow(), config_->archive.every);
  due_ = now;
}

void ReportEngine::Turn(MonoTime now) {
  if (now < due_) {
    return;
  }
  due_ = now + kLooksEvery;
  if (history_ == nullptr) {
    return;
  }
  const WallTime wall = clock_.WallNow();
  FollowIncidents(wall);
  PlanPeriod(wall);
  if (!jobs_.empty()) {
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    Make(job, wall);
    due_ = jobs_.empty() ? due_ : now;
  }
}

/// A period is told of when what was measured in it is written.
void ReportEngine::PlanPeriod(WallTime wall) {
  const WallTime end = FloorTo(wall - kUntilWritten, config_->archive.every);
  if (end == period_) {
    return;
  }
  const bool is_next = end == period_ + config_->archive.every;  // not so when the clock was set
  period_ = end;
  if (!is_next) {
    return;
  }
  const WallTime begin = end - config_->archive.every;
  for (const VerdictBoard::Pointer& verdict : boards_.verdicts.All()) {
    const ProberKey& prober = verdict->status.key;
    const bool is_in_trouble =
        verdict->verdict && verdict->verdict->state != VerdictState::None && verdict->since < end;
    if (IsTrace(prober) && (is_in_trouble || HasChanged(boards_.routes.Find(prober), begin, end))) {
      const auto since =
          is_in_trouble ? std::optional(std::min(verdict->since, begin)) : std::nullopt;
      AddJob({.prober = prober, .from = begin, .to = end, .since = since});
    }
  }
}

void ReportEngine::FollowIncidents(WallTime wall) {
  const std::vector<IncidentBoard::Pointer> incidents = boards_.incidents.All();
  for (const IncidentBoard::Pointer& incident : incidents) {
    Follow(*incident, wall);
  }
  std::erase_if(incidents_, [&incidents](const auto& followed) {
    return std::ranges::none_of(incidents, [&followed](const IncidentBoard::Pointer& incident) {
      return incident->id == followed.first;
    });
  });
}

void ReportEngine::Follow(const IncidentSnapshot& incident, WallTime wall) {
  const std::optional<ProberKey> prober = TraceOf(incident.witness);
  const auto [followed, is_new] = incidents_.try_emplace(incident.id);
  // What happened before the start was told of by whoever ran then.
  const bool is_old = incident.opened < started_;
  if (is_new && incident.closed && *incident.closed + kAfterwards < started_) {
    followed->second.is_closed_reported = true;
  }
  if (!prober) {
    return;
  }
  if (is_new && !is_old && incident.IsOpen()) {
    AddJob({.prober = *prober, .from = incident.since, .to = wall, .since = incident.since});
  }
  if (incident.closed && !followed->second.is_closed_reported &&
      wall >= *incident.closed + kAfterwards + kUntilWritten) {
    followed->second.is_closed_reported = true;
    AddJob({.prober = *prober,
            .from = incident.since,
            .to = *incident.closed,
            .since = incident.since});
  }
}

void ReportEngine::AddJob(Job job) {
  if (jobs_.size() < kMostWaiting && job.from < job.to) {
    jobs_.push_back(std::move(job));
  }
}

/// That of a service is the path to it.
std::optional<ProberKey> ReportEngine::TraceOf(const ProberKey& witness) const {
  if (IsTrace(witness)) {
    return witness;
  }
  for (const ProberKind kind :
       {ProberKind::TraceTcp, ProberKind::TraceIcmp, ProberKind::TraceUdp}) {
    const ProberKey trace{witness.target, kind, witness.family};
    if (boards_.traces.Find(trace) != nullptr) {
      return trace;
    }
  }
  return std::nullopt;
}

void ReportEngine::Make(const Job& job, WallTime wall) {
  ReportFacts facts = GatherReport(
      *history_,
      {.prober = job.prober, .from = job.from, .to = job.to, .now = wall, .since = job.since},
      config_.get());
  if (!JudgeWindows(facts)) {
    return;  // nothing is known of that time
  }
  const VerdictBoard::Pointer verdict = boards_.verdicts.Find(job.prober);
  if (verdict != nullptr && verdict->verdict && verdict->since < job.to &&
      wall < job.to + config_->archive.every) {
    facts.verdict = *verdict->verdict;  // from single rounds, which tell more than sums
  }
  if (const TraceBoard::Pointer trace = boards_.traces.Find(job.prober)) {
    facts.flow_ports = trace->flow_ports;
  }
  facts.clock = ReadKernelClock();
  facts.version = Version();
  facts.revision = Revision();
  const Report report = MakeReport(facts);
  keep_({.target = report.target,
         .source = report.source.address,
         .destination = report.destination.address,
         .at = job.to,
         .forms = {{"json", ReportJson(report)}, {"txt", ReportText(report)}}});
}

}  // namespace pathwitness
