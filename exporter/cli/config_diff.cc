#include "exporter/cli/config_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace pathwitness {
namespace {

using Values = std::vector<ShownValue>;

constexpr std::string_view kDefaults = "defaults.";
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

/// The first of the keys that start with `prefix`; null when none does.
const ShownValue* FirstUnder(const ByKey& values, const std::string& prefix) {
  const auto next = values.lower_bound(prefix);
  return next != values.end() && next->first.starts_with(prefix) ? next->second : nullptr;
}

/// True when `value` is an empty list or map which the other side fills: its items, which only the
/// other side has, say so already.
bool IsFilledIn(const ShownValue& value, const ByKey& other) {
  return (value.text == "[]" || value.text == "{}") &&
         (FirstUnder(other, value.key + ".") != nullptr ||
          FirstUnder(other, value.key + "[") != nullptr);
}

/// One side of a comparison; a view.
struct Side {
  const Values& values;
  const ByKey& defaults;  // what a target takes from `defaults`, as if it stood in the target
  ByKey by_key = IndexByKey(values);

  /// The value in force: that of the key itself, else the one taken from `defaults`.
  std::optional<ShownValue> Find(const std::string& key) const {
    if (const auto own = by_key.find(key); own != by_key.end()) {
      return *own->second;
    }
    const auto inherited = defaults.find(key);
    if (inherited == defaults.end() || !Inherits(key)) {
      return std::nullopt;
    }
    return *inherited->second;
  }

  /// A target that has no such section is not probed that way, whatever the defaults are.
  bool Inherits(const std::string& key) const {
    const std::string section = key.substr(0, key.find('.') + 1);
    return (section != "https." && section != "pulse.") || FirstUnder(by_key, section) != nullptr;
  }
};

bool IsDifferent(const ValueDifference& pair, const Side& left, const Side& right) {
  if (pair.left && pair.right) {
    return pair.left->text != pair.right->text;
  }
  return pair.left ? !IsFilledIn(*pair.left, right.by_key) : !IsFilledIn(*pair.right, left.by_key);
}

/// Keys in the order of the left side; those that only the right has come last.
std::vector<ValueDifference> DiffValues(const Side& left, const Side& right) {
  std::vector<ValueDifference> differences;
  const auto compare = [&](const std::string& key) {
    ValueDifference pair{.key = key, .left = left.Find(key), .right = right.Find(key)};
    if (IsDifferent(pair, left, right)) {
      differences.push_back(std::move(pair));
    }
  };
  for (const ShownValue& value : left.values) {
    compare(value.key);
  }
  for (const ShownValue& value : right.values) {
    if (!left.by_key.contains(value.key)) {
      compare(value.key);
    }
  }
  return differences;
}

/// `defaults.x` of the settings as `x`.
Values DefaultsOf(const Values& settings) {
  Values defaults;
  for (const ShownValue& value : settings) {
    if (value.key.starts_with(kDefaults)) {
      defaults.push_back(value);
      defaults.back().key.erase(0, kDefaults.size());
    }
  }
  return defaults;
}

/// A list of named things with what its items inherit.
struct ListSide {
  const std::vector<NamedValues>& items;
  const ByKey& defaults;
};

ListDifference DiffLists(const ListSide& left, const ListSide& right) {
  std::map<std::string_view, const NamedValues*> rest;
  for (const NamedValues& item : right.items) {
    rest.emplace(item.name, &item);
  }
  ListDifference difference;
  for (const NamedValues& item : left.items) {
    const auto found = rest.find(item.name);
    if (found == rest.end()) {
      difference.only_left.push_back(item);
      continue;
    }
    std::vector<ValueDifference> values =
        DiffValues({item.values, left.defaults}, {found->second->values, right.defaults});
    if (!values.empty()) {
      difference.differing.push_back({.name = item.name, .values = std::move(values)});
    }
    rest.erase(found);
  }
  std::ranges::copy_if(right.items, std::back_inserter(difference.only_right),
                       [&rest](const NamedValues& item) { return rest.contains(item.name); });
  return difference;
}

}  // namespace

ConfigDifference DiffConfigs(const LoadedConfig& left, const LoadedConfig& right) {
  const Groups lefts = GroupValues(left);
  const Groups rights = GroupValues(right);
  const Values left_values = DefaultsOf(lefts.settings);
  const Values right_values = DefaultsOf(rights.settings);
  const ByKey left_defaults = IndexByKey(left_values);
  const ByKey right_defaults = IndexByKey(right_values);
  const ByKey none;
  return {
      .settings = DiffValues({lefts.settings, none}, {rights.settings, none}),
      .targets = DiffLists({lefts.targets, left_defaults}, {rights.targets, right_defaults}),
      .alert_overrides = DiffLists({lefts.alert_overrides, none}, {rights.alert_overrides, none})};
}

std::string PlaceOf(const Origin& origin) {
  return origin.file.empty() ? "built-in" : fmt::format("{}:{}", origin.file, origin.line);
}

}  // namespace pathwitness
