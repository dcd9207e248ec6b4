#include "exporter/history/history_reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "exporter/history/history_codec.h"
#include "exporter/history/history_schema.h"
#include "exporter/history/history_store.h"
#include "exporter/history/history_time.h"
#include "exporter/history/incident_reader.h"
#include "exporter/history/prober_names.h"
#include "exporter/history/sqlite.h"

namespace pathwitness {
namespace {

constexpr Duration kBestIsFineUpTo = std::chrono::hours(1);
constexpr Duration kRoutesOf = std::chrono::minutes(1);
constexpr Duration kRoutesWithin = std::chrono::hours(1);

struct FileId {
  dev_t device = 0;
  ino_t inode = 0;

  bool operator==(const FileId&) const = default;
};

std::optional<FileId> IdOf(const std::filesystem::path& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return FileId{.device = status.st_dev, .inode = status.st_ino};
}

/// An open file with its statements.
struct OpenHistory {
  OpenHistory(const std::filesystem::path& file, SqliteAccess access) : db(file, access) {
    RequireReadable(db);
  }

  SqliteDatabase db;
  SqliteStatement prober{db, "SELECT id FROM prober WHERE target = ? AND kind = ? AND family = ?"};
  SqliteStatement fine{db, "SELECT data FROM fine WHERE start = ? AND prober = ? ORDER BY flush"};
  SqliteStatement coarse{db,
                         "SELECT data FROM coarse WHERE start = ? AND prober = ? ORDER BY flush"};
  SqliteStatement not_coarse{
      db,
      "SELECT f.data FROM flush u CROSS JOIN fine f ON f.start = u.start AND f.flush = u.id "
      "WHERE u.start >= ?1 AND u.start < ?1 + 60 AND f.prober = ?2 ORDER BY u.id"};
  SqliteStatement route{db, "SELECT data FROM route WHERE id = ?"};
  SqliteStatement changes{db,
                          "SELECT data FROM route_change WHERE prober = ? AND at >= ? AND at < ? "
                          "ORDER BY at, round"};
  SqliteStatement responder{
      db,
      "SELECT since, host_name, asn, owner_name, as_name FROM responder WHERE address = ?1 "
      "ORDER BY since > ?2, CASE WHEN since > ?2 THEN since ELSE -since END LIMIT 1"};
  std::map<std::int64_t, std::shared_ptr<const Route>> routes;
};

template <typename Stats>
std::optional<Stats> Sum(const std::vector<HistoryBucket<Stats>>& buckets) {
  std::optional<Stats> sum;
  for (const HistoryBucket<Stats>& bucket : buckets) {
    if (sum) {
      sum->Merge(bucket.stats);
    } else {
      sum = bucket.stats;
    }
  }
  return sum;
}

}  // namespace

class HistoryReader::Impl {
 public:
  explicit Impl(std::filesystem::path file) : file_(std::move(file)) {}

  std::optional<HistoryFailure> Failure() const { return failure_; }
  std::uint64_t Damaged() const { return damaged_; }

  /// Asks the file inside one transaction, so that all answers are of one moment.
  template <typename Question>
  auto Ask(const Question& question) -> decltype(question(std::declval<OpenHistory&>())) {
    decltype(question(std::declval<OpenHistory&>())) answer{};
    failure_ = Open();
    if (!failure_) {
      history_->db.Run("BEGIN");
      answer = question(*history_);
      history_->db.End();
      failure_ = history_->db.Failure();
    }
    if (failure_) {
      history_.reset();
      answer = {};
    }
    return answer;
  }

