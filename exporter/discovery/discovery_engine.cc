#include "exporter/discovery/discovery_engine.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <utility>

namespace pathwitness {
namespace {

constexpr Duration kFirstAskedWithin = std::chrono::seconds(2);

// FNV-1a: the same in every run and on every machine, unlike std::hash.
std::uint64_t HashOf(const std::string& name) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char letter : name) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 1099511628211U;
  }
  return hash;
}

// Sources are not all asked at once.
Duration Phase(const std::string& source, Duration interval) {
  const auto range = std::min(kFirstAskedWithin, interval).count();
  return Duration(static_cast<Duration::rep>(HashOf(source) % static_cast<std::uint64_t>(range)));
}

DiscoveryFailure Translated(HttpFailure failure) {
  switch (failure) {
    case HttpFailure::Dns:
      return DiscoveryFailure::Dns;
    case HttpFailure::ConnectRefused:
    case HttpFailure::ConnectTimeout:
    case HttpFailure::ConnectUnreachable:
    case HttpFailure::SendRecv:
    case HttpFailure::Proxy:
      return DiscoveryFailure::Connect;
    case HttpFailure::TlsHandshake:
    case HttpFailure::TlsVerify:
      return DiscoveryFailure::Tls;
    case HttpFailure::Timeout:
      return DiscoveryFailure::Timeout;
    case HttpFailure::Status:
    case HttpFailure::RateLimited:
    case HttpFailure::Header:
    case HttpFailure::Body:
    case HttpFailure::Redirect:
      return DiscoveryFailure::Status;
    case HttpFailure::Internal:
      break;
  }
  return DiscoveryFailure::Internal;
}

std::variant<TargetGroups, SourceProblem> Judge(const HttpResult& result, std::uint64_t largest) {
  constexpr int kOk = 200;
  if (result.failure) {
    return SourceProblem{.reason = Translated(*result.failure), .error = result.error};
  }
  if (result.status != kOk) {
    return SourceProblem{.reason = DiscoveryFailure::Status,
                         .error = "status " + std::to_string(result.status)};
  }
  if (result.body.size() > largest) {
    return SourceProblem{.reason = DiscoveryFailure::TooLarge,
                         .error = "is larger than " + std::to_string(largest) + " bytes"};
  }
  return GroupsOf(result.body, DocumentFormat::Json);
}

std::size_t TargetsOf(const DiscoverySnapshot& snapshot) {
  return snapshot.groups == nullptr ? 0 : CountTargets(*snapshot.groups);
}

}  // namespace

DiscoveryEngine::DiscoveryEngine(DiscoveryBoard& board, const Clock& clock, EventLog& log)
    : board_(board), writer_(board.NewWriter()), clock_(clock), log_(log), fetcher_(clock) {
  all_.Watch(fetcher_.Descriptor(), {.in_reading = true});
  if (folders_.Descriptor() >= 0) {
    all_.Watch(folders_.Descriptor(), {.in_reading = true});
  }
}

void DiscoveryEngine::Apply(std::shared_ptr<const Config> config, MonoTime now) {
  fetcher_.Configure(config->resolver);
  UseHttpSources(config->discovery.target_http, now);
  patterns_ = config->discovery.target_files;
  LookAtFiles(now);
  ForgetOthers();
}

void DiscoveryEngine::Turn(MonoTime now) {
  fetcher_.Turn(now);
  if (folders_.TakeEvents()) {
    look_due_ = std::min(look_due_, now + kFilesSettleAfter);
  }
  if (look_due_ <= now) {
    LookAtFiles(now);
  }
  for (auto& [name, source] : urls_) {
    if (source.due <= now) {
      Ask(source, now);
    }
  }
}

MonoTime DiscoveryEngine::NextDeadline() const {
  MonoTime next = std::min(fetcher_.NextDeadline(), look_due_);
  for (const auto& [name, source] : urls_) {
    next = std::min(next, source.due);
  }
  return next;
}

// What a predecessor of the engine found goes on.
DiscoverySnapshot DiscoveryEngine::FirstSnapshot(const std::string& source) const {
  if (const DiscoveryBoard::Pointer before = board_.Find(source)) {
    return *before;
  }
  DiscoverySnapshot snapshot;
  snapshot.source = source;
  snapshot.last_success = clock_.WallNow();
  return snapshot;
}

void DiscoveryEngine::UseHttpSources(const std::vector<HttpSourceConfig>& configured,
                                     MonoTime now) {
  std::map<std::string, HttpSource> wanted;
  for (const HttpSourceConfig& config : configured) {
    const std::string name = SourceName(config.request.url);
    auto known = urls_.extract(name);
    if (!known.empty() && known.mapped().config == config) {
      wanted.insert(std::move(known));
      continue;
    }
    DiscoverySnapshot snapshot =
        known.empty() ? FirstSnapshot(name) : std::move(known.mapped().snapshot);
    writer_.Publish(name, std::make_shared<const DiscoverySnapshot>(snapshot));
    wanted.try_emplace(name, HttpSource{.config = config,
                                        .snapshot = std::move(snapshot),
                                        .id = ++last_id_,
                                        .due = now + Phase(name, config.interval)});
  }
  urls_ = std::move(wanted);
}

// Also what a predecessor left behind.
void DiscoveryEngine::ForgetOthers() {
  for (const DiscoveryBoard::Pointer& snapshot : board_.All()) {
    if (!files_.contains(snapshot->source) && !urls_.contains(snapshot->source)) {
      writer_.Remove(snapshot->source);
    }
  }
}

