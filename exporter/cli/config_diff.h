#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace pathwitness {

/// A value that two configurations disagree on; nothing where a side has no such key.
struct ValueDifference {
  std::string key;  // dotted; within a target or an override, what stands behind its name
  std::optional<ShownValue> left;
  std::optional<ShownValue> right;
};

/// A target or an alert override with all its values; their keys stand behind its name.
struct NamedValues {
  std::string name;
  std::vector<ShownValue> values;
};

struct NamedDifference {
  std::string name;
  std::vector<ValueDifference> values;  // not empty
};

/// How two lists of named things differ, each in the order of its configuration.
struct ListDifference {
  std::vector<NamedValues> only_left;
  std::vector<NamedValues> only_right;
  std::vector<NamedDifference> differing;

  bool IsEmpty() const { return only_left.empty() && only_right.empty() && differing.empty(); }
};

/// What two configurations disagree on. Values that are equal are no difference wherever they
/// come from, be it that one target sets what the other takes from `defaults`.
struct ConfigDifference {
  std::vector<ValueDifference> settings;
  ListDifference targets;          // by name
  ListDifference alert_overrides;  // by alert, tier and target

  bool IsEmpty() const {
    return settings.empty() && targets.IsEmpty() && alert_overrides.IsEmpty();
  }
};

/// Never fails. Compares what is shown: two secrets that differ are both masked, hence equal.
ConfigDifference DiffConfigs(const LoadedConfig& left, const LoadedConfig& right);

/// For people: grouped, `-` for the left and `+` for the right, each value with its place. The
/// names stand for the two sides. A single line when nothing differs.
std::string DiffText(const ConfigDifference& difference, std::string_view left_name,
                     std::string_view right_name);

/// For programs: the same as a JSON object, in one document of several lines.
std::string DiffJson(const ConfigDifference& difference, std::string_view left_name,
                     std::string_view right_name);

/// Where a value comes from: "file:line", or "built-in".
std::string PlaceOf(const Origin& origin);

}  // namespace pathwitness
