#include "exporter/history/history_file.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>

#include "exporter/history/history_schema.h"
#include "exporter/history/history_time.h"

namespace pathwitness {
namespace {

constexpr std::int64_t kDay = 86400;

/// Two rows of one prober into one. False when they are of different kinds.
bool Join(DecodedBucket& sum, const DecodedBucket& later) {
  if (sum.stats.index() != later.stats.index()) {
    return false;
  }
  std::visit(
      [&later](auto& stats) {
        stats.Merge(std::get<std::remove_reference_t<decltype(stats)>>(later.stats));
      },
      sum.stats);
  for (const std::int64_t id : later.route_ids) {
    std::erase(sum.route_ids, id);
    sum.route_ids.push_back(id);
  }
  if (sum.route_ids.size() > TraceStats::kMostRoutes) {
    const auto surplus = sum.route_ids.size() - TraceStats::kMostRoutes;
    sum.route_ids.erase(sum.route_ids.begin(),
                        sum.route_ids.begin() + static_cast<std::ptrdiff_t>(surplus));
  }
  return true;
}

std::uint64_t SizeOf(const std::filesystem::path& file) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  return error ? 0 : size;
}

}  // namespace

// Each is prepared once; named after what it does.
struct HistoryFile::Statements {
  explicit Statements(SqliteDatabase& database) : db(database) {}

  SqliteDatabase& db;
  SqliteStatement next_flush{
      db, "UPDATE counter SET value = value + 1 WHERE name = 'flush' RETURNING value"};
  SqliteStatement add_flush{db, "INSERT INTO flush VALUES(?, ?)"};
  SqliteStatement add_fine{db, "INSERT INTO fine VALUES(?, ?, ?, ?)"};
  SqliteStatement add_coarse{db, "INSERT INTO coarse VALUES(?, ?, ?, ?)"};

  SqliteStatement find_prober{
      db, "SELECT id, used FROM prober WHERE target = ? AND kind = ? AND family = ?"};
  SqliteStatement add_prober{
      db, "INSERT INTO prober(target, kind, family, used) VALUES(?, ?, ?, ?) RETURNING id"};
  SqliteStatement use_prober{db, "UPDATE prober SET used = ? WHERE id = ?"};
  SqliteStatement find_route{db, "SELECT id, used FROM route WHERE prober = ? AND data = ?"};
  SqliteStatement add_route{db,
                            "INSERT INTO route(prober, data, used) VALUES(?, ?, ?) RETURNING id"};
  SqliteStatement use_route{db, "UPDATE route SET used = ? WHERE id = ?"};

  SqliteStatement add_change{db, "INSERT OR IGNORE INTO route_change VALUES(?, ?, ?, ?)"};
  SqliteStatement find_responder{
      db,
      "SELECT host_name, asn, owner_name, as_name FROM responder WHERE address = ? "
      "ORDER BY since DESC LIMIT 1"};
  SqliteStatement add_responder{db, "INSERT OR REPLACE INTO responder VALUES(?, ?, ?, ?, ?, ?)"};

