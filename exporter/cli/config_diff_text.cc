#include <fmt/format.h>

#include <iterator>

#include "exporter/cli/config_diff.h"

namespace pathwitness {
namespace {

using Output = std::back_insert_iterator<std::string>;

struct SideNames {
  std::string_view left;
  std::string_view right;
};

void WriteSide(Output out, int indent, char sign, const std::optional<ShownValue>& value) {
  fmt::format_to(out, "{:{}}{} {}\n", "", indent, sign,
                 value ? fmt::format("{}  # {}", value->text, PlaceOf(value->origin)) : "not set");
}

void WriteValues(Output out, int indent, const std::vector<ValueDifference>& differences) {
  for (const ValueDifference& difference : differences) {
    fmt::format_to(out, "{:{}}{}\n", "", indent, difference.key);
    WriteSide(out, indent + 2, '-', difference.left);
    WriteSide(out, indent + 2, '+', difference.right);
  }
}

void WriteNames(Output out, std::string_view title, const std::vector<NamedValues>& items) {
  if (items.empty()) {
    return;
  }
  fmt::format_to(out, "\n{}\n", title);
  for (const NamedValues& item : items) {
    fmt::format_to(out, "  {}{}\n", item.name,
                   item.values.empty() ? "" : "  # " + PlaceOf(item.values.front().origin));
  }
}

/// With their values: one cannot tell what an override does by its name.
void WriteItems(Output out, std::string_view title, const std::vector<NamedValues>& items) {
  if (items.empty()) {
    return;
  }
  fmt::format_to(out, "\n{}\n", title);
  for (const NamedValues& item : items) {
    fmt::format_to(out, "  {}\n", item.name);
    for (const ShownValue& value : item.values) {
      fmt::format_to(out, "    {}: {}  # {}\n", value.key, value.text, PlaceOf(value.origin));
    }
  }
}

void WriteDiffering(Output out, std::string_view title, const std::vector<NamedDifference>& items) {
  if (items.empty()) {
    return;
  }
  fmt::format_to(out, "\n{}\n", title);
  for (const NamedDifference& item : items) {
    fmt::format_to(out, "  {}\n", item.name);
    WriteValues(out, 4, item.values);
  }
}

void WriteTargets(Output out, const ListDifference& targets, SideNames names) {
  WriteNames(out, fmt::format("targets only in {}", names.left), targets.only_left);
  WriteNames(out, fmt::format("targets only in {}", names.right), targets.only_right);
  WriteDiffering(out, "targets that differ", targets.differing);
}

void WriteOverrides(Output out, const ListDifference& overrides, SideNames names) {
  WriteItems(out, fmt::format("alert overrides only in {}", names.left), overrides.only_left);
  WriteItems(out, fmt::format("alert overrides only in {}", names.right), overrides.only_right);
  WriteDiffering(out, "alert overrides that differ", overrides.differing);
}

}  // namespace

std::string DiffText(const ConfigDifference& difference, std::string_view left_name,
                     std::string_view right_name) {
  const SideNames names{left_name, right_name};
  if (difference.IsEmpty()) {
    return fmt::format("{} and {} do not differ\n", names.left, names.right);
  }
  std::string text = fmt::format("- {}\n+ {}\n", names.left, names.right);
  const auto out = std::back_inserter(text);
  if (!difference.settings.empty()) {
    fmt::format_to(out, "\nsettings\n");
    WriteValues(out, 2, difference.settings);
  }
  WriteTargets(out, difference.targets, names);
  WriteOverrides(out, difference.alert_overrides, names);
  return text;
}

}  // namespace pathwitness
