#include "exporter/metrics/incident_collector.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "exporter/metrics/families.h"

namespace pathwitness {
namespace {

using prometheus::MetricFamily;

constexpr std::array kCauses = {CauseKind::Own,  CauseKind::Source, CauseKind::Destination,
                                CauseKind::Link, CauseKind::Path,   CauseKind::Service};

MetricFamily CountByCause(std::span<const IncidentBoard::Pointer> incidents) {
  MetricFamily family = NewFamily(kIncidents);
  for (const CauseKind cause : kCauses) {
    AddSample(family, {{"cause", std::string(CauseKindName(cause))}},
              std::ranges::count(incidents, cause, [](const auto& one) { return one->cause; }));
  }
  return family;
}

Labels InfoLabels(const IncidentSnapshot& incident) {
  const HopOwner owner = incident.owner.value_or(HopOwner());
  return {{"incident", incident.id},
          {"cause", std::string(CauseKindName(incident.cause))},
          {"at", incident.at},
          {"state", std::string(VerdictStateName(incident.verdict.state))},
          {"owner", owner.name},
          {"asn", owner.asn == 0 ? std::string() : std::to_string(owner.asn)},
          {"segment", std::string(SegmentName(owner.segment))},
          {"via", incident.scope.via}};
}

void AddTargets(MetricFamily& family, const IncidentSnapshot& incident) {
  for (const std::string& target : incident.targets) {
    if (family.metric.size() >= IncidentCollector::kMostTargets) {
      return;
    }
    AddSample(family, {{"incident", incident.id}, {"target", target}}, 1);
  }
}

}  // namespace

IncidentCollector::IncidentCollector(std::vector<IncidentBoard::Pointer> incidents)
    : open_(std::move(incidents)) {
  std::erase_if(open_, [](const auto& incident) { return !incident->IsOpen(); });
  std::ranges::stable_sort(open_, std::ranges::greater(),
                           [](const auto& incident) { return incident->scope.bad; });
}

std::vector<MetricFamily> IncidentCollector::Collect() const {
  MetricFamily info = NewFamily(kIncidentInfo);
  MetricFamily targets = NewFamily(kIncidentTargets);
  MetricFamily since = NewFamily(kIncidentSince);
  MetricFamily members = NewFamily(kIncidentTargetInfo);
  const std::size_t shown = std::min(open_.size(), kMostIncidents);
  for (const IncidentBoard::Pointer& incident : std::span(open_).first(shown)) {
    const Labels labels{{"incident", incident->id}};
    AddSample(info, InfoLabels(*incident), 1);
    AddSample(targets, labels, incident->scope.bad);
    AddSample(since, labels, ToUnixSeconds(incident->since));
    AddTargets(members, *incident);
  }
  return {CountByCause(open_), OneSample(kIncidentsWithoutSeries, {}, open_.size() - shown),
          std::move(info),     std::move(targets),
          std::move(since),    std::move(members)};
}

}  // namespace pathwitness
