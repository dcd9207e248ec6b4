#include "exporter/drill/alert_notification.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "exporter/json_tree.h"

namespace pathwitness {
namespace {

constexpr JsonBounds kBounds{.deepest = 8, .most_values = 20'000};
constexpr std::size_t kLongestText = 128;  // longer than any name of ours

/// Empty when there is no text of that name or a longer one than ours are.
std::string TextOf(const YamlNode* node, std::string_view key) {
  const YamlNode* const found = node == nullptr ? nullptr : node->Find(key);
  const bool is_text = found != nullptr && found->kind == YamlNode::Kind::Scalar;
  return is_text && found->text.size() <= kLongestText ? found->text : std::string();
}

std::optional<DrillAlert> ReadAlert(const YamlNode& node, const std::string& receiver) {
  const YamlNode* const labels = node.Find("labels");
  DrillAlert alert{.drill = TextOf(labels, "drill"),
                   .notice = {.alert = TextOf(labels, "alertname"),
                              .severity = TextOf(labels, "severity"),
                              .status = TextOf(&node, "status"),
                              .receiver = receiver}};
  const bool is_known = alert.notice.status == "firing" || alert.notice.status == "resolved";
  return !alert.drill.empty() && !alert.notice.alert.empty() && is_known
             ? std::optional(std::move(alert))
             : std::nullopt;
}

}  // namespace

std::variant<std::vector<DrillAlert>, std::string> ReadAlertNotification(std::string_view text) {
  const auto read = ParseJson(text, kBounds);
  if (const auto* const problem = std::get_if<JsonProblem>(&read)) {
    return "the notification " + problem->what;
  }
  const auto& root = std::get<YamlNode>(read);
  const YamlNode* const alerts = root.Find("alerts");
  if (alerts == nullptr || alerts->kind != YamlNode::Kind::List) {
    return "the notification has no list of alerts: it is no webhook of Alertmanager";
  }
  const std::string receiver = TextOf(&root, "receiver");
  std::vector<DrillAlert> found;
  for (const YamlNode& node : alerts->items) {
    if (std::optional<DrillAlert> alert = ReadAlert(node, receiver)) {
      found.push_back(*std::move(alert));
    }
  }
  return found;
}

}  // namespace pathwitness