  template <typename Stats>
  std::vector<HistoryBucket<Stats>> Buckets(const ProberKey& prober, WallTime from, WallTime to,
                                            Resolution resolution) {
    return Ask([&](OpenHistory& history) {
      std::vector<HistoryBucket<Stats>> buckets;
      const std::int64_t id = FindProber(history, prober);
      const HistorySpan span = SpanOf(history);
      if (id == 0 || !span.newest) {
        return buckets;
      }
      const WallTime oldest = std::min(span.oldest_fine.value_or(*span.newest),
                                       span.oldest_coarse.value_or(*span.newest));
      const bool is_fine = resolution == Resolution::Fine ||
                           (resolution == Resolution::Best && to - from <= kBestIsFineUpTo);
      const Window window{.prober = id,
                          .from = std::max(from, oldest),
                          .to = std::min(to, *span.newest + kCoarseBucket),
                          .not_coarse = Bound(history, "SELECT min(start) FROM flush")};
      for (WallTime minute = FloorTo(window.from, kCoarseBucket); minute < window.to;
           minute += kCoarseBucket) {
        if (is_fine) {
          AddFine(history, window, minute, buckets);
        } else {
          AddCoarse(history, window, minute, buckets);
        }
      }
      return buckets;
    });
  }

  static HistorySpan SpanOf(OpenHistory& history) {
    HistorySpan span;
    span.oldest_fine = Bound(history, "SELECT min(start) FROM fine");
    span.oldest_coarse = Bound(history, "SELECT min(start) FROM coarse");
    const auto fine = Bound(history, "SELECT max(start) FROM fine");
    const auto coarse = Bound(history, "SELECT max(start) FROM coarse");
    span.newest = std::max(fine, coarse);
    return span;
  }

  static std::int64_t FindProber(OpenHistory& history, const ProberKey& prober) {
    SqliteStatement& find =
        history.prober.With(std::string_view(prober.target), ProberName(prober.prober),
                            ProberFamilyName(prober.family));
    const std::int64_t id = find.Next() ? find.Integer(0) : 0;
    find.Run();
    return id;
  }

 private:
  struct Window {
    std::int64_t prober = 0;
    WallTime from;
    WallTime to;
    std::optional<WallTime> not_coarse;  // the oldest bucket of which no minute was made yet
  };

  // A file that was set aside is still open here: the new one has another inode. Where nothing can
  // be written beside the file, nobody is writing it.
  std::optional<HistoryFailure> Open() {
    const std::optional<FileId> id = IdOf(file_);
    if (!id) {
      history_.reset();
      return HistoryFailure::CannotOpen;
    }
    if (history_ && id == opened_) {
      return std::nullopt;
    }
    opened_ = id;
    history_ = std::make_unique<OpenHistory>(file_, SqliteAccess::Read);
    const std::optional<HistoryFailure> failure = history_->db.Failure();
    if ((failure == HistoryFailure::CannotOpen || failure == HistoryFailure::ReadOnly) &&
        !std::filesystem::exists(file_.string() + "-wal")) {
      history_ = std::make_unique<OpenHistory>(file_, SqliteAccess::Immutable);
    }
    return history_->db.Failure();
  }

  static std::optional<WallTime> Bound(OpenHistory& history, std::string_view sql) {
    SqliteStatement bound(history.db, sql);
    return bound.With().Next() && !bound.IsNull(0)
               ? std::optional(FromUnixSeconds(bound.Integer(0)))
               : std::nullopt;
  }

  // Fine buckets are looked up first; a minute that has none may have been thinned.
  template <typename Stats>
  void AddFine(OpenHistory& history, const Window& window, WallTime minute,
               std::vector<HistoryBucket<Stats>>& buckets) {
    const std::size_t before = buckets.size();
    bool has_any = false;
    for (WallTime start = minute; start < minute + kCoarseBucket; start += kFineBucket) {
      const std::optional<Stats> stats = Rows<Stats>(history, history.fine, window.prober, start);
      has_any |= stats.has_value();
      if (stats && start + kFineBucket > window.from && start < window.to) {
        buckets.push_back({.start = start, .length = kFineBucket, .stats = *stats});
      }
    }
    if (!has_any && buckets.size() == before) {
      AddRow(Rows<Stats>(history, history.coarse, window.prober, minute), minute, buckets);
    }
  }