void DiscoveryEngine::LookAtFiles(MonoTime now) {
  std::set<std::string> folders;
  for (const std::string& pattern : patterns_) {
    folders.insert(FolderOf(pattern));
  }
  // First the watch, then the look: what happens in between is told.
  bool is_settled = folders_.Watch(folders);
  std::map<std::string, FileSource> there;
  for (const std::string& pattern : patterns_) {
    for (const std::string& path : FilesMatching(pattern)) {
      auto known = files_.extract(path);
      if (!known.empty()) {
        there.insert(std::move(known));
      } else if (!there.contains(path)) {
        there.emplace(path, FileSource{.snapshot = FirstSnapshot(path)});
      }
    }
  }
  for (const auto& [path, file] : std::exchange(files_, std::move(there))) {
    writer_.Remove(path);
    log_.Write(LogLevel::Info, "discovery file is gone, and its targets",
               {{"source", path}, {"targets", std::to_string(TargetsOf(file.snapshot))}});
  }
  for (auto& [path, file] : files_) {
    is_settled = LookAtFile(file) && is_settled;
  }
  look_due_ = patterns_.empty() ? MonoTime::max()
                                : now + (is_settled ? kFilesCheckedEvery : kFilesRetriedAfter);
}

// False while the file is being written; what it said before is in force until then.
bool DiscoveryEngine::LookAtFile(FileSource& file) {
  const std::string path = file.snapshot.source;
  const std::optional<FileStamp> stamp = ReadStamp(path);
  const bool is_known = file.is_read && file.stamp == stamp;
  if (is_known) {
    file.snapshot.last_success =
        file.snapshot.is_failing ? file.snapshot.last_success : clock_.WallNow();
    writer_.Publish(path, std::make_shared<const DiscoverySnapshot>(file.snapshot));
    return true;
  }
  std::optional<Outcome> outcome = ReadTargetFile(path);
  file.stamp = stamp;
  file.is_read = outcome.has_value();
  if (!outcome) {
    writer_.Publish(path, std::make_shared<const DiscoverySnapshot>(file.snapshot));
    return false;
  }
  const auto* const problem = std::get_if<SourceProblem>(&*outcome);
  if (problem != nullptr && problem->reason == DiscoveryFailure::Missing) {
    file.snapshot.groups = nullptr;  // whoever removed the file means its targets
  }
  Take(file.snapshot, std::move(*outcome));
  return true;
}

void DiscoveryEngine::Ask(HttpSource& source, MonoTime now) {
  const auto missed = (now - source.due) / source.config.interval;
  source.due += (missed + 1) * source.config.interval;
  if (source.is_asking) {
    return;
  }
  source.is_asking = true;
  HttpRequestConfig request = source.config.request;
  const std::uint64_t largest = request.max_body_bytes;
  ++request.max_body_bytes;  // reading stops without a failure: one byte more tells
  fetcher_.Fetch(request, [this, name = source.snapshot.source, id = source.id,
                           largest](const HttpResult& result) {
    const auto found = urls_.find(name);
    if (found != urls_.end() && found->second.id == id) {
      found->second.is_asking = false;
      Take(found->second.snapshot, Judge(result, largest));
    }
  });
}

void DiscoveryEngine::Take(DiscoverySnapshot& snapshot, Outcome outcome) {
  if (auto* const problem = std::get_if<SourceProblem>(&outcome)) {
    TakeProblem(snapshot, std::move(*problem));
  } else {
    TakeGroups(snapshot, std::get<TargetGroups>(std::move(outcome)));
  }
  writer_.Publish(snapshot.source, std::make_shared<const DiscoverySnapshot>(snapshot));
}

void DiscoveryEngine::TakeGroups(DiscoverySnapshot& snapshot, TargetGroups groups) {
  const bool is_new = snapshot.groups == nullptr || *snapshot.groups != groups;
  if (is_new) {
    snapshot.groups = std::make_shared<const TargetGroups>(std::move(groups));
  }
  if (is_new || snapshot.is_failing) {
    log_.Write(
        LogLevel::Info,
        snapshot.is_failing ? "discovery source works again" : "discovery source has new targets",
        {{"source", snapshot.source}, {"targets", std::to_string(TargetsOf(snapshot))}});
  }
  snapshot.is_failing = false;
  snapshot.error.clear();
  snapshot.last_success = clock_.WallNow();
}

void DiscoveryEngine::TakeProblem(DiscoverySnapshot& snapshot, SourceProblem problem) {
  const auto reason = static_cast<std::size_t>(problem.reason);
  ++snapshot.failures.at(reason);
  if (!snapshot.is_failing) {
    log_.Write(LogLevel::Warn, "discovery source broke",
               {{"source", snapshot.source},
                {"reason", std::string(kDiscoveryFailureNames.at(reason))},
                {"error", problem.error},
                {"targets_kept", std::to_string(TargetsOf(snapshot))}});
  }
  snapshot.is_failing = true;
  snapshot.error = std::move(problem.error);
}

std::string SourceName(const std::string& url) {
  std::string name = url.substr(0, url.find('#'));
  const std::size_t scheme = name.find("://");
  const std::size_t start = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t end = std::min(name.find_first_of("/?", start), name.size());
  const std::size_t at = name.rfind('@', end);
  if (at != std::string::npos && at >= start) {
    name.erase(start, at + 1 - start);
  }
  return name;
}

}  // namespace pathwitness
