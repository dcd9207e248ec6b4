#include "exporter/usage.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <sstream>

namespace pathwitness {
namespace {

/// The parser lays a validator's bounds behind the type with a colon.
std::string ValueName(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) {
    return "";
  }
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(':'));
}

OptionUsage UsageOf(const CLI::Option& option) {
  OptionUsage usage{
      .help = option.get_description(),
      .value = ValueName(option),
      .default_value = option.get_default_str(),
      .is_positional = option.get_positional(),
      .is_required = option.get_required(),
      .is_repeatable = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll};
  if (usage.is_positional) {
    usage.names = {option.get_name(true)};
    return usage;
  }
  std::ranges::transform(option.get_snames(), std::back_inserter(usage.names),
                         [](const std::string& name) { return "-" + name; });
  std::ranges::transform(option.get_lnames(), std::back_inserter(usage.names),
                         [](const std::string& name) { return "--" + name; });
  return usage;
}

}  // namespace

CommandUsage UsageOf(const CLI::App& app) {
  CommandUsage usage{.name = app.get_name(), .help = app.get_description()};
  for (const CLI::Option* const option : app.get_options()) {
    usage.options.push_back(UsageOf(*option));
  }
  for (const CLI::App* const command : app.get_subcommands([](const CLI::App*) { return true; })) {
    usage.commands.push_back(UsageOf(*command));
  }
  return usage;
}

std::vector<std::string> ChoicesOf(const OptionUsage& option) {
  if (option.value.find('|') == std::string::npos) {
    return {};
  }
  std::vector<std::string> choices;
  std::istringstream words(option.value);
  for (std::string word; std::getline(words, word, '|');) {
    choices.push_back(word);
  }
  return choices;
}

}  // namespace pathwitness
