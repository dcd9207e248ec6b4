#include "exporter/rules/rules_engine.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include "config/load.h"
#include "exporter/discovery/discovery_engine.h"
#include "exporter/rules/rule_folder.h"

namespace pathwitness {
namespace {

// The drifts between the shipped rules of `folder`, as they are now, and those in an answer.
std::variant<std::vector<RuleDrift>, ComparisonProblem> Compare(const std::string& folder,
                                                                const HttpResult& result,
                                                                std::uint64_t largest) {
  auto live = RulesIn(result, largest);
  if (auto* const problem = std::get_if<ComparisonProblem>(&live)) {
    return std::move(*problem);
  }
  try {
    return CompareRules(ReadRuleFolder(folder), std::get<std::vector<RuleGroup>>(live));
  } catch (const ConfigError& error) {
    return ComparisonProblem{.reason = ComparisonFailure::Rules,
                             .error = error.Problems().front().ToString()};
  }
}

std::string NameOf(const RuleDrift& drift) {
  return drift.rule.empty() ? "group " + drift.group : drift.rule;
}

}  // namespace

RulesEngine::RulesEngine(RulesBoard& board, const Clock& clock, EventLog& log)
    : board_(board), writer_(board.NewWriter()), clock_(clock), log_(log), fetcher_(clock) {}

void RulesEngine::Apply(std::shared_ptr<const Config> config, MonoTime now) {
  fetcher_.Configure(config->resolver);
  const bool is_as_before =
      folder_ == config->alerting.rules && interval_ == config->alerting.interval;
  folder_ = config->alerting.rules;
  interval_ = config->alerting.interval;
  std::map<std::string, Server> wanted;
  for (const HttpRequestConfig& request : config->alerting.prometheus) {
    const std::string name = SourceName(request.url);
    auto known = servers_.extract(name);
    if (!known.empty() && known.mapped().request == request && is_as_before) {
      wanted.insert(std::move(known));
      continue;
    }
    // What a predecessor of the engine counted goes on.
    const RulesBoard::Pointer before = board_.Find(name);
    Server server{.request = request,
                  .snapshot = before == nullptr ? FirstSnapshot(name) : *before,
                  .id = ++last_id_,
                  .due = now};
    server.snapshot.interval = interval_;
    writer_.Publish(name, std::make_shared<const RulesSnapshot>(server.snapshot));
    wanted.emplace(name, std::move(server));
  }
  servers_ = std::move(wanted);
  ForgetOthers();
}

RulesSnapshot RulesEngine::FirstSnapshot(const std::string& name) const {
  RulesSnapshot snapshot;
  snapshot.prometheus = name;
  snapshot.last_comparison = clock_.WallNow();
  return snapshot;
}

void RulesEngine::ForgetOthers() {
  for (const RulesBoard::Pointer& snapshot : board_.All()) {
    if (!servers_.contains(snapshot->prometheus)) {
      writer_.Remove(snapshot->prometheus);
    }
  }
}

void RulesEngine::Turn(MonoTime now) {
  fetcher_.Turn(now);
  for (auto& [name, server] : servers_) {
    if (server.due <= now) {
      Ask(server, now);
    }
  }
}

MonoTime RulesEngine::NextDeadline() const {
  MonoTime next = fetcher_.NextDeadline();
  for (const auto& [name, server] : servers_) {
    next = std::min(next, server.due);
  }
  return next;
}

void RulesEngine::Ask(Server& server, MonoTime now) {
  server.due = now + interval_;
  if (server.is_asking) {
    return;
  }
  server.is_asking = true;
  fetcher_.Fetch(
      RequestFor(server.request, kRulesPath),
      [this, name = server.snapshot.prometheus, id = server.id](const HttpResult& result) {
        const auto found = servers_.find(name);
        if (found != servers_.end() && found->second.id == id) {
          Take(found->second, result);
        }
      });
}

void RulesEngine::Take(Server& server, const HttpResult& result) {
  server.is_asking = false;
  RulesSnapshot& snapshot = server.snapshot;
  ++snapshot.comparisons;
  auto outcome = Compare(folder_, result, server.request.max_body_bytes);
  if (auto* const problem = std::get_if<ComparisonProblem>(&outcome)) {
    TakeProblem(snapshot, std::move(*problem));
  } else {
    TakeDrifts(snapshot, std::get<std::vector<RuleDrift>>(std::move(outcome)));
  }
  writer_.Publish(snapshot.prometheus, std::make_shared<const RulesSnapshot>(snapshot));
}

void RulesEngine::TakeDrifts(RulesSnapshot& snapshot, std::vector<RuleDrift> drifts) {
  if (!snapshot.error.empty()) {
    log_.Write(LogLevel::Info, "rules can be compared again",
               {{"prometheus", snapshot.prometheus}});
  }
  if (drifts != snapshot.drifts) {
    log_.Write(drifts.empty() ? LogLevel::Info : LogLevel::Warn,
               drifts.empty() ? "rules are as shipped again" : "rules are not as shipped",
               {{"prometheus", snapshot.prometheus},
                {"differing", std::to_string(drifts.size())},
                {"first", drifts.empty() ? "" : NameOf(drifts.front())}});
  }
  snapshot.drifts = std::move(drifts);
  snapshot.has_compared = true;
  snapshot.last_comparison = clock_.WallNow();
  snapshot.error.clear();
}

void RulesEngine::TakeProblem(RulesSnapshot& snapshot, ComparisonProblem problem) {
  const auto reason = static_cast<std::size_t>(problem.reason);
  ++snapshot.failures.at(reason);
  if (snapshot.error.empty()) {
    log_.Write(LogLevel::Warn, "rules cannot be compared",
               {{"prometheus", snapshot.prometheus},
                {"reason", std::string(kComparisonFailureNames.at(reason))},
                {"error", problem.error}});
  }
  snapshot.error = problem.error.empty() ? "unknown" : std::move(problem.error);
}

}  // namespace pathwitness
