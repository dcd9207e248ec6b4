#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>

#include "config/config.h"
#include "exporter/archive/manifest.h"
#include "exporter/archive/spool.h"
#include "exporter/archive/upload_snapshot.h"
#include "exporter/discovery/url_fetcher.h"
#include "probes/base/event_log.h"
#include "probes/base/time.h"
#include "probes/engine.h"
#include "probes/http/http_client.h"

namespace pathwitness {

/// Puts reports that have a ticket into a bucket, the oldest first, and takes the ticket away when
/// all files of the report are there, its manifest last.
///
/// What is to be done is on disk alone, so a restart goes on where the last run was, and at worst
/// puts files again that are there already. After a failure all wait, for longer each time; then
/// one report is tried, and after each that gets through one more at a time. A report whose file
/// the service refuses lets the others pass.
class UploadEngine final : public Engine {
 public:
  /// Everything referred to must outlive the engine. `clock` and Turn's `now` are the same time.
  UploadEngine(UploadBoard& board, const Clock& clock, EventLog& log);

  /// Without an endpoint nothing is uploaded and the snapshot leaves the board; tickets stay.
  void Apply(std::shared_ptr<const Config> config, MonoTime now) override;
  void Turn(MonoTime now) override;
  MonoTime NextDeadline() const override;
  int Descriptor() const override { return fetcher_.Descriptor(); }

  static constexpr Duration kFirstWait = std::chrono::seconds(1);
  static constexpr Duration kLongestWait = std::chrono::minutes(5);
  static constexpr Duration kBetweenListings = std::chrono::seconds(5);
  static constexpr std::size_t kMostAtOnce = 8;

 private:
  /// A report on its way.
  struct Sending {
    Manifest manifest;
    std::size_t next = 0;  // file; behind those of the manifest comes the manifest itself
    std::uint64_t id = 0;  // never used twice, so that late answers find nobody
  };

  bool IsUploading() const { return !upload_.endpoint.empty(); }
  void ListIfDue(MonoTime now);
  bool IsWaiting() const { return !queue_.empty() || !refused_.empty(); }
  std::size_t Pending() const { return queue_.size() + refused_.size() + sending_.size(); }
  std::string TakeNext();
  void Begin(const std::string& ticket);
  void SendNext(const std::string& ticket);
  std::optional<std::string> ReadNext(const Sending& sending) const;
  void OnAnswer(const std::string& ticket, std::uint64_t bytes, const HttpResult& result);
  void Finish(const std::string& ticket);
  void GiveUp(const std::string& ticket);
  void Fail(const std::string& ticket, UploadFailure failure, const HttpResult& result);
  Duration NextWait(std::optional<Duration> asked_for);
  void LogFailure(UploadFailure failure, const HttpResult& result);
  std::optional<WallTime> OldestPending() const;
  void Publish();

  UploadBoard& board_;
  UploadBoard::Writer writer_;
  const Clock& clock_;
  EventLog& log_;
  UrlFetcher fetcher_;
  UploadConfig upload_;
  std::filesystem::path folder_;
  std::optional<Spool> spool_;

  std::set<std::string> queue_;             // tickets, the oldest first
  std::set<std::string> refused_;           // tickets whose turn comes when no other waits
  std::string last_refused_;                // the others of them come first
  std::map<std::string, Sending> sending_;  // by ticket
  std::uint64_t last_id_ = 0;
  MonoTime next_listing_{};

  std::size_t at_once_ = 1;  // reports that may be on their way
  unsigned failures_in_row_ = 0;
  MonoTime resume_at_{};
  std::optional<UploadFailure> failing_;  // since the last success
  std::minstd_rand random_{std::random_device{}()};
  UploadSnapshot snapshot_;
};

}  // namespace pathwitness
