#include "exporter/cli/drill_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <optional>
#include <ostream>
#include <utility>
#include <variant>
#include <vector>

#include "config/values.h"
#include "exporter/cli/drill_sights.h"
#include "probes/base/time.h"

namespace pathwitness {
namespace {

constexpr int kArrived = 0;
constexpr int kNotArrived = 1;
constexpr int kNotStarted = 2;

constexpr Duration kLookInterval = std::chrono::milliseconds(500);
// Rates look five minutes back, so an alert may still begin to fire after the drill's end.
constexpr Duration kPatienceForPage = std::chrono::minutes(10);
constexpr Duration kPatienceForResolve = std::chrono::minutes(30);

constexpr int kOk = 200;

/// The body, when the server answered 200.
std::optional<std::string> BodyOf(HttpOutcome outcome) {
  auto* const reply = std::get_if<HttpReply>(&outcome);
  return reply != nullptr && reply->status == kOk ? std::optional(std::move(reply->body))
                                                  : std::nullopt;
}

/// Why there is no body, in one line.
std::string ProblemOf(const HttpOutcome& outcome) {
  if (const auto* const problem = std::get_if<std::string>(&outcome)) {
    return *problem;
  }
  const auto& reply = std::get<HttpReply>(outcome);
  return fmt::format("{} ({})", reply.body.substr(0, reply.body.find('\n')), reply.status);
}

/// One drill, followed from its start to its report.
class DrillRun {
 public:
  DrillRun(const DrillWords& words, std::ostream& out, std::ostream& err)
      : words_(words), out_(out), err_(err), asker_(clock_), report_(words.goals) {}

  int Run() {
    if (!Start()) {
      return kNotStarted;
    }
    Follow();
    Print(report_.Summary());
    return report_.IsSuccess() ? kArrived : kNotArrived;
  }

 private:
  bool Start() {
    start_ = clock_.Now();
    const HttpOutcome outcome =
        asker_.Ask("POST",
                   fmt::format("{}/-/drill?target={}&loss={}&at_hop={}&for={}", words_.url,
                               EscapeQuery(words_.target), EscapeQuery(words_.loss),
                               EscapeQuery(words_.at_hop), EscapeQuery(words_.length)),
                   words_.access);
    const std::optional<std::string> body = BodyOf(outcome);
    const auto drill = body ? ReadStartedDrill(*body) : std::nullopt;
    if (!drill) {
      fmt::print(err_, "pathwitness: the drill was not started: {}\n", ProblemOf(outcome));
      return false;
    }
    id_ = drill->id;
    end_ = start_ + ParseDuration(words_.length).value_or(Duration::zero());
    fmt::print(out_, "drill {}: {} of packets to {} are lost from hop {} on, for {} at most\n", id_,
               words_.loss, words_.target, words_.at_hop, words_.length);
    out_.flush();
    return true;
  }

  void Follow() {
    bool is_stopped = false;
    while (!IsOver()) {
      Look();
      if (report_.HasArrived() && !is_stopped) {
        Stop();
        is_stopped = true;
      }
      if (!IsOver()) {
        asker_.Pause(kLookInterval);
      }
    }
    if (asker_.IsInterrupted()) {
      Print({"interrupted"});
    }
    if (!is_stopped) {
      Stop();
    }
  }

  bool IsOver() const {
    return report_.IsComplete() || report_.HasStrayed() || asker_.IsInterrupted() ||
           clock_.Now() >= Deadline();
  }

  MonoTime Deadline() const {
    return stopped_ == MonoTime() ? end_ + kPatienceForPage : stopped_ + kPatienceForResolve;
  }

  /// A drill that is over needs no stopping, so what comes back says nothing new.
  void Stop() {
    stopped_ = clock_.Now();
    asker_.Ask("POST", words_.url + "/-/drill/stop?id=" + EscapeQuery(id_), words_.access);
    if (report_.HasArrived() && words_.goals.until_resolved) {
      Print(
          {fmt::format("{:7.1f} s  exporter      drill is stopped", ToSeconds(stopped_ - start_))});
    }
  }

  void Look() {
    if (const auto body = BodyOf(asker_.Ask("GET", words_.url + "/-/drill", words_.access))) {
      See(ReadListedDrill(*body, id_));
    }
    if (words_.goals.with_prometheus) {
      if (const auto body =
              BodyOf(asker_.Ask("GET", words_.prometheus_url + PrometheusQuery(id_)))) {
        See(ReadPrometheus(*body));
      }
    }
    if (words_.goals.with_alertmanager) {
      if (const auto body =
              BodyOf(asker_.Ask("GET", words_.alertmanager_url + AlertmanagerQuery(id_)))) {
        See(ReadAlertmanager(*body));
      }
    }
  }

  template <typename Sight>
  void See(const std::optional<Sight>& sight) {
    if (sight) {
      Print(report_.See(*sight, clock_.Now() - start_));
    }
  }

  void Print(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
      fmt::print(out_, "{}\n", line);
    }
    out_.flush();
  }

  const DrillWords& words_;
  std::ostream& out_;
  std::ostream& err_;
  SystemClock clock_;
  HttpAsker asker_;
  DrillReport report_;
  std::string id_;
  MonoTime start_;
  MonoTime end_;
  MonoTime stopped_;  // the epoch: not yet
};

}  // namespace

int RunDrill(DrillWords words, std::ostream& out, std::ostream& err) {
  words.goals.with_prometheus = !words.prometheus_url.empty();
  words.goals.with_alertmanager = !words.alertmanager_url.empty();
  for (std::string* const url : {&words.url, &words.prometheus_url, &words.alertmanager_url}) {
    if (url->ends_with('/')) {
      url->pop_back();
    }
  }
  return DrillRun(words, out, err).Run();
}

}  // namespace pathwitness
