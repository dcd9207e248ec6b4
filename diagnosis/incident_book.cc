#include "diagnosis/incident_book.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace pathwitness {
namespace {

using Names = std::vector<std::string>;

Names Union(const Names& a, const Names& b) {
  Names all;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(all));
  return all;
}

std::size_t CountShared(const Names& a, const Names& b) {
  Names shared;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(shared));
  return shared.size();
}

bool MayBecome(CauseKind from, CauseKind to) {
  return from == to ||
         (from != CauseKind::Own && from != CauseKind::Service && to != CauseKind::Service);
}

bool IsSameCause(const CauseSighting& before, const CauseSighting& now) {
  if (!MayBecome(before.kind, now.kind)) {
    return false;
  }
  const bool has_same_name = before.kind == now.kind && !now.at.empty() && before.at == now.at;
  const bool shares_link =
      std::ranges::find_first_of(before.links, now.links) != before.links.end();
  const std::size_t fewer = std::min(before.targets.size(), now.targets.size());
  return has_same_name || shares_link || 2 * CountShared(before.targets, now.targets) > fewer;
}

}  // namespace

void IncidentBook::Resume(Incident incident) {
  incidents_.push_back(std::move(incident));
}

bool IncidentBook::HasOpen() const {
  return std::ranges::any_of(incidents_, [](const Incident& one) { return !one.closed; });
}

// An incident is one sighting in each update, so that two causes stay two incidents.
IncidentBook::Incident* IncidentBook::FindOpen(const CauseSighting& sighting) {
  Incident* best = nullptr;
  std::size_t most = 0;
  for (Incident& incident : incidents_) {
    if (incident.sighting || !IsSameCause(incident.cause, sighting)) {
      continue;
    }
    const std::size_t shared = CountShared(incident.cause.targets, sighting.targets);
    if (best == nullptr || shared > most) {
      best = &incident;
      most = shared;
    }
  }
  return best;
}

void IncidentBook::Open(const CauseSighting& sighting, std::size_t index, WallTime now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  incidents_.push_back({.id = fmt::format("{:%Y%m%dT%H%M%SZ}-{:04}", fmt::gmtime(second), ++count_),
                        .cause = sighting,
                        .targets = sighting.targets,
                        .opened = now,
                        .sighting = index,
                        .closed = std::nullopt,
                        .merged_into = {},
                        .last_update = now});
}

const std::vector<IncidentBook::Incident>& IncidentBook::Update(
    const std::vector<CauseSighting>& sightings, WallTime now) {
  std::erase_if(incidents_, [](const Incident& incident) { return incident.closed.has_value(); });
  for (Incident& incident : incidents_) {
    incident.sighting.reset();
  }
  for (std::size_t i = 0; i < sightings.size(); ++i) {
    const CauseSighting& sighting = sightings[i];
    Incident* const incident = FindOpen(sighting);
    if (incident == nullptr) {
      Open(sighting, i, now);
      continue;
    }
    const WallTime since = std::min(incident->cause.since, sighting.since);
    incident->cause = sighting;
    incident->cause.since = since;
    incident->targets = Union(incident->targets, sighting.targets);
    incident->sighting = i;
    incident->last_update = now;
  }
  MergeExplained(now);
  CloseOld(now);
  return incidents_;
}

void IncidentBook::MergeExplained(WallTime now) {
  for (Incident& part : incidents_) {
    for (Incident& whole : incidents_) {
      const bool explains = !part.sighting && whole.sighting &&
                            MayBecome(part.cause.kind, whole.cause.kind) &&
                            std::ranges::includes(whole.cause.targets, part.cause.targets);
      if (explains && !part.closed) {
        part.closed = now;
        part.merged_into = whole.id;
        whole.cause.since = std::min(whole.cause.since, part.cause.since);
      }
    }
  }
}

// A clock that was set back makes nothing older.
void IncidentBook::CloseOld(WallTime now) {
  for (Incident& incident : incidents_) {
    if (!incident.closed && now - incident.last_update > kLinger) {
      incident.closed = std::max(incident.cause.last_seen, incident.opened);
    }
  }
}

}  // namespace pathwitness
