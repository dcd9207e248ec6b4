#include "exporter/cli/completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>
#include <vector>

namespace pathwitness {
namespace {

/// A command below the program, with all words that lead to it.
struct Place {
  const CommandUsage& command;
  std::string path;  // "check config"; empty for the program itself
};

void Collect(const CommandUsage& command, const std::string& path, std::vector<Place>& places) {
  places.push_back({command, path});
  for (const CommandUsage& below : command.commands) {
    Collect(below, path.empty() ? below.name : path + " " + below.name, places);
  }
}

std::vector<Place> AllPlaces(const CommandUsage& program) {
  std::vector<Place> places;
  Collect(program, "", places);
  return places;
}

std::string Replaced(std::string text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

// ---- bash

/// What bash offers for a value; empty: nothing is known about it.
std::string BashAction(const OptionUsage& option) {
  if (option.value == "FILE") {
    return "-f";
  }
  if (option.value == "DIR") {
    return "-d";
  }
  const std::vector<std::string> choices = ChoicesOf(option);
  return choices.empty() ? "" : fmt::format("-W '{}'", fmt::join(choices, " "));
}

/// What `compgen` is asked for where the value of an option stands.
std::string BashValues(const std::vector<Place>& places) {
  std::string cases;
  for (const Place& place : places) {
    for (const OptionUsage& option : place.command.options) {
      if (option.is_positional || option.value.empty()) {
        continue;
      }
      for (const std::string& name : option.names) {
        cases += fmt::format("    '{} {}') wanted=({}) ;;\n", place.path, name, BashAction(option));
      }
    }
  }
  return cases;
}

/// What it is asked for everywhere else.
std::string BashWords(const std::vector<Place>& places) {
  std::string cases;
  for (const Place& place : places) {
    std::vector<std::string> words;
    std::string action;
    for (const CommandUsage& below : place.command.commands) {
      words.push_back(below.name);
    }
    for (const OptionUsage& option : place.command.options) {
      if (option.is_positional) {
        const std::vector<std::string> choices = ChoicesOf(option);
        words.insert(words.end(), choices.begin(), choices.end());
        action = choices.empty() ? BashAction(option) : "";
        continue;
      }
      words.insert(words.end(), option.names.begin(), option.names.end());
    }
    cases += fmt::format("    '{}') wanted=({}{}-W '{}') ;;\n", place.path, action,
                         action.empty() ? "" : " ", fmt::join(words, " "));
  }
  return cases;
}

std::string BashPaths(const std::vector<Place>& places) {
  std::vector<std::string> paths;
  for (const Place& place : places) {
    if (!place.path.empty()) {
      paths.push_back("'" + place.path + "'");
    }
  }
  return fmt::format("{}", fmt::join(paths, " | "));
}

// ---- zsh

std::string InSingleQuotes(const std::string& text) {
  return "'" + Replaced(text, "'", R"('\'')") + "'";
}

std::string ZshAction(const OptionUsage& option) {
  if (option.value == "FILE") {
    return "_files";
  }
  if (option.value == "DIR") {
    return "_files -/";
  }
  const std::vector<std::string> choices = ChoicesOf(option);
  return choices.empty() ? " " : fmt::format("({})", fmt::join(choices, " "));
}

/// In a specification of `_arguments` a bracket ends the help, and a colon ends a field.
std::string ZshOption(const OptionUsage& option, const std::string& name) {
  const std::string help = Replaced(Replaced(option.help, "[", R"(\[)"), "]", R"(\])");
  const std::string value = Replaced(option.value, "|", " or ");
  if (option.is_positional) {
    return InSingleQuotes(
        fmt::format("{}:{}:{}", option.is_repeatable ? "*" : "", value, ZshAction(option)));
  }
  if (option.value.empty()) {
    return InSingleQuotes(fmt::format("{}[{}]", name, help));
  }
  const bool has_long_name = name.starts_with("--");
  return InSingleQuotes(fmt::format("{}{}{}[{}]:{}:{}", option.is_repeatable ? "*" : "", name,
                                    has_long_name ? "=" : "+", help, value, ZshAction(option)));
}

std::string ZshFunctionName(const std::string& path) {
  return path.empty() ? "_pathwitness" : "_pathwitness_" + Replaced(path, " ", "_");
}

/// How to go on below the first word of `place`.
std::string ZshCommands(const Place& place) {
  std::string described;
  std::string cases;
  for (const CommandUsage& below : place.command.commands) {
    described += fmt::format("        {}\n", InSingleQuotes(below.name + ":" + below.help));
    const std::string path = place.path.empty() ? below.name : place.path + " " + below.name;
    cases += fmt::format("        {}) {} ;;\n", below.name, ZshFunctionName(path));
  }
  return fmt::format(
      "  case $state in\n"
      "    command)\n"
      "      commands=(\n{}      )\n"
      "      _describe command commands\n"
      "      ;;\n"
      "    rest)\n"
      "      case $line[1] in\n{}      esac\n"
      "      ;;\n"
      "  esac\n",
      described, cases);
}

std::string ZshFunction(const Place& place) {
  std::string arguments;
  for (const OptionUsage& option : place.command.options) {
    for (const std::string& name : option.names) {
      arguments += fmt::format(" \\\n    {}", ZshOption(option, name));
    }
  }
  const bool has_commands = !place.command.commands.empty();
  if (has_commands) {
    arguments += " \\\n    '1: :->command' \\\n    '*:: :->rest'";
  }
  return fmt::format(
      "{}() {{\n  local -a commands line\n  local state\n  _arguments -C{}\n{}}}\n\n",
      ZshFunctionName(place.path), arguments, has_commands ? ZshCommands(place) : "");
}

}  // namespace

std::string BashCompletion(const CommandUsage& program) {
  const std::vector<Place> places = AllPlaces(program);
  return fmt::format(R"(# Printed by `pathwitness completion bash`.
_pathwitness() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} command= i
  # "--name=value" comes as three words.
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = ]]; then
    before=${{COMP_WORDS[COMP_CWORD - 2]}}
  fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "${{command:+$command }}${{COMP_WORDS[i]}}" in
      {})
        command="${{command:+$command }}${{COMP_WORDS[i]}}" ;;
    esac
  done
  local -a wanted=(none)
  case "$command $before" in
{}  esac
  if [[ ${{wanted[0]-}} == none ]]; then
    case $command in
{}    esac
  fi
  COMPREPLY=()
  if [[ ${{#wanted[@]}} -gt 0 ]]; then
    mapfile -t COMPREPLY < <(compgen "${{wanted[@]}}" -- "$word")
    [[ ${{wanted[0]}} == -W ]] || compopt -o filenames 2>/dev/null || true
  fi
}}
complete -F _pathwitness pathwitness
)",
                     BashPaths(places), BashValues(places), BashWords(places));
}

std::string ZshCompletion(const CommandUsage& program) {
  std::string functions;
  for (const Place& place : AllPlaces(program)) {
    functions += ZshFunction(place);
  }
  return "#compdef pathwitness\n# Printed by `pathwitness completion zsh`.\n\n" + functions +
         "_pathwitness \"$@\"\n";
}

}  // namespace pathwitness
