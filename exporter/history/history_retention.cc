#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/history/history_file.h"
#include "exporter/history/history_time.h"

// What HistoryFile lets go, and when.
namespace pathwitness {
namespace {

constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kShortestTurn = 120;
constexpr std::int64_t kEndOfTime = std::int64_t{1} << 50U;  // seconds

}  // namespace

// However much has to go before `horizon`, as after a change of the configuration, a turn ends
// before flushes have to wait. What it goes through is more than came since the turn before.
std::int64_t HistoryFile::EndOfTurn(std::string_view table, std::int64_t from, std::int64_t horizon,
                                    std::int64_t most_rows) {
  SqliteStatement next(database_,
                       "SELECT start FROM " + std::string(table) +
                           " WHERE start >= ? AND start < ? ORDER BY start LIMIT 1 OFFSET ?");
  const bool has_more = next.With(from, horizon, most_rows).Next();
  const std::int64_t end = has_more ? next.Integer(0) : horizon;
  return std::min(horizon, std::clamp(end, from + kShortestTurn, from + kHour));
}

// Thinned counts up to where fine buckets have been let go. It goes back when the clock does, as
// buckets of those times may come again.
void HistoryFile::Thin(const HistoryLimits& limits, WallTime now) {
  database_.Run("BEGIN IMMEDIATE");
  const std::int64_t horizon = UnixSeconds(now - limits.fine);
  const std::int64_t thinned = database_.Ask("SELECT value FROM counter WHERE name = 'thinned'");
  SqliteStatement oldest_since(database_, "SELECT min(start) FROM fine WHERE start >= ?");
  const bool has_any = oldest_since.With(thinned).Next() && !oldest_since.IsNull(0);
  const std::int64_t from = has_any ? oldest_since.Integer(0) : thinned;
  oldest_since.Run();
  const std::int64_t until = EndOfTurn("fine", from, horizon, limits.rows_at_once);
  if (has_any && until > from) {
    ThinBetween(from, until);
  }
  SqliteStatement(database_, "UPDATE counter SET value = ? WHERE name = 'thinned'")
      .With(has_any || horizon < thinned ? std::min(until, horizon) : thinned)
      .Run();

  const std::int64_t oldest = Oldest("coarse").value_or(kEndOfTime);
  SqliteStatement(database_, "DELETE FROM coarse WHERE start < ?")
      .With(EndOfTurn("coarse", oldest, UnixSeconds(now - limits.coarse), limits.rows_at_once))
      .Run();
  database_.End();
}

// Pre: a transaction.
void HistoryFile::ThinBetween(std::int64_t from, std::int64_t until) {
  const std::int64_t around = WholeSeconds(kFrozenAround);
  database_.Run("DELETE FROM temp.frozen");
  SqliteStatement(database_,
                  "INSERT INTO temp.frozen SELECT * FROM ("
                  "SELECT p.id, i.since / 1000 - ?3 AS first, "
                  "coalesce(i.closed / 1000 + ?3, ?4) AS last FROM incident i "
                  "JOIN incident_target t ON t.incident = i.id "
                  "JOIN prober p ON p.target = t.target) WHERE first < ?2 AND last >= ?1")
      .With(from, until, around, kEndOfTime)
      .Run();
  SqliteStatement(database_,
                  "DELETE FROM fine WHERE start >= ? AND start < ? AND NOT EXISTS "
                  "(SELECT 1 FROM temp.frozen f WHERE f.prober = fine.prober "
                  "AND f.first <= fine.start AND f.last >= fine.start)")
      .With(from, until)
      .Run();
}

void HistoryFile::Forget(const HistoryLimits& limits, WallTime now) {
  database_.Run("BEGIN IMMEDIATE");
  ForgetIncidents(UnixMilliseconds(now - limits.incidents));
  ForgetUnreferenced();
  database_.End();
}

// Pre: a transaction. Few at a time, as the clock may be wrong.
void HistoryFile::ForgetIncidents(std::int64_t before_ms) {
  struct Window {
    std::string id;
    std::int64_t from = 0;
    std::int64_t until = 0;
  };
  const std::int64_t around = WholeSeconds(kFrozenAround);
  std::vector<Window> old;
  SqliteStatement find(database_,
                       "SELECT id, since / 1000, closed / 1000 FROM incident "
                       "WHERE closed < ? ORDER BY closed LIMIT 10");
  for (find.With(before_ms); find.Next();) {
    old.push_back({find.Text(0), find.Integer(1) - around, find.Integer(2) + around + 1});
  }
  const std::int64_t thinned = database_.Ask("SELECT value FROM counter WHERE name = 'thinned'");
  for (const Window& window : old) {
    for (const char* const sql :
         {"DELETE FROM incident WHERE id = ?", "DELETE FROM incident_target WHERE incident = ?",
          "DELETE FROM incident_update WHERE incident = ?",
          "DELETE FROM follow_up WHERE incident = ?"}) {
      SqliteStatement(database_, sql).With(std::string_view(window.id)).Run();
    }
    ThinBetween(window.from, std::min(window.until, thinned));
  }
}

// Pre: a transaction. By what is kept and not by the clock. What was used on the day of the oldest
// bucket, or the day before, may still be referred to.
void HistoryFile::ForgetUnreferenced() {
  const std::int64_t oldest =
      std::min(Oldest("fine").value_or(kEndOfTime), Oldest("coarse").value_or(kEndOfTime));
  if (oldest == kEndOfTime) {
    return;
  }
  const std::int64_t before = oldest - 2 * kDay;
  SqliteStatement(database_, "DELETE FROM route WHERE used < ?").With(before).Run();
  SqliteStatement(database_, "DELETE FROM prober WHERE used < ?").With(before).Run();
  SqliteStatement(database_, "DELETE FROM route_change WHERE at < ?").With(before * 1000).Run();
  SqliteStatement(database_,
                  "DELETE FROM responder AS old WHERE since < ?1 AND EXISTS (SELECT 1 FROM "
                  "responder AS next WHERE next.address = old.address AND "
                  "next.since > old.since AND next.since < ?1)")
      .With(before * 1000)
      .Run();
}

void HistoryFile::Shrink(const HistoryLimits& limits) {
  constexpr int kMostHours = 24;
  std::int64_t rows = 0;
  for (int hour = 0; hour < kMostHours && rows < limits.rows_at_once && !database_.Failure() &&
                     Extent().bytes > limits.max_bytes;
       ++hour) {
    const std::int64_t fine = Oldest("fine").value_or(kEndOfTime);
    const std::int64_t coarse = Oldest("coarse").value_or(kEndOfTime);
    const std::int64_t oldest = std::min(fine, coarse);
    if (oldest == kEndOfTime) {
      return;
    }
    const std::string table = fine < coarse ? "fine" : "coarse";
    SqliteStatement(database_, "DELETE FROM " + table + " WHERE start < ?")
        .With(EndOfTurn(table, oldest, kEndOfTime, limits.rows_at_once - rows))
        .Run();
    rows += database_.Ask("SELECT changes()");
  }
  // Free pages are used again; only when they are many is the file made smaller, little by little.
  constexpr std::int64_t kManyPages = 4096;
  if (database_.Ask("PRAGMA freelist_count") >
      kManyPages + database_.Ask("PRAGMA page_count") / 4) {
    database_.Run("PRAGMA incremental_vacuum(1024)");
  }
}

}  // namespace pathwitness