  // The newest minutes are not made coarse yet; nor is what came later of one that a clock that was
  // set back shows again.
  template <typename Stats>
  void AddCoarse(OpenHistory& history, const Window& window, WallTime minute,
                 std::vector<HistoryBucket<Stats>>& buckets) {
    std::optional<Stats> coarse = Rows<Stats>(history, history.coarse, window.prober, minute);
    if (coarse) {
      const bool has_more = window.not_coarse && *window.not_coarse < minute + kCoarseBucket;
      if (const auto more = has_more
                                ? Rows<Stats>(history, history.not_coarse, window.prober, minute)
                                : std::nullopt) {
        coarse->Merge(*more);
      }
      AddRow(std::move(coarse), minute, buckets);
      return;
    }
    std::vector<HistoryBucket<Stats>> fine;
    AddFine(
        history,
        {.prober = window.prober, .from = minute, .to = minute + kCoarseBucket, .not_coarse = {}},
        minute, fine);
    AddRow(Sum(fine), minute, buckets);
  }

  template <typename Stats>
  static void AddRow(std::optional<Stats> stats, WallTime minute,
                     std::vector<HistoryBucket<Stats>>& buckets) {
    if (stats) {
      buckets.push_back({.start = minute, .length = kCoarseBucket, .stats = std::move(*stats)});
    }
  }

  template <typename Stats>
  std::optional<Stats> Rows(OpenHistory& history, SqliteStatement& statement, std::int64_t prober,
                            WallTime start) {
    std::optional<Stats> sum;
    statement.With(UnixSeconds(start), prober);
    while (statement.Next()) {
      std::optional<DecodedBucket> row = DecodeBucket(statement.Bytes(0));
      Stats* const stats = row ? std::get_if<Stats>(&row->stats) : nullptr;
      if (stats == nullptr) {
        damaged_ += row ? 0U : 1U;
        continue;
      }
      if constexpr (std::is_same_v<Stats, TraceStats>) {
        AddRoutes(history, row->route_ids, *stats);
      }
      if (sum) {
        sum->Merge(*stats);
      } else {
        sum = std::move(*stats);
      }
    }
    return sum;
  }

  void AddRoutes(OpenHistory& history, const RouteIds& ids, TraceStats& stats) {
    for (const std::int64_t id : ids) {
      std::shared_ptr<const Route>& route = history.routes[id];
      if (route == nullptr) {
        SqliteStatement& find = history.route.With(id);
        const std::optional<Route> decoded =
            find.Next() ? DecodeRoute(find.Bytes(0)) : std::nullopt;
        find.Run();
        if (!decoded) {
          ++damaged_;
          continue;
        }
        route = std::make_shared<const Route>(*decoded);
      }
      stats.AddRoute(route);
    }
  }

