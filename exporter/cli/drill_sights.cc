#include "exporter/cli/drill_sights.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "config/values.h"
#include "exporter/cli/http_asker.h"
#include "exporter/json_tree.h"

namespace pathwitness {
namespace {

constexpr JsonBounds kBounds{.deepest = 16, .most_values = 1'000'000};

std::optional<YamlNode> Parse(std::string_view body) {
  auto read = ParseJson(body, kBounds);
  auto* const tree = std::get_if<YamlNode>(&read);
  return tree == nullptr ? std::nullopt : std::optional(std::move(*tree));
}

/// Empty when there is none. Without control characters, as it is meant for a terminal.
std::string TextOf(const YamlNode* node, std::string_view key) {
  const YamlNode* const found = node == nullptr ? nullptr : node->Find(key);
  std::string text = found == nullptr ? std::string() : found->text;
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7F'; }, '?');
  return text;
}

std::uint64_t NumberOf(const YamlNode& node, std::string_view key) {
  return ParseWholeNumber(TextOf(&node, key)).value_or(0);
}

const std::vector<YamlNode>& ItemsOf(const YamlNode* node) {
  static const std::vector<YamlNode> kNone;
  return node == nullptr ? kNone : node->items;
}

DrillSight ReadNotice(const YamlNode& node) {
  return {.alert = TextOf(&node, "alert"),
          .severity = TextOf(&node, "severity"),
          .state = TextOf(&node, "status"),
          .receivers = {TextOf(&node, "receiver")}};
}

DrillAtExporter ReadDrill(const YamlNode& node) {
  DrillAtExporter drill{.id = TextOf(&node, "id"),
                        .is_running = TextOf(&node, "is_running") == "true",
                        .probes = NumberOf(node, "probes"),
                        .lost = NumberOf(node, "lost"),
                        .notices = {}};
  for (const YamlNode& notice : ItemsOf(node.Find("notices"))) {
    drill.notices.push_back(ReadNotice(notice));
  }
  return drill;
}

DrillSight ReadGettableAlert(const YamlNode& node) {
  const YamlNode* const labels = node.Find("labels");
  DrillSight sight{.alert = TextOf(labels, "alertname"),
                   .severity = TextOf(labels, "severity"),
                   .state = TextOf(node.Find("status"), "state"),
                   .receivers = {}};
  for (const YamlNode& receiver : ItemsOf(node.Find("receivers"))) {
    sight.receivers.push_back(TextOf(&receiver, "name"));
  }
  return sight;
}

}  // namespace

std::optional<DrillAtExporter> ReadStartedDrill(std::string_view body) {
  const std::optional<YamlNode> root = Parse(body);
  return root && !TextOf(&*root, "id").empty() ? std::optional(ReadDrill(*root)) : std::nullopt;
}

std::optional<DrillAtExporter> ReadListedDrill(std::string_view body, std::string_view id) {
  const std::optional<YamlNode> root = Parse(body);
  const std::vector<YamlNode>& drills = ItemsOf(root ? root->Find("drills") : nullptr);
  const auto found =
      std::ranges::find_if(drills, [&](const YamlNode& node) { return TextOf(&node, "id") == id; });
  return found == drills.end() ? std::nullopt : std::optional(ReadDrill(*found));
}

std::string PrometheusQuery(std::string_view drill) {
  return "/api/v1/query?query=" +
         EscapeQuery(R"({__name__=~"ALERTS|pathwitness_drill_info",drill=")" + std::string(drill) +
                     "\"}");
}

std::optional<DrillAtPrometheus> ReadPrometheus(std::string_view body) {
  const std::optional<YamlNode> root = Parse(body);
  if (!root || TextOf(&*root, "status") != "success") {
    return std::nullopt;
  }
  const YamlNode* const data = root->Find("data");
  DrillAtPrometheus seen;
  for (const YamlNode& sample : ItemsOf(data == nullptr ? nullptr : data->Find("result"))) {
    const YamlNode* const labels = sample.Find("metric");
    if (TextOf(labels, "__name__") != "ALERTS") {
      seen.is_scraped = true;
      continue;
    }
    seen.alerts.push_back({.alert = TextOf(labels, "alertname"),
                           .severity = TextOf(labels, "severity"),
                           .state = TextOf(labels, "alertstate"),
                           .receivers = {}});
  }
  return seen;
}

std::string AlertmanagerQuery(std::string_view drill) {
  return "/api/v2/alerts?filter=" + EscapeQuery("drill=\"" + std::string(drill) + "\"");
}

std::optional<std::vector<DrillSight>> ReadAlertmanager(std::string_view body) {
  const std::optional<YamlNode> root = Parse(body);
  if (!root || root->kind != YamlNode::Kind::List) {
    return std::nullopt;
  }
  std::vector<DrillSight> sights;
  std::ranges::transform(root->items, std::back_inserter(sights), ReadGettableAlert);
  return sights;
}

}  // namespace pathwitness
