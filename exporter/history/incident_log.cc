#include "exporter/history/incident_log.h"

#include <algorithm>
#include <utility>

#include "diagnosis/one_way.h"
#include "diagnosis/scope.h"
#include "diagnosis/segment.h"

namespace pathwitness {
namespace {

IncidentUpdate UpdateOf(const IncidentSnapshot& incident, WallTime at) {
  IncidentUpdate update{.at = at,
                        .bad = incident.scope.bad,
                        .total = incident.scope.total,
                        .via = incident.scope.via,
                        .state = std::string(VerdictStateName(incident.verdict.state)),
                        .direction = std::string(DirectionName(incident.verdict.direction)),
                        .probability = incident.verdict.attribution.probability,
                        .text = incident.text};
  if (incident.owner) {
    update.segment = SegmentName(incident.owner->segment);
    update.owner = incident.owner->name;
    update.owner_asn = incident.owner->asn;
  }
  return update;
}

bool DifferOnlyInFigures(IncidentUpdate before, const IncidentUpdate& now) {
  before.at = now.at;
  before.probability = now.probability;
  before.text = now.text;
  return before == now;
}

}  // namespace

IncidentRecord RecordOf(const IncidentSnapshot& incident, WallTime at) {
  return {.id = incident.id,
          .opened = incident.opened,
          .since = incident.since,
          .last_seen = incident.last_seen,
          .closed = incident.closed,
          .merged_into = incident.merged_into,
          .cause = std::string(CauseKindName(incident.cause)),
          .at = incident.at,
          .witness = incident.witness,
          .targets = incident.targets,
          .updates = {UpdateOf(incident, at)},
          .follow_ups = {}};
}

void IncidentLog::Look(const std::vector<IncidentBoard::Pointer>& all, WallTime now) {
  for (const IncidentBoard::Pointer& incident : all) {
    const auto [entry, is_new] = known_.try_emplace(incident->id);
    Known& known = entry->second;
    if (std::exchange(known.snapshot, incident) == incident) {
      continue;
    }
    IncidentRecord record = RecordOf(*incident, now);
    const IncidentUpdate& update = record.updates.front();
    const auto news = news_.find(incident->id);
    std::vector<IncidentUpdate> updates =
        news == news_.end() ? std::vector<IncidentUpdate>() : std::move(news->second.updates);
    // A clock that went back must not silence it for as long.
    const bool is_repetition = !is_new && DifferOnlyInFigures(known.last, update) &&
                               now >= known.last.at && now - known.last.at < kFiguresEvery;
    if (!is_repetition) {
      known.last = update;
      updates.push_back(update);
    }
    record.updates = std::move(updates);
    news_[incident->id] = std::move(record);
  }
  std::erase_if(known_, [&all](const auto& entry) {
    return std::none_of(all.begin(), all.end(), [&entry](const IncidentBoard::Pointer& incident) {
      return incident->id == entry.first;
    });
  });
}

std::vector<IncidentRecord> IncidentLog::TakeNews() {
  std::vector<IncidentRecord> news;
  for (auto& [id, record] : std::exchange(news_, {})) {
    news.push_back(std::move(record));
  }
  return news;
}

}  // namespace pathwitness