  const std::filesystem::path file_;
  std::optional<FileId> opened_;
  std::unique_ptr<OpenHistory> history_;
  std::optional<HistoryFailure> failure_;
  std::uint64_t damaged_ = 0;
};

HistoryReader::HistoryReader(const std::filesystem::path& directory)
    : impl_(std::make_unique<Impl>(directory / HistoryStore::kFileName)) {}

HistoryReader::~HistoryReader() = default;

std::optional<HistoryFailure> HistoryReader::Failure() const {
  return impl_->Failure();
}

std::uint64_t HistoryReader::Damaged() const {
  return impl_->Damaged();
}

HistorySpan HistoryReader::Span() {
  return impl_->Ask([](OpenHistory& history) { return Impl::SpanOf(history); });
}

std::vector<ProberKey> HistoryReader::Probers() {
  return impl_->Ask([](OpenHistory& history) {
    std::vector<ProberKey> probers;
    SqliteStatement all(history.db, "SELECT target, kind, family FROM prober");
    for (all.With(); all.Next();) {
      probers.push_back({.target = all.Text(0),
                         .prober = ProberKindOf(all.Bytes(1)),
                         .family = ProberFamilyOf(all.Bytes(2))});
    }
    std::sort(probers.begin(), probers.end());
    return probers;
  });
}

std::vector<TraceBucket> HistoryReader::Traces(const ProberKey& prober, WallTime from, WallTime to,
                                               Resolution resolution) {
  return impl_->Buckets<TraceStats>(prober, from, to, resolution);
}

std::vector<HttpsBucket> HistoryReader::Https(const ProberKey& prober, WallTime from, WallTime to,
                                              Resolution resolution) {
  return impl_->Buckets<HttpsStats>(prober, from, to, resolution);
}

std::vector<OneWayBucket> HistoryReader::OneWay(const ProberKey& prober, WallTime from, WallTime to,
                                                Resolution resolution) {
  return impl_->Buckets<OneWayStats>(prober, from, to, resolution);
}

std::optional<TraceStats> HistoryReader::TraceBetween(const ProberKey& prober, WallTime from,
                                                      WallTime to) {
  return Sum(Traces(prober, from, to));
}

std::optional<HttpsStats> HistoryReader::HttpsBetween(const ProberKey& prober, WallTime from,
                                                      WallTime to) {
  return Sum(Https(prober, from, to));
}

std::optional<OneWayStats> HistoryReader::OneWayBetween(const ProberKey& prober, WallTime from,
                                                        WallTime to) {
  return Sum(OneWay(prober, from, to));
}

std::vector<std::shared_ptr<const Route>> HistoryReader::RoutesAt(const ProberKey& prober,
                                                                  WallTime at) {
  const std::vector<TraceBucket> buckets = Traces(prober, at - kRoutesWithin, at, Resolution::Fine);
  auto first = buckets.end();  // of those to be taken: all of the minute, or else the newest
  while (first != buckets.begin()) {
    const bool is_of_minute = std::prev(first)->start + std::prev(first)->length > at - kRoutesOf;
    const bool has_any = first != buckets.end() && !first->stats.routes.empty();
    if (!is_of_minute && has_any) {
      break;
    }
    --first;
  }
  TraceStats found;
  for (; first != buckets.end(); ++first) {
    for (const std::shared_ptr<const Route>& route : first->stats.routes) {
      found.AddRoute(route);
    }
  }
  return found.routes;
}

std::vector<RouteChangeRecord> HistoryReader::RouteChanges(const ProberKey& prober, WallTime from,
                                                           WallTime to) {
  return impl_->Ask([&](OpenHistory& history) {
    std::vector<RouteChangeRecord> changes;
    history.changes.With(Impl::FindProber(history, prober), UnixMilliseconds(from),
                         UnixMilliseconds(to));
    while (history.changes.Next()) {
      if (auto change = DecodeRouteChange(history.changes.Bytes(0))) {
        changes.push_back(
            {.prober = prober, .event = std::move(change->event), .kind = change->kind});
      }
    }
    return changes;
  });
}

std::optional<ResponderFacts> HistoryReader::Responder(const IpAddress& address, WallTime at) {
  return impl_->Ask([&](OpenHistory& history) -> std::optional<ResponderFacts> {
    const std::string text = address.ToString();
    SqliteStatement& find = history.responder.With(std::string_view(text), UnixMilliseconds(at));
    if (!find.Next()) {
      return std::nullopt;
    }
    ResponderFacts facts{.address = address,
                         .since = FromUnixMilliseconds(find.Integer(0)),
                         .host_name = find.Text(1),
                         .asn = static_cast<std::uint32_t>(find.Integer(2)),
                         .owner_name = find.Text(3),
                         .as_name = find.Text(4)};
    find.Run();
    return facts;
  });
}

std::vector<IncidentRecord> HistoryReader::Incidents(WallTime from, WallTime to) {
  return impl_->Ask([&](OpenHistory& history) {
    return ReadIncidents(history.db, UnixMilliseconds(from), UnixMilliseconds(to));
  });
}

std::vector<IncidentRecord> HistoryReader::OpenIncidents() {
  return impl_->Ask([](OpenHistory& history) { return ReadOpenIncidents(history.db); });
}

std::optional<IncidentRecord> HistoryReader::Incident(const std::string& id) {
  return impl_->Ask([&](OpenHistory& history) { return ReadIncident(history.db, id); });
}

std::filesystem::path HistoryDirectory(const HistoryConfig& history,
                                       const std::string& state_directory) {
  return history.directory.empty() ? std::filesystem::path(state_directory) / "history"
                                   : std::filesystem::path(history.directory);
}

}  // namespace pathwitness