  SqliteStatement add_incident{
      db,
      "INSERT INTO incident VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
      "ON CONFLICT(id) DO UPDATE SET since = min(since, ?3), last_seen = ?4, closed = ?5, "
      "merged_into = ?6, cause = ?7, at = ?8, target = ?9, kind = ?10, family = ?11"};
  SqliteStatement add_incident_target{db, "INSERT OR IGNORE INTO incident_target VALUES(?, ?)"};
  SqliteStatement add_incident_update{
      db, "INSERT OR REPLACE INTO incident_update VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
  SqliteStatement count_follow_ups{
      db,
      "SELECT (SELECT count(*) FROM follow_up WHERE incident = ?1) FROM incident WHERE id = ?1"};
  SqliteStatement add_follow_up{
      db, "INSERT INTO follow_up(incident, at, author, text) VALUES(?, ?, ?, ?)"};

  SqliteStatement unrolled{
      db, "SELECT DISTINCT start / 60 * 60 AS minute FROM flush WHERE minute <> ? ORDER BY minute"};
  SqliteStatement minute_rows{
      db,
      "SELECT f.prober, f.data, u.id FROM flush u CROSS JOIN fine f "
      "ON f.start = u.start AND f.flush = u.id WHERE u.start >= ?1 AND u.start < ?1 + 60 "
      "ORDER BY f.prober, u.id"};
  SqliteStatement last_flush_of{db,
                                "SELECT max(id) FROM flush WHERE start >= ?1 AND start < ?1 + 60"};
  SqliteStatement end_flushes{db, "DELETE FROM flush WHERE start >= ?1 AND start < ?1 + 60"};
};

HistoryFile::HistoryFile(const std::filesystem::path& path)
    : path_(path), database_(path, SqliteAccess::Write) {
  BringUpToDate(database_);
  // FULL: a flush is on disk when it is over, which is one sync in ten seconds.
  database_.Run(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8192;"
      "PRAGMA journal_size_limit = 67108864;"
      "CREATE TEMP TABLE frozen(prober INTEGER, first INTEGER, last INTEGER);"
      "CREATE INDEX temp.frozen_of ON frozen(prober)");
  if (!database_.Failure()) {
    statements_ = std::make_unique<Statements>(database_);
  }
}

HistoryFile::~HistoryFile() = default;

void HistoryFile::Write(const HistoryBatch& batch) {
  const std::int64_t start = UnixSeconds(batch.start);
  database_.Run("BEGIN IMMEDIATE");
  if (!batch.rows.empty()) {
    const std::int64_t flush = NextFlush();
    statements_->add_flush.With(flush, start).Run();
    for (const HistoryRow& row : batch.rows) {
      WriteRow(row, start, flush);
    }
  }
  for (const RouteChangeRecord& change : batch.route_changes) {
    Write(change, start);
  }
  for (const ResponderFacts& facts : batch.responders) {
    Write(facts);
  }
  for (const IncidentRecord& incident : batch.incidents) {
    Write(incident);
  }
  database_.End();
  std::erase_if(routes_, [](const auto& known) { return known.second.route.use_count() == 1; });
}

std::int64_t HistoryFile::NextFlush() {
  SqliteStatement& next = statements_->next_flush.With();
  const std::int64_t flush = next.Next() ? next.Integer(0) : 0;
  next.Run();
  return flush;
}

void HistoryFile::WriteRow(const HistoryRow& row, std::int64_t start, std::int64_t flush) {
  const std::int64_t prober = IdOf(row.prober, start);
  RouteIds ids;
  for (const std::shared_ptr<const Route>& route : row.routes) {
    ids.push_back(IdOf(route, prober, start));
  }
  const std::string data = EncodeRouteIds(ids) + row.stats;
  statements_->add_fine.With(start, prober, flush, SqliteBlob{data}).Run();
}

// When something was last used is told to the day, which is as exact as forgetting it has to be.
std::int64_t HistoryFile::IdOf(const ProberKey& prober, std::int64_t now) {
  KnownProber& known = probers_[prober];
  if (known.id == 0) {
    const std::string_view kind = ProberName(prober.prober);
    const std::string_view family = ProberFamilyName(prober.family);
    SqliteStatement& find =
        statements_->find_prober.With(std::string_view(prober.target), kind, family);
    SqliteStatement& add =
        statements_->add_prober.With(std::string_view(prober.target), kind, family, now);
    if (find.Next()) {
      known = {.id = find.Integer(0), .used = find.Integer(1)};
      find.Run();
    } else if (add.Next()) {
      known = {.id = add.Integer(0), .used = now};
      add.Run();
    }
  }
  if (std::abs(now - known.used) > kDay) {
    known.used = now;
    statements_->use_prober.With(now, known.id).Run();
  }
  return known.id;
}

std::int64_t HistoryFile::IdOf(const std::shared_ptr<const Route>& route, std::int64_t prober,
                               std::int64_t now) {
  KnownRoute& known = routes_[route.get()];
  if (known.id == 0) {
    const std::string data = EncodeRoute(*route);
    SqliteStatement& find = statements_->find_route.With(prober, SqliteBlob{data});
    SqliteStatement& add = statements_->add_route.With(prober, SqliteBlob{data}, now);
    if (find.Next()) {
      known = {.route = route, .id = find.Integer(0), .used = find.Integer(1)};
      find.Run();
    } else if (add.Next()) {
      known = {.route = route, .id = add.Integer(0), .used = now};
      add.Run();
    }
  }
  if (std::abs(now - known.used) > kDay) {
    known.used = now;
    statements_->use_route.With(now, known.id).Run();
  }
  return known.id;
}

void HistoryFile::Write(const RouteChangeRecord& change, std::int64_t now) {
  const std::string data = EncodeRouteChange(change.event, change.kind);
  statements_->add_change
      .With(IdOf(change.prober, now), UnixMilliseconds(change.event.at),
            static_cast<std::int64_t>(change.event.round), SqliteBlob{data})
      .Run();
}

void HistoryFile::Write(const ResponderFacts& facts) {
  const std::string address = facts.address.ToString();
  SqliteStatement& newest = statements_->find_responder.With(std::string_view(address));
  if (newest.Next() && newest.Bytes(0) == facts.host_name && newest.Integer(1) == facts.asn &&
      newest.Bytes(2) == facts.owner_name && newest.Bytes(3) == facts.as_name) {
    newest.Run();
    return;
  }
  newest.Run();
  statements_->add_responder
      .With(std::string_view(address), UnixMilliseconds(facts.since),
            std::string_view(facts.host_name), std::int64_t{facts.asn},
            std::string_view(facts.owner_name), std::string_view(facts.as_name))
      .Run();
}

void HistoryFile::Write(const IncidentRecord& incident) {
  const std::string_view id = incident.id;
  const std::optional<std::int64_t> closed =
      incident.closed ? std::optional(UnixMilliseconds(*incident.closed)) : std::nullopt;
  statements_->add_incident
      .With(id, UnixMilliseconds(incident.opened), UnixMilliseconds(incident.since),
            UnixMilliseconds(incident.last_seen), closed, std::string_view(incident.merged_into),
            std::string_view(incident.cause), std::string_view(incident.at),
            std::string_view(incident.witness.target), ProberName(incident.witness.prober),
            ProberFamilyName(incident.witness.family))
      .Run();
  for (const std::string& target : incident.targets) {
    statements_->add_incident_target.With(id, std::string_view(target)).Run();
  }
  for (const IncidentUpdate& update : incident.updates) {
    statements_->add_incident_update
        .With(id, UnixMilliseconds(update.at), std::int64_t{update.bad}, std::int64_t{update.total},
              std::string_view(update.via), std::string_view(update.state),
              std::string_view(update.direction), std::string_view(update.segment),
              std::string_view(update.owner), std::int64_t{update.owner_asn}, update.probability,
              std::string_view(update.text))
        .Run();
  }
}

std::uint64_t HistoryFile::RollUp(WallTime now) {
  std::vector<std::int64_t> minutes;
  SqliteStatement& unrolled = statements_->unrolled.With(UnixSeconds(FloorTo(now, kCoarseBucket)));
  while (unrolled.Next()) {
    minutes.push_back(unrolled.Integer(0));
  }
  std::uint64_t damaged = 0;
  for (const std::int64_t minute : minutes) {
    damaged += RollUpMinute(minute);
  }
  return damaged;
}

std::uint64_t HistoryFile::RollUpMinute(std::int64_t minute) {
  database_.Run("BEGIN IMMEDIATE");
  SqliteStatement& last = statements_->last_flush_of.With(minute);
  const std::int64_t flush = last.Next() ? last.Integer(0) : 0;
  last.Run();

  std::uint64_t damaged = 0;
  std::int64_t prober = 0;
  std::optional<DecodedBucket> sum;
  const auto put = [&] {
    if (sum) {
      const std::string data =
          EncodeRouteIds(sum->route_ids) +
          std::visit([](const auto& stats) { return EncodeStats(stats); }, sum->stats);
      statements_->add_coarse.With(minute, prober, flush, SqliteBlob{data}).Run();
    }
  };
  SqliteStatement& rows = statements_->minute_rows.With(minute);
  while (rows.Next()) {
    std::optional<DecodedBucket> row = DecodeBucket(rows.Bytes(1));
    if (rows.Integer(0) != prober || !sum) {
      put();
      prober = rows.Integer(0);
      damaged += row ? 0U : 1U;
      sum = std::move(row);
    } else if (!row || !Join(*sum, *row)) {
      ++damaged;
    }
  }
  put();
  statements_->end_flushes.With(minute).Run();
  database_.End();
  return damaged;
}

FollowUpOutcome HistoryFile::AddFollowUp(const std::string& incident, const FollowUp& follow_up) {
  SqliteStatement& count = statements_->count_follow_ups.With(std::string_view(incident));
  const bool is_known = count.Next();
  const bool is_full = is_known && count.Integer(0) >= std::int64_t{kMostFollowUps};
  count.Run();
  if (!is_known || is_full) {
    return is_full ? FollowUpOutcome::TooMany : FollowUpOutcome::NoIncident;
  }
  statements_->add_follow_up
      .With(std::string_view(incident), UnixMilliseconds(follow_up.at),
            std::string_view(follow_up.author), std::string_view(follow_up.text))
      .Run();
  return FollowUpOutcome::Kept;
}

void HistoryFile::CloseOrphans(const std::vector<std::string>& open) {
  SqliteStatement find(database_, "SELECT id FROM incident WHERE closed IS NULL");
  std::vector<std::string> orphans;
  for (find.With(); find.Next();) {
    if (std::find(open.begin(), open.end(), find.Text(0)) == open.end()) {
      orphans.push_back(find.Text(0));
    }
  }
  SqliteStatement close(database_, "UPDATE incident SET closed = last_seen WHERE id = ?");
  for (const std::string& orphan : orphans) {
    close.With(std::string_view(orphan)).Run();
  }
}

HistoryExtent HistoryFile::Extent() {
  const auto as_time = [](std::optional<std::int64_t> seconds) {
    return seconds ? std::optional(FromUnixSeconds(*seconds)) : std::nullopt;
  };
  const std::int64_t pages = database_.Ask("PRAGMA page_count");
  const std::int64_t free = database_.Ask("PRAGMA freelist_count");
  HistoryExtent extent{
      .bytes = static_cast<std::uint64_t>((pages - free) * database_.Ask("PRAGMA page_size")),
      .disk_bytes = 0,
      .oldest_fine = as_time(Oldest("fine")),
      .oldest_coarse = as_time(Oldest("coarse"))};
  for (const char* const companion : {"", "-wal", "-shm"}) {
    extent.disk_bytes += SizeOf(path_.string() + companion);
  }
  return extent;
}

std::optional<std::int64_t> HistoryFile::Oldest(const char* table) {
  SqliteStatement oldest(database_, std::string("SELECT min(start) FROM ") + table);
  if (!oldest.With().Next() || oldest.IsNull(0)) {
    return std::nullopt;
  }
  return oldest.Integer(0);
}

}  // namespace pathwitness
