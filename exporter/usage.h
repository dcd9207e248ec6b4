#pragma once

#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the parser's
class App;
}

// What can be said on the command line, as values: help for people, completions for shells and the
// manual page are all made of it, so that none can lag behind the parser.
namespace pathwitness {

struct OptionUsage {
  std::vector<std::string> names;  // with their dashes; a positional's single name has none
  std::string help;
  std::string value;  // FILE, DIR, a choice such as info|warn, or another word; empty: a switch
  std::string default_value;  // empty: none
  bool is_positional = false;
  bool is_required = false;
  bool is_repeatable = false;
};

struct CommandUsage {
  std::string name;  // one word, below that of its parent
  std::string help;
  std::vector<OptionUsage> options;
  std::vector<CommandUsage> commands;
};

/// All that `app` takes, in the order of its declaration.
CommandUsage UsageOf(const CLI::App& app);

/// The words of a choice such as "info|warn"; empty for any other value.
std::vector<std::string> ChoicesOf(const OptionUsage& option);

}  // namespace pathwitness
