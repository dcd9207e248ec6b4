#include "exporter/archive/upload_engine.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "exporter/archive/archive.h"
#include "exporter/archive/report_store.h"
#include "exporter/archive/s3_request.h"
#include "probes/crypto/digest.h"
#include "probes/disk/files.h"

namespace pathwitness {
namespace {

constexpr int kOnlyKey = 0;
constexpr Duration kBetweenListingsOfMany = std::chrono::minutes(1);  // new ones are not next then
constexpr unsigned kMostDoublings = 16;

}  // namespace

UploadEngine::UploadEngine(UploadBoard& board, const Clock& clock, EventLog& log)
    : board_(board), writer_(board.NewWriter()), clock_(clock), log_(log), fetcher_(clock) {
  if (const UploadBoard::Pointer before = board_.Find(kOnlyKey)) {
    snapshot_ = *before;
  }
}

void UploadEngine::Apply(std::shared_ptr<const Config> config, MonoTime now) {
  fetcher_.Configure(config->resolver);
  const std::filesystem::path folder = ArchiveFolder(*config);
  if (config->upload == upload_ && folder == folder_) {
    return;
  }
  upload_ = config->upload;
  folder_ = folder;
  spool_.emplace(folder);
  queue_.clear();
  refused_.clear();
  sending_.clear();  // what is under way goes to the old place and counts for nothing
  next_listing_ = now;
  resume_at_ = now;
  at_once_ = 1;
  failures_in_row_ = 0;
  Publish();
}

void UploadEngine::Turn(MonoTime now) {
  fetcher_.Turn(now);
  if (!IsUploading()) {
    return;
  }
  ListIfDue(now);
  while (now >= resume_at_ && sending_.size() < at_once_ && IsWaiting()) {
    Begin(TakeNext());
  }
  Publish();
}

MonoTime UploadEngine::NextDeadline() const {
  if (!IsUploading()) {
    return fetcher_.NextDeadline();
  }
  const bool may_begin = IsWaiting() && sending_.size() < at_once_;
  return std::min(
      {fetcher_.NextDeadline(), next_listing_, may_begin ? resume_at_ : MonoTime::max()});
}

void UploadEngine::ListIfDue(MonoTime now) {
  if (now < next_listing_) {
    return;
  }
  const std::vector<std::string> tickets = spool_->List();
  std::set<std::string> refused;
  queue_.clear();
  for (const std::string& ticket : tickets) {
    if (!sending_.contains(ticket)) {
      (refused_.contains(ticket) ? refused : queue_).insert(ticket);
    }
  }
  refused_ = std::move(refused);
  const bool has_many = tickets.size() > kMostAtOnce;
  next_listing_ = now + (has_many ? kBetweenListingsOfMany : kBetweenListings);
}

std::string UploadEngine::TakeNext() {
  if (!queue_.empty()) {
    return std::move(queue_.extract(queue_.begin()).value());
  }
  const auto after = refused_.upper_bound(last_refused_);
  return std::move(refused_.extract(after == refused_.end() ? refused_.begin() : after).value());
}

// A report without its manifest is still being written, or was removed: it is not waited for.
void UploadEngine::Begin(const std::string& ticket) {
  std::optional<Manifest> manifest = spool_->Read(ticket);
  if (!manifest) {
    return;
  }
  Sending sending{.manifest = *std::move(manifest), .next = 0, .id = ++last_id_};
  const std::string path = sending.manifest.name.Path() + "." + std::string(kManifestExtension);
  if (ReadWholeFile(folder_ / path, kLongestManifest) == ToText(sending.manifest)) {
    sending_.emplace(ticket, std::move(sending));
    SendNext(ticket);
  }
}

void UploadEngine::SendNext(const std::string& ticket) {
  const Sending& sending = sending_.at(ticket);
  const std::vector<ManifestEntry>& entries = sending.manifest.entries;
  if (sending.next > entries.size()) {
    Finish(ticket);
    return;
  }
  std::optional<std::string> body = ReadNext(sending);
  if (!body) {
    GiveUp(ticket);
    return;
  }
  const std::optional<S3Credentials> credentials = ReadCredentials(upload_);
  if (!credentials) {
    Fail(ticket, UploadFailure::Credentials, {});
    return;
  }
  const std::string path =
      sending.next < entries.size()
          ? sending.manifest.name.Folder() + "/" + entries[sending.next].file
          : sending.manifest.name.Path() + "." + std::string(kManifestExtension);
  const std::uint64_t bytes = body->size();
  fetcher_.Fetch(PutRequest(upload_, path, *std::move(body), *credentials, clock_.WallNow()),
                 [this, ticket, bytes, id = sending.id](const HttpResult& result) {
                   const auto found = sending_.find(ticket);
                   if (found != sending_.end() && found->second.id == id) {
                     OnAnswer(ticket, bytes, result);
                   }
                 });
}

/// Empty when the file is not what the manifest says.
std::optional<std::string> UploadEngine::ReadNext(const Sending& sending) const {
  if (sending.next == sending.manifest.entries.size()) {
    return ToText(sending.manifest);
  }
  const ManifestEntry& entry = sending.manifest.entries[sending.next];
  std::optional<std::string> bytes =
      ReadWholeFile(folder_ / sending.manifest.name.Folder() / entry.file, kLongestForm);
  return bytes && ToHex(Sha256(*bytes)) == entry.sha256 ? std::move(bytes) : std::nullopt;
}

void UploadEngine::OnAnswer(const std::string& ticket, std::uint64_t bytes,
                            const HttpResult& result) {
  if (const std::optional<UploadFailure> failure = FailureOf(result)) {
    Fail(ticket, *failure, result);
    return;
  }
  ++snapshot_.files;
  snapshot_.bytes += bytes;
  snapshot_.last_success = clock_.WallNow();
  ++sending_.at(ticket).next;
  SendNext(ticket);
}

void UploadEngine::Finish(const std::string& ticket) {
  spool_->Remove(ticket);
  sending_.erase(ticket);
  ++snapshot_.reports;
  at_once_ = std::min(at_once_ + 1, kMostAtOnce);
  failures_in_row_ = 0;
  if (failing_) {
    failing_.reset();
    log_.Write(LogLevel::Info, "reports are uploaded again",
               {{"endpoint", upload_.endpoint},
                {"bucket", upload_.bucket},
                {"pending", std::to_string(Pending())}});
  }
}

// What has no ticket any more was removed by the archive meanwhile, and is not damaged.
void UploadEngine::GiveUp(const std::string& ticket) {
  const std::string report = sending_.at(ticket).manifest.name.Path();
  sending_.erase(ticket);
  if (spool_->Remove(ticket)) {
    ++snapshot_.damaged;
    log_.Write(LogLevel::Error, "a report is not uploaded: it is not what its manifest says",
               {{"report", report}});
  }
}

void UploadEngine::Fail(const std::string& ticket, UploadFailure failure,
                        const HttpResult& result) {
  ++snapshot_.failures.at(static_cast<std::size_t>(failure));
  sending_.erase(ticket);
  if (failure == UploadFailure::Refused) {
    refused_.insert(ticket);
    last_refused_ = ticket;
  } else {
    queue_.insert(ticket);
  }
  at_once_ = 1;
  resume_at_ = clock_.Now() + NextWait(result.retry_after);
  LogFailure(failure, result);
}

/// Doubles from failure to failure, and is shortened by up to a half, so that many exporters do not
/// come back together.
Duration UploadEngine::NextWait(std::optional<Duration> asked_for) {
  const unsigned doublings = std::min(failures_in_row_++, kMostDoublings);
  const Duration wait = std::min<Duration>(kFirstWait * (1LL << doublings), kLongestWait);
  std::uniform_int_distribution<Duration::rep> shortened(wait.count() / 2, wait.count());
  const Duration jittered(shortened(random_));
  return std::max(jittered, std::min(asked_for.value_or(Duration::zero()), kLongestWait));
}

void UploadEngine::LogFailure(UploadFailure failure, const HttpResult& result) {
  if (failing_ == failure) {
    return;
  }
  failing_ = failure;
  log_.Write(LogLevel::Warn, "reports cannot be uploaded and wait on disk",
             {{"endpoint", upload_.endpoint},
              {"bucket", upload_.bucket},
              {"reason", std::string(kUploadFailureNames.at(static_cast<std::size_t>(failure)))},
              {"status", std::to_string(result.status)},
              {"code", S3ErrorCode(result.body)},
              {"error", result.error},
              {"pending", std::to_string(Pending())}});
}

std::optional<WallTime> UploadEngine::OldestPending() const {
  std::optional<WallTime> oldest;
  const auto consider = [&oldest](const std::string& ticket) {
    const WallTime time = Spool::TimeOfTicket(ticket).value_or(WallTime::max());
    oldest = std::min(oldest.value_or(time), time);
  };
  for (const std::set<std::string>* const tickets : {&queue_, &refused_}) {
    if (!tickets->empty()) {
      consider(*tickets->begin());
    }
  }
  if (!sending_.empty()) {
    consider(sending_.begin()->first);
  }
  return oldest;
}

void UploadEngine::Publish() {
  if (!IsUploading()) {
    writer_.Remove(kOnlyKey);
    return;
  }
  snapshot_.pending = Pending();
  snapshot_.oldest_pending = OldestPending();
  writer_.Publish(kOnlyKey, std::make_shared<const UploadSnapshot>(snapshot_));
}

}  // namespace pathwitness
