#include "exporter/history/incident_reader.h"

#include <string_view>
#include <utility>

#include "exporter/history/history_time.h"
#include "exporter/history/prober_names.h"

namespace pathwitness {
namespace {

const std::string kColumns =
    "SELECT id, opened, since, last_seen, closed, merged_into, cause, at, target, kind, family "
    "FROM incident ";

IncidentRecord RecordOf(const SqliteStatement& row) {
  IncidentRecord incident{.id = row.Text(0),
                          .opened = FromUnixMilliseconds(row.Integer(1)),
                          .since = FromUnixMilliseconds(row.Integer(2)),
                          .last_seen = FromUnixMilliseconds(row.Integer(3)),
                          .closed = std::nullopt,
                          .merged_into = row.Text(5),
                          .cause = row.Text(6),
                          .at = row.Text(7),
                          .witness = {.target = row.Text(8),
                                      .prober = ProberKindOf(row.Bytes(9)),
                                      .family = ProberFamilyOf(row.Bytes(10))}};
  if (!row.IsNull(4)) {
    incident.closed = FromUnixMilliseconds(row.Integer(4));
  }
  return incident;
}

void ReadTargets(SqliteDatabase& database, IncidentRecord& incident) {
  SqliteStatement rows(database,
                       "SELECT target FROM incident_target WHERE incident = ? ORDER BY target");
  for (rows.With(std::string_view(incident.id)); rows.Next();) {
    incident.targets.push_back(rows.Text(0));
  }
}

void ReadUpdates(SqliteDatabase& database, IncidentRecord& incident) {
  SqliteStatement rows(database,
                       "SELECT at, bad, total, via, state, direction, segment, owner, owner_asn, "
                       "probability, text FROM incident_update WHERE incident = ? ORDER BY at");
  for (rows.With(std::string_view(incident.id)); rows.Next();) {
    incident.updates.push_back({.at = FromUnixMilliseconds(rows.Integer(0)),
                                .bad = static_cast<unsigned>(rows.Integer(1)),
                                .total = static_cast<unsigned>(rows.Integer(2)),
                                .via = rows.Text(3),
                                .state = rows.Text(4),
                                .direction = rows.Text(5),
                                .segment = rows.Text(6),
                                .owner = rows.Text(7),
                                .owner_asn = static_cast<std::uint32_t>(rows.Integer(8)),
                                .probability = rows.Real(9),
                                .text = rows.Text(10)});
  }
}

void ReadFollowUps(SqliteDatabase& database, IncidentRecord& incident) {
  SqliteStatement rows(database,
                       "SELECT at, author, text FROM follow_up WHERE incident = ? "
                       "ORDER BY at, id");
  for (rows.With(std::string_view(incident.id)); rows.Next();) {
    incident.follow_ups.push_back({.at = FromUnixMilliseconds(rows.Integer(0)),
                                   .author = rows.Text(1),
                                   .text = rows.Text(2)});
  }
}

template <typename... Values>
std::vector<IncidentRecord> Read(SqliteDatabase& database, const std::string& condition,
                                 const Values&... values) {
  std::vector<IncidentRecord> incidents;
  SqliteStatement rows(database, kColumns + condition);
  for (rows.With(values...); rows.Next();) {
    incidents.push_back(RecordOf(rows));
  }
  for (IncidentRecord& incident : incidents) {
    ReadTargets(database, incident);
    ReadUpdates(database, incident);
    ReadFollowUps(database, incident);
  }
  return incidents;
}

}  // namespace

std::vector<IncidentRecord> ReadIncidents(SqliteDatabase& database, std::int64_t from,
                                          std::int64_t to) {
  return Read(database,
              "WHERE opened < ?2 AND (closed IS NULL OR closed >= ?1) ORDER BY opened, id", from,
              to);
}

std::vector<IncidentRecord> ReadOpenIncidents(SqliteDatabase& database) {
  return Read(database, "WHERE closed IS NULL ORDER BY opened, id");
}

std::optional<IncidentRecord> ReadIncident(SqliteDatabase& database, const std::string& id) {
  std::vector<IncidentRecord> found = Read(database, "WHERE id = ?", std::string_view(id));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

}  // namespace pathwitness
