#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "config/config.h"
#include "exporter/discovery/url_fetcher.h"
#include "exporter/rules/prometheus_api.h"
#include "exporter/rules/rules_snapshot.h"
#include "probes/base/event_log.h"
#include "probes/engine.h"

namespace pathwitness {

/// Compares again and again the rules that each configured Prometheus runs with the shipped ones,
/// which are read anew each time.
///
/// A comparison that fails is counted, and what the last one found stays known. It is logged when
/// the drift changes, when a comparison fails and when it succeeds again.
class RulesEngine final : public Engine {
 public:
  /// Everything must outlive the engine. `clock` and Turn's `now` are the same time.
  RulesEngine(RulesBoard& board, const Clock& clock, EventLog& log);

  void Apply(std::shared_ptr<const Config> config, MonoTime now) override;
  void Turn(MonoTime now) override;
  MonoTime NextDeadline() const override;
  int Descriptor() const override { return fetcher_.Descriptor(); }

 private:
  struct Server {
    HttpRequestConfig request;
    RulesSnapshot snapshot;
    std::uint64_t id = 0;  // never used twice, so that late answers find nobody
    MonoTime due;
    bool is_asking = false;
  };

  RulesSnapshot FirstSnapshot(const std::string& name) const;
  void Ask(Server& server, MonoTime now);
  void Take(Server& server, const HttpResult& result);
  void TakeDrifts(RulesSnapshot& snapshot, std::vector<RuleDrift> drifts);
  void TakeProblem(RulesSnapshot& snapshot, ComparisonProblem problem);
  void ForgetOthers();

  RulesBoard& board_;
  RulesBoard::Writer writer_;
  const Clock& clock_;
  EventLog& log_;
  UrlFetcher fetcher_;

  std::string folder_;
  Duration interval_{};
  std::map<std::string, Server> servers_;  // by name
  std::uint64_t last_id_ = 0;
};

}  // namespace pathwitness
