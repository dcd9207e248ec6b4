#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "config/config.h"
#include "exporter/discovery/discovery_snapshot.h"
#include "exporter/discovery/folder_watch.h"
#include "exporter/discovery/target_file.h"
#include "exporter/discovery/url_fetcher.h"
#include "probes/base/event_log.h"
#include "probes/dns/epoll_set.h"
#include "probes/engine.h"

namespace pathwitness {

/// Keeps what the configured sources say about targets on the board.
///
/// Files are read when their folder says that something happened, and looked at every five minutes
/// in case it did not; URLs are asked at their interval. A source that breaks keeps its last good
/// targets, is counted each time, and logged when it breaks and when it works again. The targets
/// of a removed file are gone.
class DiscoveryEngine final : public Engine {
 public:
  /// Everything must outlive the engine. `clock` and Turn's `now` are the same time.
  DiscoveryEngine(DiscoveryBoard& board, const Clock& clock, EventLog& log);

  /// Files are on the board when this returns. Only `discovery` and `resolver` are of interest, so
  /// that it makes no difference whether `config` has discovered targets already.
  void Apply(std::shared_ptr<const Config> config, MonoTime now) override;
  void Turn(MonoTime now) override;
  MonoTime NextDeadline() const override;
  int Descriptor() const override { return all_.Descriptor(); }

  static constexpr Duration kFilesSettleAfter = std::chrono::milliseconds(200);
  static constexpr Duration kFilesCheckedEvery = std::chrono::minutes(5);
  /// While a folder cannot be watched, or a file is being written.
  static constexpr Duration kFilesRetriedAfter = std::chrono::seconds(10);

 private:
  using Outcome = std::variant<TargetGroups, SourceProblem>;

  struct FileSource {
    DiscoverySnapshot snapshot;
    std::optional<FileStamp> stamp;  // of the version that was read last
    bool is_read = false;            // that version, or its absence, is on the board
  };
  struct HttpSource {
    HttpSourceConfig config;
    DiscoverySnapshot snapshot;
    std::uint64_t id = 0;  // never used twice, so that late answers find nobody
    MonoTime due;
    bool is_asking = false;
  };

  DiscoverySnapshot FirstSnapshot(const std::string& source) const;
  void UseHttpSources(const std::vector<HttpSourceConfig>& configured, MonoTime now);
  void ForgetOthers();
  void LookAtFiles(MonoTime now);
  bool LookAtFile(FileSource& file);
  void Ask(HttpSource& source, MonoTime now);
  void Take(DiscoverySnapshot& snapshot, Outcome outcome);
  void TakeGroups(DiscoverySnapshot& snapshot, TargetGroups groups);
  void TakeProblem(DiscoverySnapshot& snapshot, SourceProblem problem);

  DiscoveryBoard& board_;
  DiscoveryBoard::Writer writer_;
  const Clock& clock_;
  EventLog& log_;
  UrlFetcher fetcher_;
  FolderWatch folders_;
  EpollSet all_;  // fetcher_'s and folders_' descriptors

  std::vector<std::string> patterns_;
  std::map<std::string, FileSource> files_;  // by path
  std::map<std::string, HttpSource> urls_;   // by source name
  MonoTime look_due_ = MonoTime::max();
  std::uint64_t last_id_ = 0;
};

/// A URL as it may be shown: without user, password and fragment.
std::string SourceName(const std::string& url);

}  // namespace pathwitness
