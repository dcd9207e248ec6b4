#include "exporter/drill/drill_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "config/values.h"
#include "exporter/drill/alert_notification.h"
#include "exporter/drill/drill_counters.h"
#include "exporter/drill/drill_order.h"
#include "exporter/rfc3339.h"
#include "exporter/web/query.h"

namespace pathwitness {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kDrills = "/-/drill";
constexpr std::string_view kStop = "/-/drill/stop";
constexpr std::string_view kNotified = "/-/drill/notified";

HttpResponse Problem(int status, std::string_view line) {
  return {.status = status, .body = std::string(line) + "\n"};
}

// What is no UTF-8 in a name becomes U+FFFD instead of an exception.
HttpResponse Answer(const Json& value) {
  return {.content_type = "application/json",
          .body = value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"};
}

Json ToJson(const DrillNotice& notice) {
  return {{"alert", notice.alert},   {"severity", notice.severity},
          {"status", notice.status}, {"receiver", notice.receiver},
          {"times", notice.times},   {"after_seconds", ToSeconds(notice.after)}};
}

Json ToJson(const Drill& drill, const DrillDesk& desk) {
  const bool is_running = IsRunning(drill, desk.clock.Now());
  Json json{{"id", drill.id},
            {"target", drill.order.target},
            {"loss", drill.order.loss},
            {"at_hop", drill.order.at_hop},
            {"started", FormatRfc3339(drill.wall_start, TimePrecision::Milliseconds)},
            {"ends_after_seconds", ToSeconds(drill.end - drill.start)},
            {"is_running", is_running}};
  if (is_running) {
    std::uint64_t probes = 0;
    std::uint64_t lost = 0;
    for (const DrillCounters& counters : CountersOf(drill, desk.traces)) {
      probes += counters.probes;
      lost += counters.lost;
    }
    json["probes"] = probes;
    json["lost"] = lost;
  }
  json["notices"] = Json::array();
  for (const DrillNotice& notice : drill.notices) {
    json["notices"].push_back(ToJson(notice));
  }
  return json;
}

HttpResponse List(const DrillDesk& desk) {
  Json json = Json::array();
  for (const DrillPointer& drill : desk.book.All()) {
    json.push_back(ToJson(*drill, desk));
  }
  return Answer({{"drills", std::move(json)}});
}

/// Why the target cannot have that fault; empty when it can.
std::optional<HttpResponse> Refuse(const DrillOrder& order, const Config& config,
                                   const std::vector<TraceBoard::Pointer>& traces) {
  if (std::ranges::find(config.targets, order.target, &TargetConfig::name) ==
      config.targets.end()) {
    return Problem(404, fmt::format("no target is named {}", Quote(order.target)));
  }
  if (traces.empty()) {
    return Problem(400, "the target is not traced, or has no round yet: a drill needs one that is");
  }
  const auto longest = std::ranges::max(
      traces, {}, [](const TraceBoard::Pointer& trace) { return trace->hops.size(); });
  const std::size_t hops = longest->hops.size();
  if (hops > 0 && order.at_hop > hops) {
    return Problem(400, fmt::format("at_hop must be at most {}: the path is no longer", hops));
  }
  return std::nullopt;
}

std::vector<TraceBoard::Pointer> TracesOf(const std::string& target, const TraceBoard& board) {
  std::vector<TraceBoard::Pointer> traces = board.All();
  std::erase_if(traces, [&](const TraceBoard::Pointer& trace) {
    return trace->status.key.target != target || trace->status.rounds == 0;
  });
  return traces;
}

HttpResponse StartOrdered(DrillOrder order, const Config& config, const DrillDesk& desk) {
  std::vector<TraceBoard::Pointer> before = TracesOf(order.target, desk.traces);
  if (std::optional<HttpResponse> refusal = Refuse(order, config, before)) {
    return *std::move(refusal);
  }
  const auto started = desk.book.Start(std::move(order), std::move(before),
                                       {.mono = desk.clock.Now(), .wall = desk.clock.WallNow()});
  if (const auto* const refusal = std::get_if<DrillRefusal>(&started)) {
    return *refusal == DrillRefusal::TargetHasOne
               ? Problem(409, "a drill runs for that target: stop it by POST /-/drill/stop?id=")
               : Problem(409, fmt::format("{} drills run: stop one by POST /-/drill/stop?id=",
                                          DrillBook::kMostRunning));
  }
  const Drill& drill = *std::get<DrillPointer>(started);
  desk.log.Write(LogLevel::Info, "drill started",
                 {{"drill", drill.id},
                  {"target", drill.order.target},
                  {"loss", fmt::format("{}", drill.order.loss)},
                  {"at_hop", std::to_string(drill.order.at_hop)},
                  {"for", FormatDuration(drill.order.length)}});
  return Answer(ToJson(drill, desk));
}

HttpResponse Start(const QueryParameters& parameters, const Config& config, const DrillDesk& desk) {
  std::variant<DrillOrder, std::string> order = ReadDrillOrder(parameters);
  if (const auto* const problem = std::get_if<std::string>(&order)) {
    return Problem(400, *problem);
  }
  return StartOrdered(std::get<DrillOrder>(std::move(order)), config, desk);
}

HttpResponse Stop(const QueryParameters& parameters, const DrillDesk& desk) {
  const auto id = parameters.find("id");
  if (id == parameters.end() || parameters.size() != 1) {
    return Problem(400, "id is missing, or there is more: POST /-/drill/stop?id=ID");
  }
  if (!desk.book.Stop(id->second, desk.clock.Now())) {
    return Problem(404, "no drill of that id runs: GET /-/drill lists them");
  }
  desk.log.Write(LogLevel::Info, "drill stopped", {{"drill", id->second}});
  return Answer({{"stopped", id->second}});
}

HttpResponse Note(const std::string& body, const DrillDesk& desk) {
  auto read = ReadAlertNotification(body);
  if (const auto* const problem = std::get_if<std::string>(&read)) {
    return Problem(400, *problem);
  }
  std::size_t noted = 0;
  for (DrillAlert& alert : std::get<std::vector<DrillAlert>>(read)) {
    noted += desk.book.Note(alert.drill, std::move(alert.notice), desk.clock.Now()) ? 1U : 0U;
  }
  return Answer({{"noted", noted}});
}

HttpResponse MethodNotAllowed(std::string_view allowed) {
  HttpResponse response = Problem(405, fmt::format("method not allowed: use {}", allowed));
  response.headers.emplace_back("Allow", allowed);
  return response;
}

}  // namespace

HttpResponse AnswerDrillRequest(const HttpRequest& request, const Config& config,
                                const DrillDesk& desk) {
  const bool is_list = request.path == kDrills;
  if (!is_list && request.path != kStop && request.path != kNotified) {
    return Problem(404, "no such page: there are /-/drill, /-/drill/stop and /-/drill/notified");
  }
  if (is_list && (request.method == "GET" || request.method == "HEAD")) {
    return List(desk);
  }
  const bool is_delete = is_list && request.method == "DELETE";
  if (request.method != "POST" && !is_delete) {
    return MethodNotAllowed(is_list ? "GET, HEAD, POST, DELETE" : "POST");
  }
  if (request.path == kNotified) {
    return Note(request.body, desk);
  }
  const auto query = ParseQuery(request.query);
  if (const auto* const error = std::get_if<QueryError>(&query)) {
    return Problem(400, Describe(*error));
  }
  const auto& parameters = std::get<QueryParameters>(query);
  return is_list && !is_delete ? Start(parameters, config, desk) : Stop(parameters, desk);
}

}  // namespace pathwitness
