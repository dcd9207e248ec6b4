#include "config/document.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <utility>

#include "config/load.h"
#include "config/values.h"

namespace pathwitness {
namespace {

// The bytes that may follow the first one of a UTF-8 character; behind it come `tails` more
// between 0x80 and 0xBF. Source: RFC 3629, 4.
struct Utf8Lead {
  unsigned first_low;
  unsigned first_high;
  unsigned second_low;
  unsigned second_high;
  std::size_t length;
};

constexpr std::array<Utf8Lead, 8> kUtf8Leads = {{{0xC2, 0xDF, 0x80, 0xBF, 2},
                                                 {0xE0, 0xE0, 0xA0, 0xBF, 3},
                                                 {0xE1, 0xEC, 0x80, 0xBF, 3},
                                                 {0xED, 0xED, 0x80, 0x9F, 3},
                                                 {0xEE, 0xEF, 0x80, 0xBF, 3},
                                                 {0xF0, 0xF0, 0x90, 0xBF, 4},
                                                 {0xF1, 0xF3, 0x80, 0xBF, 4},
                                                 {0xF4, 0xF4, 0x80, 0x8F, 4}}};

bool Begins(std::string_view text, const Utf8Lead& lead) {
  const auto is_between = [text](std::size_t i, unsigned low, unsigned high) {
    const unsigned byte = i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    return byte >= low && byte <= high;
  };
  bool begins = is_between(0, lead.first_low, lead.first_high) &&
                is_between(1, lead.second_low, lead.second_high);
  for (std::size_t i = 2; i < lead.length; ++i) {
    begins = begins && is_between(i, 0x80, 0xBF);
  }
  return begins;
}

// How many bytes the UTF-8 character at the start of `text` has; 0: it is none.
std::size_t Utf8Length(std::string_view text) {
  if (static_cast<unsigned char>(text.front()) < 0x80) {
    return 1;
  }
  for (const Utf8Lead& lead : kUtf8Leads) {
    if (Begins(text, lead)) {
      return lead.length;
    }
  }
  return 0;
}

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
