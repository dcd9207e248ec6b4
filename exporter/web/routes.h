#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/web/cross_site.h"
#include "exporter/web/http_message.h"
#include "probes/base/prober_key.h"
#include "probes/base/time.h"

namespace pathwitness {

/// What `/probe` was asked for.
struct ProbeOrder {
  std::string target;                // name of a target, or a literal address
  std::optional<ProberKind> prober;  // absent: the first one configured
  std::optional<IpFamily> family;    // absent: the first one that is probed
  Duration timeout{};
};

enum class ProbeVerdict : std::uint8_t {
  Measured,       // `text` is the exposition, also of a target that is down
  UnknownTarget,  // `text` says so, as for all below
  NotPossible,    // the target has no such prober or family
  TimedOut,
  Interrupted,  // the engine was replaced meanwhile
};

struct ProbeOutcome {
  ProbeVerdict verdict = ProbeVerdict::Measured;
  std::string text;
};

/// What became of a reload.
struct ReloadResult {
  bool is_applied = false;            // false: the old configuration stays in force
  std::vector<std::string> problems;  // why it does; a line each
  std::vector<std::string> warnings;  // what takes effect only after a restart; a line each
};

/// What became of a request for the metrics. Abandoned: the client did not read to the end.
enum class ScrapeEnd : std::uint8_t { Served, Abandoned, Refused };
inline constexpr std::array<std::string_view, 3> kScrapeEndNames = {"served", "abandoned",
                                                                    "refused"};

enum class HeartbeatOutcome : std::uint8_t { Stored, UnknownName, NotStored };

/// What the endpoints need from the process. Every function may be called from any thread; only
/// `probe`, for at most the order's timeout, `on_heartbeat` and `reload` wait.
struct Views {
  // The metrics in Prometheus text format 0.0.4, a piece at a time; false when they were given up
  // because the sink took no more.
  std::function<bool(const BodySink&)> metrics;
  std::function<bool(const BodySink&)> metrics_gzip;  // the same, compressed
  // The pages and their JSON, see AnswerPage.
  std::function<HttpResponse(const HttpRequest&)> page;
  std::function<std::vector<std::string>()> stuck_engines;  // names; empty: healthy
  std::function<bool()> has_stored_round;
  std::function<ProbeOutcome(const ProbeOrder&)> probe;
  std::function<HeartbeatOutcome(const std::string& name)> on_heartbeat;
  std::function<std::string()> config_text;  // what is in force, as YAML without secrets
  std::function<std::vector<std::string>()> runbook_names;
  // As Markdown. `alert` is as a stranger wrote it.
  std::function<std::optional<std::string>(const std::string& alert)> runbook;
  // Empty when asked for too long ago, or when the process is stopping. No function: not allowed.
  std::function<std::optional<ReloadResult>()> reload = {};
  std::function<HttpResponse(const HttpRequest&)> drill = {};  // No function: not allowed.
  // POST of what somebody wrote, see AnswerFollowUp. No function: not allowed.
  std::function<HttpResponse(const HttpRequest&)> follow_up = {};
  std::function<void(ScrapeEnd)> on_scrape = [](ScrapeEnd) {};  // counts them
  // Whether browsers may ask for changes by this Host header, see RefuseCrossSite.
  std::function<bool(std::string_view host)> is_own_host = [](std::string_view host) {
    return IsOwnHost(host, {});
  };
};

/// Answers every request of the web server:
///
///   GET  <telemetry path>  the metrics; 503 too many scrapes at a time
///   GET  /, /targets/..., /compare, /incidents..., /reports/..., /status/...,
///       /api/v1/...        the pages (see pages.h); 503 too many readers at a time
///   GET  /-/healthy        200 while every engine turns, else 503 with their names
///   GET  /-/ready          200 once a prober has stored a round, else 503
///   GET  /probe            ?target=&prober=&family=: one measurement now, as metrics; 200 also for
///                          a target that is down (probe_success 0), 400 what is not possible, 404
///                          unknown target, 503 too many at a time, 504 not done within the
///                          scrape's timeout
///   GET  /config           the configuration in force
///   GET  /runbooks         the alerts that have a runbook, one a line
///   GET  /runbooks/<alert> what to do about an alert; 404 when it has none
///   GET  /yes              "yes", for the HTTPS probers of others
///   POST /-/reload         reads the configuration again; 200 when it is in force, 500 with the
///                          problems when the old one stays, 403 when not allowed, 503 too many at
///                          a time, 504 when it takes too long
///   POST /incidents/<id>/follow-ups
///                          what somebody wrote about an incident, 403 when not allowed
///   /-/drill...            drills (see drill_pages.h), 403 when not allowed
///   POST /pulse/<name>     a heartbeat; 200 when stored, 404 unknown name, 503 when it could not
///                          be stored: send it again
///
/// Anything else is 404, another method 405. Whatever is not for reading is 403 when another site's
/// page has asked for it (see RefuseCrossSite). Error bodies are one line of plain text, but for
/// the problems of a reload. May be called from many threads at once.
class Routes {
 public:
  /// `max_scrapes`: of the metrics and the pages, at a time.
  /// Pre: IsUsableTelemetryPath(telemetry_path); every view but `reload`, `drill` and `follow_up`
  /// is set; 0 < max_scrapes <= kMostScrapes.
  Routes(std::string telemetry_path, Views views, int max_scrapes = kMaxScrapes);
  ~Routes();
  Routes(const Routes&) = delete;
  Routes& operator=(const Routes&) = delete;

  HttpResponse Handle(const HttpRequest& request);

  static constexpr int kMaxScrapes = 4;
  static constexpr int kMostScrapes = 16;  // half of the server's threads
  static constexpr int kMaxProbes = 8;     // by /probe, at a time
  static constexpr int kMaxReloads = 2;    // asked for at a time

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Whether `path` begins with a slash and hides no other endpoint.
bool IsUsableTelemetryPath(std::string_view path);

/// How long `/probe` may take: half a second less than Prometheus waits, which says so in
/// X-Prometheus-Scrape-Timeout-Seconds, but at least 0.1 s and at most 60 s; 10 s when `header` is
/// empty or no number.
Duration ProbeTimeout(std::string_view header);

}  // namespace pathwitness
