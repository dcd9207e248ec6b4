#include "config/document.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <utility>

#include "config/load.h"
#include "config/values.h"
#include "probes/base/utf8.h"

namespace pathwitness {
namespace {

void RequireText(std::string_view text, const std::string& file) {
  int line = 1;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\0') {
      throw ConfigError({{file, line, 0, "", "holds a NUL byte: not a text file"}});
    }
    const std::size_t length = Utf8Length(text.substr(i));
    if (length == 0) {
      throw ConfigError({{file, line, 0, "", "not UTF-8"}});
    }
    line += text[i] == '\n' ? 1 : 0;
    i += length;
  }
}

// The first `${X}` or `@@X@@`, which a template engine should have replaced; empty: none.
std::string_view FindPlaceholder(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kBrackets = {
      {{"${", "}"}, {"@@", "@@"}}};
  for (const auto& [open, close] : kBrackets) {
    const std::size_t start = text.find(open);
    const std::size_t end =
        start == std::string_view::npos ? start : text.find(close, start + open.size());
    if (end != std::string_view::npos && end > start + open.size()) {
      return text.substr(start, end + close.size() - start);
    }
  }
  return {};
}

void CheckText(std::string_view text, YamlPosition at, const std::string& path, ReadLog& log) {
  const std::string_view placeholder = FindPlaceholder(text);
  if (!placeholder.empty()) {
    log.AddProblem(
        at, path,
        fmt::format("leftover placeholder {}: nothing fills it in here", Quote(placeholder)));
  }
}

void CheckTree(const YamlNode& node, const std::string& path, ReadLog& log);

void CheckEntries(const YamlNode& map, const std::string& path, ReadLog& log) {
  std::map<std::string_view, int> lines;
  for (const YamlNode::Entry& entry : map.entries) {
    const auto [first, is_new] = lines.emplace(entry.key, entry.position.line);
    if (!is_new) {
      log.AddProblem(
          entry.position, path,
          fmt::format("duplicate key {}; first in line {}", Quote(entry.key), first->second));
    }
    if (entry.key == kMergeKey) {
      log.AddProblem(entry.position, path,
                     "merge key '<<' is not supported; use 'defaults' for what targets share, or "
                     "an alias for a whole value");
    }
    CheckText(entry.key, entry.position, path, log);
    CheckTree(entry.value, path.empty() ? entry.key : path + "." + entry.key, log);
  }
}

void CheckTree(const YamlNode& node, const std::string& path, ReadLog& log) {
  CheckText(node.text, node.position, path, log);
  CheckEntries(node, path, log);
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    CheckTree(node.items[i], fmt::format("{}[{}]", path, i), log);
  }
}

}  // namespace

YamlNode ReadDocument(std::string_view text, const std::string& file, std::size_t file_index,
                      ReadLog& log) {
  RequireText(text, file);
  YamlNode root = ParseYaml(text, file, file_index);
  CheckTree(root, "", log);
  return root;
}

}  // namespace pathwitness
