#include "exporter/history/history_schema.h"

#include <array>
#include <string>

namespace pathwitness {
namespace {

// Marks the file as a history ("pwit"), beside other SQLite files.
constexpr std::int64_t kApplication = 0x70776974;

// Rows of buckets are never changed: each flush adds its own. They lie in the order in which they
// come, so that a flush writes few pages and retention frees whole ones. One bucket of one prober
// is one lookup.
constexpr const char* kFirst = R"sql(
  CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO counter VALUES ('flush', 0), ('thinned', 0);

  CREATE TABLE prober(id INTEGER PRIMARY KEY, target TEXT NOT NULL, kind TEXT NOT NULL,
                      family TEXT NOT NULL, used INTEGER NOT NULL, UNIQUE(target, kind, family));
  CREATE TABLE route(id INTEGER PRIMARY KEY, prober INTEGER NOT NULL, data BLOB NOT NULL,
                     used INTEGER NOT NULL, UNIQUE(prober, data));

  CREATE TABLE flush(id INTEGER PRIMARY KEY, start INTEGER NOT NULL);
  CREATE TABLE fine(start INTEGER, prober INTEGER, flush INTEGER, data BLOB NOT NULL,
                    PRIMARY KEY(start, prober, flush)) WITHOUT ROWID;
  CREATE TABLE coarse(start INTEGER, prober INTEGER, flush INTEGER, data BLOB NOT NULL,
                      PRIMARY KEY(start, prober, flush)) WITHOUT ROWID;

  CREATE TABLE route_change(prober INTEGER, at INTEGER, round INTEGER, data BLOB NOT NULL,
                            PRIMARY KEY(prober, at, round)) WITHOUT ROWID;
  CREATE TABLE responder(address TEXT, since INTEGER, host_name TEXT NOT NULL,
                         asn INTEGER NOT NULL, owner_name TEXT NOT NULL, as_name TEXT NOT NULL,
                         PRIMARY KEY(address, since)) WITHOUT ROWID;

  CREATE TABLE incident(id TEXT PRIMARY KEY, opened INTEGER NOT NULL, since INTEGER NOT NULL,
                        last_seen INTEGER NOT NULL, closed INTEGER, merged_into TEXT NOT NULL,
                        cause TEXT NOT NULL, at TEXT NOT NULL, target TEXT NOT NULL,
                        kind TEXT NOT NULL, family TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE incident_target(incident TEXT, target TEXT,
                               PRIMARY KEY(incident, target)) WITHOUT ROWID;
  CREATE TABLE incident_update(incident TEXT, at INTEGER, bad INTEGER NOT NULL,
                               total INTEGER NOT NULL, via TEXT NOT NULL, state TEXT NOT NULL,
                               direction TEXT NOT NULL, segment TEXT NOT NULL,
                               owner TEXT NOT NULL, owner_asn INTEGER NOT NULL,
                               probability REAL NOT NULL, text TEXT NOT NULL,
                               PRIMARY KEY(incident, at)) WITHOUT ROWID;
  CREATE TABLE follow_up(id INTEGER PRIMARY KEY, incident TEXT NOT NULL, at INTEGER NOT NULL,
                         author TEXT NOT NULL, text TEXT NOT NULL);
  CREATE INDEX follow_up_of ON follow_up(incident);
)sql";

// Element i makes a layout i + 1 of a layout i.
constexpr std::array<const char*, kHistorySchema> kSteps = {kFirst};

std::int64_t Version(SqliteDatabase& database) {
  const std::int64_t version = database.Ask("PRAGMA user_version");
  const bool is_empty = database.Ask("SELECT count(*) FROM sqlite_schema") == 0;
  const bool is_ours = database.Ask("PRAGMA application_id") == kApplication;
  if (!is_empty && (!is_ours || version <= 0)) {
    database.Fail(HistoryFailure::Corrupt, "the file holds something else");
  } else if (version > kHistorySchema) {
    database.Fail(HistoryFailure::NewerSchema,
                  "a newer version wrote layout " + std::to_string(version) +
                      "; this one knows up to " + std::to_string(kHistorySchema));
  }
  return version;
}

}  // namespace

void BringUpToDate(SqliteDatabase& database) {
  const std::int64_t version = Version(database);
  if (database.Failure() || version == kHistorySchema) {
    return;
  }
  if (version == 0) {
    database.Run("PRAGMA auto_vacuum = INCREMENTAL");  // must come before the first table
  }
  database.Run("BEGIN IMMEDIATE");
  for (auto step = static_cast<std::size_t>(version); step < kSteps.size(); ++step) {
    database.Run(kSteps.at(step));
  }
  database.Run("PRAGMA application_id = " + std::to_string(kApplication) +
               "; PRAGMA user_version = " + std::to_string(kHistorySchema));
  database.End();
}

void RequireReadable(SqliteDatabase& database) {
  const std::int64_t version = Version(database);
  if (!database.Failure() && version != kHistorySchema) {
    database.Fail(HistoryFailure::CannotOpen, "there is no history yet, or an older version's");
  }
}

}  // namespace pathwitness
