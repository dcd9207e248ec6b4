#include "exporter/pages/pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "exporter/archive/archive.h"
#include "exporter/cli/moment.h"
#include "exporter/evidence/gather.h"
#include "exporter/evidence/incident_json.h"
#include "exporter/pages/compare_page.h"
#include "exporter/pages/gather_views.h"
#include "exporter/pages/page_json.h"
#include "exporter/pages/public_status.h"
#include "exporter/pages/reports_page.h"
#include "exporter/web/query.h"

namespace pathwitness {
namespace {

constexpr std::string_view kTargets = "/targets/";
constexpr std::string_view kIncidents = "/incidents";
constexpr std::string_view kIncident = "/incidents/";
constexpr std::string_view kCompare = "/compare";
constexpr std::string_view kReports = "/reports/";
constexpr std::string_view kStatus = "/status";
constexpr std::string_view kPublicStatus = "/status/";
constexpr std::string_view kPublicStatusJson = "/status/status.json";
constexpr std::string_view kApi = "/api/v1";
constexpr std::string_view kApiTargets = "/targets";  // behind kApi
constexpr Duration kComparedLength = std::chrono::minutes(5);

/// Whether somebody reads a page or a program its JSON.
enum class Form { Html, Json };

HttpResponse Problem(int status, std::string_view line) {
  return {.status = status, .body = std::string(line) + "\n"};
}

HttpResponse Json(std::string body) {
  return {.content_type = "application/json", .body = std::move(body)};
}

std::string ValueOf(const QueryParameters& query, std::string_view name) {
  const auto found = query.find(name);
  return found == query.end() ? std::string() : found->second;
}

/// The number of a page; 0 for anything else.
std::size_t PageNumber(std::string_view text) {
  std::size_t page = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), page);
  return error == std::errc() && end == text.data() + text.size() ? page : 0;
}

HttpResponse Status(const QueryParameters& query, const PageSources& sources) {
  // Links in alerts have named their target this way.
  if (const std::string target = ValueOf(query, "target"); !target.empty()) {
    return {.status = 302,
            .body = "see the page of the target\n",
            .headers = {{"Location", std::string(kTargets) + EscapeUrl(target)}}};
  }
  StatusView view = GatherStatus(sources);
  view.search = ValueOf(query, "q");
  view.page = PageNumber(ValueOf(query, "page"));
  return HtmlResponse(StatusPage(view));
}

HttpResponse Target(std::string_view name, const QueryParameters& query, Form form,
                    const PageSources& sources) {
  const std::optional<TargetView> view = GatherTarget(
      sources, {.name = std::string(name), .has_long_charts = ValueOf(query, "span") == "14d"});
  if (!view) {
    return Problem(404, "there is no such target: / has those there are");
  }
  return form == Form::Html ? HtmlResponse(TargetPage(*view)) : Json(TargetDocument(*view));
}

HttpResponse Incident(std::string_view id, Form form, const PageSources& sources) {
  const std::optional<IncidentView> view = GatherIncident(sources, std::string(id));
  if (!view) {
    return Problem(404, "no such incident is known: /incidents has those that are");
  }
  return form == Form::Html ? HtmlResponse(IncidentPage(*view))
                            : Json(IncidentDocument(view->incident));
}

HttpResponse Incidents(Form form, const PageSources& sources) {
  const IncidentsView view = GatherIncidents(sources);
  return form == Form::Html ? HtmlResponse(IncidentsPage(view))
                            : Json(IncidentsDocument(view.incidents));
}

/// The moments that are filled in, in time order; or what is wrong with one.
std::variant<std::vector<WallTime>, std::string> ReadMoments(const CompareView& view) {
  std::vector<WallTime> moments;
  for (const std::string& text : view.at) {
    if (text.empty()) {
      continue;
    }
    const std::optional<WallTime> moment = ParseMoment(text, view.frame.now);
    if (!moment) {
      return fmt::format("The moment \"{}\" cannot be read: {}.", text, kMomentForms);
    }
    moments.push_back(*moment);
  }
  if (moments.size() < 2) {
    return "Two or three moments are compared: fill in at least two.";
  }
  std::ranges::sort(moments);
  return moments;
}

bool IsTrace(ProberKind kind) {
  return kind == ProberKind::TraceIcmp || kind == ProberKind::TraceUdp ||
         kind == ProberKind::TraceTcp;
}

/// The path that is meant: of its prober and family, else of its family, else the first one. An
/// incident's witness may be a service, whose path then is meant.
std::optional<ProberKey> FindPath(HistoryReader& history, const QueryParameters& query) {
  std::vector<ProberKey> probers = history.Probers();
  const std::string target = ValueOf(query, "target");
  std::erase_if(probers, [&](const ProberKey& prober) {
    return prober.target != target || !IsTrace(prober.prober);
  });
  const std::string family = ValueOf(query, "family");
  const std::string kind = ValueOf(query, "prober");
  const auto fit = [&](const ProberKey& prober) {
    const bool is_family = ProberFamilyName(prober.family) == family;
    return (is_family ? 2 : 0) + (is_family && ProberName(prober.prober) == kind ? 1 : 0);
  };
  const auto best = std::ranges::max_element(probers, {}, fit);
  return best == probers.end() ? std::nullopt : std::optional(*best);
}

