#include "exporter/history/history_engine.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "exporter/history/history_reader.h"
#include "exporter/history/history_time.h"
#include "probes/base/utf8.h"

namespace pathwitness {
namespace {

// A bucket that lasts longer than that is one whose clock was set back.
constexpr Duration kLongestBucket = kFineBucket + std::chrono::seconds(2);

HistoryLimits LimitsOf(const HistoryConfig& config) {
  return {.fine = config.fine_retention,
          .coarse = config.coarse_retention,
          .incidents = config.incident_retention,
          .max_bytes = config.max_bytes};
}

/// No round may come and go between two looks.
Duration LooksEvery(const Config& config) {
  const bool is_fast =
      std::any_of(config.targets.begin(), config.targets.end(), [](const TargetConfig& target) {
        return std::min(target.trace.interval, target.https.interval) <
               2 * HistoryEngine::kLooksEvery;
      });
  return is_fast ? HistoryEngine::kLooksFastEvery : HistoryEngine::kLooksEvery;
}

std::optional<FollowUpOutcome> RefusalOf(const FollowUp& follow_up) {
  if (follow_up.text.empty()) {
    return FollowUpOutcome::Empty;
  }
  if (follow_up.text.size() > kLongestFollowUp || follow_up.author.size() > kLongestAuthor) {
    return FollowUpOutcome::TooLong;
  }
  return IsText(follow_up.text) && IsText(follow_up.author)
             ? std::nullopt
             : std::optional(FollowUpOutcome::NotText);
}

}  // namespace

HistoryEngine::HistoryEngine(const HistoryBoards& boards, const Clock& clock, EventLog& log)
    : boards_(boards),
      writer_(boards.history.NewWriter()),
      clock_(clock),
      log_(log),
      recorder_(RecorderStart::Fresh),
      bucket_(FloorTo(clock.WallNow(), kFineBucket)),
      flushed_(clock.Now()) {
  if (const HistoryBoard::Pointer left = boards.history.Find(0)) {
    self_ = *left;
    self_.pending = 0;
    recorder_ = Recorder(RecorderStart::TakesOver);
    has_closed_orphans_ = true;
  }
}

HistoryEngine::~HistoryEngine() {
  if (store_) {
    Flush(clock_.Now());
  }
}

void HistoryEngine::Apply(std::shared_ptr<const Config> config, MonoTime now) {
  limits_ = LimitsOf(config->history);
  looks_every_ = LooksEvery(*config);
  const std::string directory = HistoryDirectory(config->history, config->state_directory).string();
  if (store_ && config->history.is_enabled && directory == directory_) {
    return;
  }
  if (store_) {
    Flush(now);
    store_.reset();
    pending_.clear();
  }
  if (!config->history.is_enabled) {
    recorder_ = Recorder(RecorderStart::TakesOver);  // what passes meanwhile is not kept
    writer_.Remove(0);
    look_due_ = MonoTime::max();
    return;
  }
  directory_ = directory;
  store_ = std::make_unique<HistoryStore>(directory);
  set_aside_ = 0;
  recorder_.TellAgain();
  look_due_ = now;
  self_.last_flush = self_.flushes == 0 ? clock_.WallNow() : self_.last_flush;
  Publish();
}

void HistoryEngine::Turn(MonoTime now) {
  if (now < look_due_) {
    return;
  }
  look_due_ = now + looks_every_;
  const WallTime wall = clock_.WallNow();
  const WallTime bucket = FloorTo(wall, kFineBucket);
  if (bucket != bucket_ || now - flushed_ > kLongestBucket) {
    Flush(now);
    const bool is_minute_over =
        FloorTo(bucket, kCoarseBucket) != FloorTo(std::exchange(bucket_, bucket), kCoarseBucket);
    if (is_minute_over) {
      Tidy();
    }
    Publish();
  }
  recorder_.Look({.traces = boards_.traces.All(),
                  .https = boards_.https.All(),
                  .one_way = boards_.one_way.All(),
                  .routes = boards_.routes.All(),
                  .incidents = boards_.incidents.All()},
                 wall);
}

void HistoryEngine::Flush(MonoTime now) {
  flushed_ = now;
  const WallTime minute = FloorTo(bucket_, kCoarseBucket);
  if (minute != std::exchange(responders_looked_at_, minute)) {
    recorder_.LookAtResponders(boards_.names.Find(0).get(), bucket_);
  } else {
    recorder_.LookAtNewPaths(boards_.names.Find(0).get(), bucket_);
  }
  pending_.push_back(recorder_.Take(bucket_));
  self_.rounds_missed += recorder_.TakeRoundsMissed();
  if (pending_.size() > kMostPending) {
    self_.rows_dropped += pending_.front().rows.size();
    pending_.pop_front();
    recorder_.TellAgain();
  }
  WritePending();
}

void HistoryEngine::WritePending() {
  while (!pending_.empty()) {
    const std::optional<HistoryFailure> failure = store_->Write(pending_.front(), clock_.WallNow());
    Note(failure);
    if (failure) {
      break;
    }
    ++self_.flushes;
    self_.rows += pending_.front().rows.size();
    self_.last_flush = clock_.WallNow();
    pending_.pop_front();
  }
  self_.pending = pending_.size();
}

void HistoryEngine::Tidy() {
  const WallTime now = clock_.WallNow();
  if (!std::exchange(has_closed_orphans_, true)) {
    std::vector<std::string> open;
    for (const IncidentBoard::Pointer& incident : boards_.incidents.All()) {
      open.push_back(incident->id);
    }
    Note(store_->CloseOrphans(open, now));
  }
  Note(store_->Tidy(limits_, now));
  self_.damaged += store_->TakeDamaged();
  self_.extent = store_->Extent();
}

FollowUpOutcome HistoryEngine::AddFollowUp(const std::string& incident, const FollowUp& follow_up) {
  if (const std::optional<FollowUpOutcome> refusal = RefusalOf(follow_up)) {
    return *refusal;
  }
  if (!store_) {
    return FollowUpOutcome::NotWritten;
  }
  WritePending();  // it may be about an incident that waits there
  return store_->AddFollowUp(incident, follow_up);
}

void HistoryEngine::Note(std::optional<HistoryFailure> failure) {
  NoteSetAside();
  const std::optional<HistoryFailure> before = std::exchange(self_.failure, failure);
  if (failure) {
    ++self_.failures.at(static_cast<std::size_t>(*failure));
  }
  if (failure && failure != before) {
    log_.Write(LogLevel::Error, "history cannot be written",
               {{"directory", directory_},
                {"reason", std::string(HistoryFailureName(*failure))},
                {"error", store_->FailureText()}});
  } else if (!failure && before) {
    log_.Write(LogLevel::Info, "history is written again", {{"directory", directory_}});
  }
}

void HistoryEngine::NoteSetAside() {
  if (store_->SetAside() == set_aside_) {
    return;
  }
  self_.set_aside += store_->SetAside() - set_aside_;
  self_.failures.at(static_cast<std::size_t>(HistoryFailure::Corrupt)) +=
      store_->SetAside() - set_aside_;
  set_aside_ = store_->SetAside();
  recorder_.TellAgain();
  log_.Write(LogLevel::Error, "history was damaged and is set aside; a new one is begun",
             {{"file", store_->LastSetAside().string()}});
}

void HistoryEngine::Publish() {
  writer_.Publish(0, std::make_shared<const HistorySnapshot>(self_));
}

}  // namespace pathwitness
