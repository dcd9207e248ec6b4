#include "exporter/web/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <semaphore>
#include <system_error>
#include <utility>
#include <variant>

#include "exporter/web/accept_encoding.h"
#include "exporter/web/query.h"

namespace pathwitness {
namespace {

constexpr std::string_view kExposition = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kPulsePrefix = "/pulse/";
constexpr std::string_view kRunbookPrefix = "/runbooks/";
constexpr std::string_view kFollowUpSuffix = "/follow-ups";
constexpr std::string_view kReloadPath = "/-/reload";
constexpr std::string_view kDrillPath = "/-/drill";
constexpr std::string_view kDrillPrefix = "/-/drill/";
constexpr std::array<std::string_view, 4> kOtherPages = {"/probe", "/config", "/runbooks", "/yes"};
constexpr std::array<std::string_view, 4> kPages = {"/", "/compare", "/incidents", "/status"};
constexpr std::array<std::string_view, 5> kPagePrefixes = {"/targets/", "/incidents/", "/reports/",
                                                           "/status/", "/api/v1/"};
constexpr std::array kProberKinds = {ProberKind::TraceIcmp, ProberKind::TraceUdp,
                                     ProberKind::TraceTcp, ProberKind::Https, ProberKind::Pulse};

bool IsPagePath(std::string_view path) {
  return std::ranges::find(kPages, path) != kPages.end() ||
         std::ranges::any_of(kPagePrefixes,
                             [&](std::string_view prefix) { return path.starts_with(prefix); });
}

HttpResponse PlainText(int status, std::string_view line) {
  return {.status = status, .body = std::string(line) + "\n"};
}

HttpResponse Busy(std::string_view what) {
  HttpResponse response = PlainText(503, what);
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

HttpResponse MethodNotAllowed(std::string_view allowed) {
  HttpResponse response = PlainText(405, fmt::format("method not allowed: use {}", allowed));
  response.headers.emplace_back("Allow", allowed);
  return response;
}

bool IsRead(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

std::string Join(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) {
    joined += (joined.empty() ? "" : ", ") + word;
  }
  return joined;
}

std::optional<ProberKind> ReadProber(std::string_view name) {
  const auto* const found = std::ranges::find(kProberKinds, name, &ProberName);
  return found == kProberKinds.end() ? std::nullopt : std::optional(*found);
}

std::optional<IpFamily> ReadFamily(std::string_view name) {
  for (const IpFamily family : {IpFamily::Ipv4, IpFamily::Ipv6}) {
    if (name == FamilyName(family)) {
      return family;
    }
  }
  return std::nullopt;
}

/// Puts one parameter into `order`, or says what is wrong with it.
std::optional<std::string> ReadParameter(std::string_view name, const std::string& value,
                                         ProbeOrder& order) {
  if (name == "target") {
    order.target = value;
    return value.empty() ? std::optional<std::string>("target must not be empty") : std::nullopt;
  }
  if (name == "prober") {
    order.prober = ReadProber(value);
    return order.prober ? std::nullopt
                        : std::optional<std::string>(
                              "prober must be trace_icmp, trace_udp, trace_tcp, https or pulse");
  }
  if (name == "family") {
    order.family = ReadFamily(value);
    return order.family ? std::nullopt : std::optional<std::string>("family must be ipv4 or ipv6");
  }
  return "unknown parameter: allowed are target, prober and family";
}

std::variant<ProbeOrder, std::string> ReadOrder(const HttpRequest& request) {
  const auto query = ParseQuery(request.query);
  if (const auto* error = std::get_if<QueryError>(&query)) {
    return std::string(Describe(*error));
  }
  ProbeOrder order;
  for (const auto& [name, value] : std::get<QueryParameters>(query)) {
    if (const std::optional<std::string> problem = ReadParameter(name, value, order)) {
      return *problem;
    }
  }
  if (order.target.empty()) {
    return "target is missing: /probe?target=NAME[&prober=KIND][&family=FAMILY]";
  }
  order.timeout = ProbeTimeout(request.Header("x-prometheus-scrape-timeout-seconds"));
  return order;
}

HttpResponse ToResponse(ProbeOutcome outcome) {
  switch (outcome.verdict) {
    case ProbeVerdict::Measured:
      return {.content_type = std::string(kExposition), .body = std::move(outcome.text)};
    case ProbeVerdict::UnknownTarget:
      return PlainText(404, outcome.text);
    case ProbeVerdict::NotPossible:
      return PlainText(400, outcome.text);
    case ProbeVerdict::TimedOut:
      return PlainText(504, outcome.text);
    case ProbeVerdict::Interrupted:
      return Busy(outcome.text);
  }
  return PlainText(500, "no such verdict");
}

HttpResponse ToResponse(const ReloadResult& result) {
  std::string text =
      result.is_applied ? "reloaded\n" : "not reloaded, the old configuration stays in force:\n";
  for (const std::string& problem : result.problems) {
    text += problem + "\n";
  }
  for (const std::string& warning : result.warnings) {
    text += "warning: " + warning + "\n";
  }
  return {.status = result.is_applied ? 200 : 500, .body = std::move(text)};
}

/// One of a limited number of places, as long as it lives.
template <typename Semaphore>
class Place {
 public:
  explicit Place(Semaphore& places) : places_(places), is_taken_(places.try_acquire()) {}
  ~Place() {
    if (is_taken_) {
      places_.release();
    }
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  bool IsTaken() const { return is_taken_; }

 private:
  Semaphore& places_;
  bool is_taken_;
};

}  // namespace

class Routes::Impl {
 public:
  Impl(std::string telemetry_path, Views views, int max_scrapes)
      : views_(std::move(views)),
        table_{{std::move(telemetry_path), &Impl::Metrics},
               {"/-/healthy", &Impl::Healthy},
               {"/-/ready", &Impl::Ready},
               {"/probe", &Impl::Probe},
               {"/config", &Impl::ConfigText},
               {"/runbooks", &Impl::RunbookNames},
               {"/yes", &Impl::Yes}},
        scrapes_(max_scrapes) {}

  HttpResponse Handle(const HttpRequest& request) {
    const std::optional<std::string> path = DecodePath(request.path);
    if (!path) {
      return PlainText(400, "the path has a broken escape or a control character");
    }
    if (std::optional<HttpResponse> refusal =
            IsRead(request) ? std::nullopt : RefuseCrossSite(request, views_.is_own_host)) {
      return *std::move(refusal);
    }
    if (path->starts_with(kPulsePrefix)) {
      return Heartbeat(request, path->substr(kPulsePrefix.size()));
    }
    if (path->starts_with(kRunbookPrefix)) {
      return Runbook(request, path->substr(kRunbookPrefix.size()));
    }
    if (IsPagePath(*path)) {
      return IsRead(request) || !path->ends_with(kFollowUpSuffix) ? Page(request)
                                                                  : WriteFollowUp(request);
    }
    if (*path == kReloadPath) {
      return Reload(request);
    }
    if (*path == kDrillPath || path->starts_with(kDrillPrefix)) {
      return Drill(request);
    }
    const auto route = std::ranges::find(table_, *path, &Route::path);
    if (route == table_.end()) {
      return PlainText(404, "no such page: / has links to those there are");
    }
    return IsRead(request) ? (this->*route->answer)(request) : MethodNotAllowed("GET, HEAD");
  }

 private:
  using Scrapes = std::counting_semaphore<kMostScrapes>;

  struct Route {
    std::string path;
    HttpResponse (Impl::*answer)(const HttpRequest&);
  };

  HttpResponse Metrics(const HttpRequest& request) {
    auto place = std::make_shared<const Place<Scrapes>>(scrapes_);
    if (!place->IsTaken()) {
      views_.on_scrape(ScrapeEnd::Refused);
      return Busy("too many scrapes at a time");
    }
    HttpResponse response{.content_type = std::string(kExposition)};
    response.headers.emplace_back("Vary", "Accept-Encoding");
    const bool is_packed = AcceptsGzip(request.Header("accept-encoding"));
    if (is_packed) {
      response.headers.emplace_back("Content-Encoding", "gzip");
    }
    response.write_body = [this, is_packed, place = std::move(place)](const BodySink& sink) {
      const bool is_whole = is_packed ? views_.metrics_gzip(sink) : views_.metrics(sink);
      views_.on_scrape(is_whole ? ScrapeEnd::Served : ScrapeEnd::Abandoned);
    };
    return response;
  }

  HttpResponse Page(const HttpRequest& request) {
    if (!IsRead(request)) {
      return MethodNotAllowed("GET, HEAD");
    }
    const Place place(scrapes_);
    return place.IsTaken() ? views_.page(request) : Busy("too many readers at a time");
  }

  HttpResponse WriteFollowUp(const HttpRequest& request) {
    if (request.method != "POST") {
      return MethodNotAllowed("POST");
    }
    if (!views_.follow_up) {
      return PlainText(403, "writing is off: start with --web.enable-follow-ups");
    }
    const Place place(scrapes_);
    return place.IsTaken() ? views_.follow_up(request) : Busy("too many readers at a time");
  }

  // NOLINTNEXTLINE(readability-make-member-function-const): the table's type is not
  HttpResponse Healthy(const HttpRequest&) {
    const std::vector<std::string> stuck = views_.stuck_engines();
    if (!stuck.empty()) {
      return PlainText(503, "engines that no longer turn: " + Join(stuck));
    }
    return PlainText(200, "healthy");
  }

  // NOLINTNEXTLINE(readability-make-member-function-const): the table's type is not
  HttpResponse Ready(const HttpRequest&) {
    return views_.has_stored_round() ? PlainText(200, "ready")
                                     : PlainText(503, "no prober has stored a round yet");
  }

  // NOLINTNEXTLINE(readability-convert-member-functions-to-static): the table's type is not
  HttpResponse Yes(const HttpRequest&) { return PlainText(200, "yes"); }

  HttpResponse Probe(const HttpRequest& request) {
    const std::variant<ProbeOrder, std::string> order = ReadOrder(request);
    if (const auto* problem = std::get_if<std::string>(&order)) {
      return PlainText(400, *problem);
    }
    const Place place(probes_);
    if (!place.IsTaken()) {
      return Busy("too many measurements at a time");
    }
    return ToResponse(views_.probe(std::get<ProbeOrder>(order)));
  }

  HttpResponse ConfigText(const HttpRequest&) {
    const Place place(scrapes_);
    return place.IsTaken() ? HttpResponse{.body = views_.config_text()}
                           : Busy("too many readers at a time");
  }

  HttpResponse RunbookNames(const HttpRequest&) {
    const Place place(scrapes_);
    if (!place.IsTaken()) {
      return Busy("too many readers at a time");
    }
    HttpResponse response;
    for (const std::string& name : views_.runbook_names()) {
      response.body += fmt::format("{}{}\n", kRunbookPrefix, name);
    }
    return response;
  }

  HttpResponse Runbook(const HttpRequest& request, const std::string& alert) {
    if (!IsRead(request)) {
      return MethodNotAllowed("GET, HEAD");
    }
    const Place place(scrapes_);
    if (!place.IsTaken()) {
      return Busy("too many readers at a time");
    }
    std::optional<std::string> text = views_.runbook(alert);
    return text ? HttpResponse{.body = std::move(*text)}
                : PlainText(404, "there is no such runbook: /runbooks has those there are");
  }

  HttpResponse Reload(const HttpRequest& request) {
    if (request.method != "POST") {
      return MethodNotAllowed("POST");
    }
    if (!views_.reload) {
      return PlainText(403,
                       "reloading by HTTP is off: start with --web.enable-lifecycle, or send "
                       "SIGHUP");
    }
    const Place place(reloads_);
    if (!place.IsTaken()) {
      return Busy("too many reloads at a time");
    }
    const std::optional<ReloadResult> result = views_.reload();
    return result ? ToResponse(*result)
                  : PlainText(504,
                              "the reload is not done yet: the log and "
                              "config_last_reload_successful will tell");
  }

  HttpResponse Drill(const HttpRequest& request) const {
    return views_.drill ? views_.drill(request)
                        : PlainText(403, "drills are off: start with --web.enable-lifecycle");
  }

  HttpResponse Heartbeat(const HttpRequest& request, const std::string& name) const {
    if (request.method != "POST") {
      return MethodNotAllowed("POST");
    }
    switch (views_.on_heartbeat(name)) {
      case HeartbeatOutcome::Stored:
        return PlainText(200, "stored");
      case HeartbeatOutcome::UnknownName:
        return PlainText(404, "no target of that name has a pushed pulse");
      case HeartbeatOutcome::NotStored:
        return Busy("the heartbeat could not be stored: send it again");
    }
    return PlainText(500, "no such outcome");
  }

  Views views_;
  std::vector<Route> table_;
  Scrapes scrapes_;
  std::counting_semaphore<kMaxProbes> probes_{kMaxProbes};
  std::counting_semaphore<kMaxReloads> reloads_{kMaxReloads};
};

Routes::Routes(std::string telemetry_path, Views views, int max_scrapes)
    : impl_(std::make_unique<Impl>(std::move(telemetry_path), std::move(views), max_scrapes)) {}

Routes::~Routes() = default;

HttpResponse Routes::Handle(const HttpRequest& request) {
  return impl_->Handle(request);
}

bool IsUsableTelemetryPath(std::string_view path) {
  constexpr std::string_view kNotInPaths = "%?# \t\r\n";
  return path.size() > 1 && path.starts_with('/') && !path.starts_with("/-/") &&
         !path.starts_with(kPulsePrefix) && !path.starts_with(kRunbookPrefix) &&
         !IsPagePath(path) && std::ranges::find(kOtherPages, path) == kOtherPages.end() &&
         path.find_first_of(kNotInPaths) == std::string_view::npos;
}

Duration ProbeTimeout(std::string_view header) {
  double seconds = 0;
  const char* const end = header.data() + header.size();
  const auto [stop, error] = std::from_chars(header.data(), end, seconds);
  if (header.empty() || error != std::errc() || stop != end || !std::isfinite(seconds) ||
      seconds <= 0) {
    return std::chrono::seconds(10);
  }
  constexpr double kMargin = 0.5;
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(std::clamp(seconds - kMargin, 0.1, 60.0)));
}

}  // namespace pathwitness
