#include "exporter/history/restore_incidents.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include "exporter/history/history_reader.h"

namespace pathwitness {
namespace {

CauseKind CauseOf(const std::string& name) {
  constexpr std::array kKinds = {CauseKind::Own,  CauseKind::Source, CauseKind::Destination,
                                 CauseKind::Link, CauseKind::Path,   CauseKind::Service};
  const auto* const found = std::find_if(kKinds.begin(), kKinds.end(), [&name](CauseKind kind) {
    return CauseKindName(kind) == name;
  });
  return found == kKinds.end() ? CauseKind::Path : *found;
}

VerdictState StateOf(const std::string& name) {
  for (std::uint8_t i = 0; i < static_cast<std::uint8_t>(VerdictState::Undecided); ++i) {
    if (VerdictStateName(static_cast<VerdictState>(i)) == name) {
      return static_cast<VerdictState>(i);
    }
  }
  return VerdictState::Undecided;
}

IncidentSnapshot SnapshotOf(const IncidentRecord& record) {
  IncidentSnapshot incident;
  incident.id = record.id;
  incident.opened = record.opened;
  incident.since = record.since;
  incident.last_seen = record.last_seen;
  incident.cause = CauseOf(record.cause);
  incident.at = record.at;
  incident.targets = record.targets;
  incident.witness = record.witness;
  if (!record.updates.empty()) {
    const IncidentUpdate& said = record.updates.back();
    incident.scope = {.bad = said.bad, .total = said.total, .via = said.via};
    incident.verdict.state = StateOf(said.state);
    incident.text = said.text;
  }
  return incident;
}

}  // namespace

void RestoreIncidents(const std::filesystem::path& directory, IncidentBoard& board, WallTime now) {
  HistoryReader reader(directory);
  IncidentBoard::Writer writer = board.NewWriter();
  for (const IncidentRecord& record : reader.OpenIncidents()) {
    if (now - record.last_seen <= kRestoredWithin) {
      writer.Publish(record.id, std::make_shared<const IncidentSnapshot>(SnapshotOf(record)));
    }
  }
}

}  // namespace pathwitness
