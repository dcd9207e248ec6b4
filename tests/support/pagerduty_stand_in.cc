#include "tests/support/pagerduty_stand_in.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <utility>

namespace pathwitness {
namespace {

using nlohmann::json;

constexpr std::size_t kKeyLength = 32;
constexpr std::size_t kLongestSummary = 1024;
constexpr std::size_t kLongestDedupKey = 255;
constexpr std::size_t kLargestEvent = 524'288;

std::string TextAt(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

json ObjectAt(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_object() ? *found : json::object();
}

std::map<std::string, std::string> TextsOf(const json& object) {
  std::map<std::string, std::string> texts;
  for (const auto& [key, value] : object.items()) {
    if (value.is_string()) {
      texts[key] = value.get<std::string>();
    }
  }
  return texts;
}

/// PagerDuty counts characters, not bytes.
std::size_t CharactersIn(const std::string& utf8) {
  return static_cast<std::size_t>(std::ranges::count_if(
      utf8, [](char letter) { return (static_cast<unsigned char>(letter) & 0xC0U) != 0x80U; }));
}

bool IsOneOf(const std::string& text, std::initializer_list<std::string_view> known) {
  return std::ranges::find(known, text) != known.end();
}

void JudgeEnvelope(const json& event, std::vector<std::string>& problems) {
  const std::string key = TextAt(event, "routing_key");
  if (key.size() != kKeyLength ||
      !std::ranges::all_of(key, [](unsigned char letter) { return std::isalnum(letter) != 0; })) {
    problems.emplace_back("routing_key: 32 letters and digits");
  }
  const std::string action = TextAt(event, "event_action");
  if (!IsOneOf(action, {"trigger", "acknowledge", "resolve"})) {
    problems.emplace_back("event_action: trigger, acknowledge or resolve");
  }
  const std::string dedup_key = TextAt(event, "dedup_key");
  if (dedup_key.size() > kLongestDedupKey || (action != "trigger" && dedup_key.empty())) {
    problems.emplace_back("dedup_key: at most 255 characters, and there unless triggering");
  }
}

void JudgePayload(const json& payload, std::vector<std::string>& problems) {
  const std::size_t summary = CharactersIn(TextAt(payload, "summary"));
  if (summary == 0 || summary > kLongestSummary) {
    problems.emplace_back("payload.summary: 1 to 1024 characters");
  }
  if (TextAt(payload, "source").empty()) {
    problems.emplace_back("payload.source: there");
  }
  if (!IsOneOf(TextAt(payload, "severity"), {"critical", "error", "warning", "info"})) {
    problems.emplace_back("payload.severity: critical, error, warning or info");
  }
}

void JudgeLinks(const json& event, std::vector<std::string>& problems) {
  if (!event.contains("links") || event["links"].is_null()) {
    return;
  }
  if (!event["links"].is_array()) {
    problems.emplace_back("links: an array");
    return;
  }
  for (const json& link : event["links"]) {
    const std::string href = TextAt(link, "href");
    if (!href.starts_with("http://") && !href.starts_with("https://")) {
      problems.push_back("links[].href: a URL, not '" + href + "'");
    }
  }
}

PagerDutyEvent EventIn(const ReceivedRequest& request) {
  const json event = json::parse(request.body, nullptr, false);
  const json payload = ObjectAt(event, "payload");
  PagerDutyEvent result{.status = request.status,
                        .routing_key = TextAt(event, "routing_key"),
                        .action = TextAt(event, "event_action"),
                        .dedup_key = TextAt(event, "dedup_key"),
                        .payload = TextsOf(payload),
                        .details = TextsOf(ObjectAt(payload, "custom_details")),
                        .links = {},
                        .body = request.body,
                        .at = request.at};
  if (event.is_object() && event.contains("links") && event["links"].is_array()) {
    for (const json& link : event["links"]) {
      result.links[TextAt(link, "text")] = TextAt(link, "href");
    }
  }
  return result;
}

std::vector<PagerDutyEvent> EventsIn(const std::vector<ReceivedRequest>& requests,
                                     bool is_accepted_only) {
  std::vector<PagerDutyEvent> events;
  for (const ReceivedRequest& request : requests) {
    if (!is_accepted_only || request.status == 202) {
      events.push_back(EventIn(request));
    }
  }
  return events;
}

}  // namespace

std::vector<PagerDutyIncident> IncidentsOf(const std::vector<PagerDutyEvent>& accepted) {
  std::vector<PagerDutyIncident> incidents;
  for (const PagerDutyEvent& event : accepted) {
    const auto open = std::ranges::find_if(incidents, [&](const PagerDutyIncident& incident) {
      return incident.is_open && incident.dedup_key == event.dedup_key;
    });
    if (open != incidents.end()) {
      open->events.push_back(event);
      open->is_open = event.action != "resolve";
    } else if (event.action == "trigger") {
      incidents.push_back({.dedup_key = event.dedup_key, .events = {event}});
    }
  }
  return incidents;
}

std::vector<std::string> ProblemsOf(std::string_view event) {
  if (event.size() > kLargestEvent) {
    return {"event: at most 512 KiB"};
  }
  const json parsed = json::parse(event, nullptr, false);
  if (!parsed.is_object()) {
    return {"event: a JSON object"};
  }
  std::vector<std::string> problems;
  JudgeEnvelope(parsed, problems);
  if (TextAt(parsed, "event_action") == "trigger") {
    JudgePayload(ObjectAt(parsed, "payload"), problems);
    JudgeLinks(parsed, problems);
  }
  return problems;
}

PagerDutyStandIn::PagerDutyStandIn()
    : sink_([this](const ReceivedRequest& request) { return Judge(request); }) {}

void PagerDutyStandIn::AnswerNext(std::vector<int> statuses) {
  const std::lock_guard lock(mutex_);
  next_ = std::move(statuses);
}

void PagerDutyStandIn::AnswerAlways(int status) {
  const std::lock_guard lock(mutex_);
  always_ = status;
}

HttpAnswer PagerDutyStandIn::Judge(const ReceivedRequest& request) {
  {
    const std::lock_guard lock(mutex_);
    const int scripted = next_.empty() ? always_ : next_.front();
    if (!next_.empty()) {
      next_.erase(next_.begin());
    }
    if (scripted != 0) {
      return {.status = scripted, .body = R"({"status":"scripted","message":"scripted"})"};
    }
  }
  if (request.method != "POST" || request.path != "/v2/enqueue") {
    return {.status = 404, .body = "{}"};
  }
  const std::vector<std::string> problems = ProblemsOf(request.body);
  if (!problems.empty()) {
    return {.status = 400,
            .body = json{{"status", "invalid event"},
                         {"message", "Event object is invalid"},
                         {"errors", problems}}
                        .dump()};
  }
  const std::string dedup_key = EventIn(request).dedup_key;
  return {.status = 202,
          .body = json{{"status", "success"},
                       {"message", "Event processed"},
                       {"dedup_key", dedup_key.empty() ? "chosen-by-pagerduty" : dedup_key}}
                      .dump()};
}

std::vector<PagerDutyEvent> PagerDutyStandIn::Events() const {
  return EventsIn(sink_.Requests(), false);
}

std::vector<PagerDutyEvent> PagerDutyStandIn::Accepted() const {
  return EventsIn(sink_.Requests(), true);
}

bool PagerDutyStandIn::AwaitAccepted(
    const std::function<bool(const std::vector<PagerDutyEvent>&)>& is_enough,
    std::chrono::milliseconds patience) const {
  return sink_.Await(
      [&](const std::vector<ReceivedRequest>& requests) {
        return is_enough(EventsIn(requests, true));
      },
      patience);
}

}  // namespace pathwitness
