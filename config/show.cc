#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/load.h"
#include "config/shown_text.h"

namespace pathwitness {
namespace {

// One step of a dotted key: "targets[a]" is the step "targets" and the list item "a".
struct Step {
  std::string name;
  bool is_item = false;

  bool operator==(const Step&) const = default;
};

// Behind these, the rest of a key is one name that may have dots in it.
bool HoldsFreeNames(std::string_view name) {
  return name == "labels" || name == "headers";
}

std::vector<Step> StepsOf(std::string_view key) {
  std::vector<Step> steps;
  while (!key.empty()) {
    const bool is_item = key.front() == '[';
    const bool is_free = !is_item && !steps.empty() && HoldsFreeNames(steps.back().name);
    const std::size_t end = is_item   ? key.find(']')
                            : is_free ? key.size()
                                      : key.find_first_of(".[");
    const std::size_t start = is_item ? 1 : 0;
    steps.push_back({std::string(key.substr(start, end - start)), is_item});
    key.remove_prefix(std::min(key.size(), end == std::string_view::npos ? key.size() : end));
    key.remove_prefix(is_item ? 1 : 0);
    key.remove_prefix(key.starts_with('.') ? 1 : 0);
  }
  return steps;
}

std::string CommentOf(const Origin& origin) {
  return origin.file.empty() ? "built-in" : fmt::format("{}:{}", origin.file, origin.line);
}

// Turns values in reading order into nested YAML.
class Printer {
 public:
  void Add(const ShownValue& value) {
    const std::vector<Step> steps = StepsOf(value.key);
    const auto differing = std::mismatch(steps.begin(), steps.end(), open_.begin(), open_.end());
    const auto shared = static_cast<std::size_t>(differing.first - steps.begin());
    for (std::size_t i = shared; i + 1 < steps.size(); ++i) {
      Open(steps, i);
    }
    if (!steps.back().is_item) {
      Begin(steps, steps.size() - 1);
    }
    text_ += fmt::format("{}  # {}\n", value.text, CommentOf(value.origin));
    open_.assign(steps.begin(), steps.end() - 1);
  }

  std::string Take() { return std::move(text_); }

 private:
  // "name:" of a map or list on a line of its own; an item's dash waits for its first key.
  void Open(const std::vector<Step>& steps, std::size_t at) {
    if (steps[at].is_item) {
      has_dash_ = true;
      return;
    }
    Begin(steps, at);
    text_.back() = '\n';
  }

  void Begin(const std::vector<Step>& steps, std::size_t at) {
    const auto names = std::count_if(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(at),
                                     [](const Step& step) { return !step.is_item; });
    const auto items = static_cast<std::ptrdiff_t>(at) - names;
    std::string indent(static_cast<std::size_t>(2 * (names + items)), ' ');
    if (has_dash_) {
      indent.replace(indent.size() - 2, 2, "- ");
      has_dash_ = false;
    }
    text_ += fmt::format("{}{}: ", indent, ToYaml(steps[at].name));
  }

  std::string text_;
  std::vector<Step> open_;
  bool has_dash_ = false;
};

}  // namespace

std::string ShowConfig(const LoadedConfig& loaded) {
  Printer printer;
  for (const ShownValue& value : loaded.values) {
    printer.Add(value);
  }
  return printer.Take();
}

}  // namespace pathwitness
