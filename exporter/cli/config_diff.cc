#include "exporter/cli/config_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <utility>

namespace pathwitness {
namespace {

using Values = std::vector<ShownValue>;

constexpr std::string_view kTargets = "targets[";
constexpr std::string_view kAlertOverrides = "alert_overrides[";

/// The values of a configuration by what they belong to.
struct Groups {
  Values settings;
  std::vector<NamedValues> targets;
  std::vector<NamedValues> alert_overrides;
};

/// Files `value`, whose key is `list` + name + "]." + rest, under its name. Values of one name
/// stand next to each other.
void AddTo(std::vector<NamedValues>& list, std::string_view prefix, const ShownValue& value) {
  const std::size_t end = std::min(value.key.find("]."), value.key.size());
  const std::string name = value.key.substr(prefix.size(), end - prefix.size());
  if (list.empty() || list.back().name != name) {
    list.push_back({.name = name, .values = {}});
  }
  ShownValue inner = value;
  inner.key = value.key.substr(std::min(end + 2, value.key.size()));
  list.back().values.push_back(std::move(inner));
}

/// Takes the value of that key out of `values`; empty when there is none.
std::string Take(Values& values, std::string_view key) {
  const auto found = std::ranges::find(values, key, &ShownValue::key);
  if (found == values.end()) {
    return {};
  }
  std::string text = std::move(found->text);
  values.erase(found);
  return text;
}

/// Names an override by what makes it one of a kind, so that its place in the list is no
/// difference.
void NameByIdentity(NamedValues& alert_override) {
  const std::string alert = Take(alert_override.values, "alert");
  const std::string tier = Take(alert_override.values, "tier");
  const std::string target = Take(alert_override.values, "target");
  alert_override.name = fmt::format("{} ({}){}", alert, tier.empty() ? "all tiers" : tier,
                                    target.empty() ? "" : " of " + target);
}

Groups GroupValues(const LoadedConfig& loaded) {
  Groups groups;
  for (const ShownValue& value : loaded.values) {
    if (value.key.starts_with(kTargets)) {
      AddTo(groups.targets, kTargets, value);
    } else if (value.key.starts_with(kAlertOverrides)) {
      AddTo(groups.alert_overrides, kAlertOverrides, value);
    } else if (value.key != "targets" && value.key != "alert_overrides") {  // empty lists
      groups.settings.push_back(value);
    }
  }
  std::ranges::for_each(groups.alert_overrides, NameByIdentity);
  return groups;
}

using ByKey = std::map<std::string_view, const ShownValue*>;

ByKey IndexByKey(const Values& values) {
  ByKey by_key;
  for (const ShownValue& value : values) {
    by_key.emplace(value.key, &value);
  }
  return by_key;
}

/// True when `value` is an empty list or map which the other side fills: its items, which only the
/// other side has, say so already.
bool IsFilledIn(const ShownValue& value, const ByKey& other) {
  return (value.text == "[]" || value.text == "{}") &&
         std::ranges::any_of(std::array{".", "["}, [&](const char* separator) {
           const std::string start = value.key + separator;
           const auto next = other.lower_bound(start);
           return next != other.end() && next->first.starts_with(start);
         });
}

std::vector<ValueDifference> DiffValues(const Values& left, const Values& right) {
  const ByKey lefts = IndexByKey(left);
  const ByKey rights = IndexByKey(right);
  std::vector<ValueDifference> differences;
  for (const ShownValue& value : left) {
    const auto found = rights.find(value.key);
    if (found != rights.end() && found->second->text != value.text) {
      differences.push_back({.key = value.key, .left = value, .right = *found->second});
    } else if (found == rights.end() && !IsFilledIn(value, rights)) {
      differences.push_back({.key = value.key, .left = value, .right = {}});
    }
  }
  for (const ShownValue& value : right) {
    if (!lefts.contains(value.key) && !IsFilledIn(value, lefts)) {
      differences.push_back({.key = value.key, .left = {}, .right = value});
    }
  }
  return differences;
}

ListDifference DiffLists(const std::vector<NamedValues>& left,
                         const std::vector<NamedValues>& right) {
  std::map<std::string_view, const NamedValues*> rest;
  for (const NamedValues& item : right) {
    rest.emplace(item.name, &item);
  }
  ListDifference difference;
  for (const NamedValues& item : left) {
    const auto found = rest.find(item.name);
    if (found == rest.end()) {
      difference.only_left.push_back(item);
      continue;
    }
    std::vector<ValueDifference> values = DiffValues(item.values, found->second->values);
    if (!values.empty()) {
      difference.differing.push_back({.name = item.name, .values = std::move(values)});
    }
    rest.erase(found);
  }
  std::ranges::copy_if(right, std::back_inserter(difference.only_right),
                       [&rest](const NamedValues& item) { return rest.contains(item.name); });
  return difference;
}

}  // namespace

ConfigDifference DiffConfigs(const LoadedConfig& left, const LoadedConfig& right) {
  const Groups lefts = GroupValues(left);
  const Groups rights = GroupValues(right);
  return {.settings = DiffValues(lefts.settings, rights.settings),
          .targets = DiffLists(lefts.targets, rights.targets),
          .alert_overrides = DiffLists(lefts.alert_overrides, rights.alert_overrides)};
}

std::string PlaceOf(const Origin& origin) {
  return origin.file.empty() ? "built-in" : fmt::format("{}:{}", origin.file, origin.line);
}

}  // namespace pathwitness