void FillComparison(const QueryParameters& query, const PageSources& sources, CompareView& view) {
  const std::variant<std::vector<WallTime>, std::string> moments = ReadMoments(view);
  if (const auto* problem = std::get_if<std::string>(&moments)) {
    view.problem = *problem;
    return;
  }
  const Config& config = *sources.config;
  if (!config.history.is_enabled) {
    view.problem = "No history is kept (history.enabled), so there is nothing to compare.";
    return;
  }
  HistoryReader history(HistoryDirectory(config.history, config.state_directory));
  const std::optional<ProberKey> path = FindPath(history, query);
  if (!path) {
    view.problem = "The history knows no path of that target.";
    return;
  }
  view.comparison = CompareMoments(history, *path, std::get<std::vector<WallTime>>(moments),
                                   kComparedLength, &config);
}

HttpResponse Compared(const HttpRequest& request, const QueryParameters& query, Form form,
                      const PageSources& sources) {
  CompareView view{.frame = sources.frame, .target = ValueOf(query, "target"), .at = {}};
  for (std::size_t i = 0; i < view.at.size(); ++i) {
    view.at.at(i) = ValueOf(query, fmt::format("at{}", i + 1));
  }
  const bool is_asked = !view.target.empty();
  if (is_asked) {
    FillComparison(query, sources, view);
  }
  if (form == Form::Html) {
    view.json_path = view.comparison ? fmt::format("{}{}?{}", kApi, kCompare, request.query) : "";
    return HtmlResponse(ComparePage(view));
  }
  if (!view.comparison) {
    return Problem(400, is_asked ? view.problem : "target is missing");
  }
  return Json(ComparisonJson(*view.comparison));
}

std::string ContentTypeOf(std::string_view path) {
  return path.ends_with(".json") ? "application/json" : "text/plain; charset=utf-8";
}

HttpResponse Reports(std::string_view path, const PageSources& sources) {
  const std::filesystem::path folder = ArchiveFolder(*sources.config);
  if (path.empty() || path.ends_with('/')) {
    path.remove_suffix(path.empty() ? 0 : 1);
    std::optional<ReportsView> view = LookAtReports(folder, path);
    if (!view) {
      return Problem(404, "there are no reports of that name: /reports/ has those there are");
    }
    view->frame = sources.frame;
    return HtmlResponse(ReportsPage(*view));
  }
  std::optional<std::string> text = ReadReportFile(folder, path);
  if (!text) {
    return Problem(404, "there is no such report: /reports/ has those there are");
  }
  return {.content_type = ContentTypeOf(path), .body = *std::move(text)};
}

HttpResponse ForEverybody(std::string_view path, const PageSources& sources) {
  if (path == kStatus) {
    // The link to the JSON beside it needs the slash.
    return {.status = 302,
            .body = "see the status page\n",
            .headers = {{"Location", std::string(kPublicStatus)}}};
  }
  if (path == kPublicStatus) {
    return HtmlResponse(PublicStatusPage(GatherPublicStatus(sources)));
  }
  return path == kPublicStatusJson
             ? Json(PublicStatusDocument(GatherPublicStatus(sources)))
             : Problem(404, "no such page: /status/ has a link to what there is");
}

HttpResponse Answer(std::string_view path, const HttpRequest& request, const QueryParameters& query,
                    Form form, const PageSources& sources) {
  if (path.starts_with(kTargets)) {
    return Target(path.substr(kTargets.size()), query, form, sources);
  }
  if (path == kIncidents) {
    return Incidents(form, sources);
  }
  if (path.starts_with(kIncident)) {
    return Incident(path.substr(kIncident.size()), form, sources);
  }
  if (path == kCompare) {
    return Compared(request, query, form, sources);
  }
  if (form == Form::Html && path.starts_with(kReports)) {
    return Reports(path.substr(kReports.size()), sources);
  }
  if (form == Form::Html && (path == kStatus || path.starts_with(kPublicStatus))) {
    return ForEverybody(path, sources);
  }
  if (form == Form::Html && path == "/") {
    return Status(query, sources);
  }
  if (form == Form::Json && path == kApiTargets) {
    return Json(TargetsDocument(GatherStatus(sources)));
  }
  return Problem(404, "no such page: / has links to those there are");
}

}  // namespace

HttpResponse HtmlResponse(std::string document) {
  return {.content_type = "text/html; charset=utf-8",
          .body = std::move(document),
          .headers = {{"Content-Security-Policy", ContentSecurityPolicy()},
                      {"Referrer-Policy", "same-origin"}}};
}

HttpResponse AnswerPage(const HttpRequest& request, const PageSources& sources) {
  const std::optional<std::string> decoded = DecodePath(request.path);
  const auto query = ParseQuery(request.query);
  if (const auto* error = std::get_if<QueryError>(&query); error != nullptr || !decoded) {
    return Problem(400, decoded ? Describe(*error) : "the path has a broken escape");
  }
  std::string_view path = *decoded;
  const bool is_api = path.starts_with(kApi);
  path.remove_prefix(is_api ? kApi.size() : 0);
  return Answer(path, request, std::get<QueryParameters>(query), is_api ? Form::Json : Form::Html,
                sources);
}

}  // namespace pathwitness
