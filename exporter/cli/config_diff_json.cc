#include <nlohmann/json.hpp>

#include "exporter/cli/config_diff.h"

namespace pathwitness {
namespace {

using Json = nlohmann::ordered_json;

Json ValueJson(const ShownValue& value) {
  return {{"value", value.text}, {"origin", PlaceOf(value.origin)}};
}

Json DifferencesJson(const std::vector<ValueDifference>& differences) {
  Json list = Json::array();
  for (const ValueDifference& difference : differences) {
    list.push_back({{"key", difference.key},
                    {"left", difference.left ? ValueJson(*difference.left) : Json()},
                    {"right", difference.right ? ValueJson(*difference.right) : Json()}});
  }
  return list;
}

Json ItemsJson(const std::vector<NamedValues>& items) {
  Json list = Json::array();
  for (const NamedValues& item : items) {
    Json values = Json::object();
    for (const ShownValue& value : item.values) {
      values[value.key] = ValueJson(value);
    }
    list.push_back({{"name", item.name}, {"values", std::move(values)}});
  }
  return list;
}

Json ListJson(const ListDifference& difference) {
  Json differing = Json::array();
  for (const NamedDifference& item : difference.differing) {
    differing.push_back({{"name", item.name}, {"differences", DifferencesJson(item.values)}});
  }
  return {{"only_left", ItemsJson(difference.only_left)},
          {"only_right", ItemsJson(difference.only_right)},
          {"differing", std::move(differing)}};
}

}  // namespace

std::string DiffJson(const ConfigDifference& difference, std::string_view left_name,
                     std::string_view right_name) {
  const Json document = {{"left", left_name},
                         {"right", right_name},
                         {"is_same", difference.IsEmpty()},
                         {"settings", DifferencesJson(difference.settings)},
                         {"targets", ListJson(difference.targets)},
                         {"alert_overrides", ListJson(difference.alert_overrides)}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace pathwitness
