#include "config/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "config/load.h"
#include "config/values.h"
#include "config/yaml_bounds.h"

namespace pathwitness {
namespace {

constexpr std::size_t kDeepest = kDeepestYaml;
constexpr std::size_t kMostNodes = 1'000'000;

YamlPosition ToPosition(const YAML::Mark& mark, std::size_t file) {
  return mark.is_null() ? YamlPosition{} : YamlPosition{mark.line + 1, mark.column + 1, file};
}

std::size_t CountNodes(const YamlNode& node) {
  std::size_t count = 1;
  for (const YamlNode& item : node.items) {
    count += CountNodes(item);
  }
  for (const YamlNode::Entry& entry : node.entries) {
    count += CountNodes(entry.value);
  }
  return count;
}

// Builds the tree from the parser's events: its own node graph forgets duplicate keys and where
// they stood.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, std::size_t file_index)
      : file_(file), file_index_(file_index) {}

  YamlNode TakeRoot() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (has_document_) {
      Fail(At(mark), "a second document: one file holds one");
    }
    has_document_ = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Open(YamlNode::Kind::Null, mark, "", anchor);
    Close();
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto original = anchors_.find(anchor);
    if (original == anchors_.end()) {
      Fail(At(mark), "an alias inside the value that it stands for");
    }
    Count(original->second, At(mark));
    Attach(original->second, At(mark));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Open(YamlNode::Kind::Scalar, mark, tag, anchor);
    open_.back().node.is_quoted = tag == "!";
    open_.back().node.text = value;
    Close();
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::List, mark, tag, anchor);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::Map, mark, tag, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct OpenNode {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    std::optional<YamlNode> key;  // of the map entry whose value comes next
  };

  YamlPosition At(const YAML::Mark& mark) const { return ToPosition(mark, file_index_); }

  [[noreturn]] void Fail(YamlPosition at, std::string what) const {
    throw ConfigError({{file_, at.line, at.column, "", std::move(what)}});
  }

  void Open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    const YamlPosition at = At(mark);
    if (!tag.empty() && tag != "?" && tag != "!") {
      Fail(at, "tags such as " + Quote(tag) + " are not supported");
    }
    if (open_.size() == kDeepest) {
      Fail(at, "nested deeper than " + std::to_string(kDeepest) + " levels");
    }
    OpenNode open{.node = {}, .anchor = anchor, .key = {}};
    open.node.kind = kind;
    open.node.position = at;
    Count(open.node, at);
    open_.push_back(std::move(open));
  }

  void Close() {
    OpenNode closed = std::move(open_.back());
    open_.pop_back();
    const YamlPosition at = closed.node.position;
    if (closed.anchor != 0) {
      Count(closed.node, at);
      anchors_[closed.anchor] = closed.node;
    }
    Attach(std::move(closed.node), at);
  }

  void Attach(YamlNode node, YamlPosition at) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    OpenNode& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::List) {
      parent.node.items.push_back(std::move(node));
      return;
    }
    if (parent.key) {
      parent.node.entries.push_back(
          {std::move(parent.key->text), parent.key->position, std::move(node)});
      parent.key.reset();
      return;
    }
    if (node.kind != YamlNode::Kind::Scalar) {
      Fail(at, "a key must be text");
    }
    parent.key = std::move(node);
  }

  // Aliases of aliases grow without bound in a file of a few lines.
  void Count(const YamlNode& node, YamlPosition at) {
    nodes_ += CountNodes(node);
    if (nodes_ > kMostNodes) {
      Fail(at, "more than " + std::to_string(kMostNodes) + " values, aliases counted in full");
    }
  }

  const std::string& file_;
  std::size_t file_index_;
  bool has_document_ = false;
  YamlNode root_;
  std::vector<OpenNode> open_;  // from the root to the node being read
  std::map<YAML::anchor_t, YamlNode> anchors_;
  std::size_t nodes_ = 0;
};

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [key](const Entry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &found->value;
}

std::string_view KindName(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::Null:
      return "nothing";
    case YamlNode::Kind::Scalar:
      return "a single value";
    case YamlNode::Kind::List:
      return "a list";
    case YamlNode::Kind::Map:
      return "a map";
  }
  return "";
}

YamlNode ParseYaml(std::string_view text, const std::string& file, std::size_t file_index) {
  if (const std::optional<YamlExcess> excess = FindYamlExcess(text)) {
    throw ConfigError({{file, excess->line, excess->column, "", excess->what}});
  }
  TreeBuilder builder(file, file_index);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    const YamlPosition at = ToPosition(error.mark, file_index);
    throw ConfigError({{file, at.line, at.column, "", "not valid YAML: " + error.msg}});
  }
  return builder.TakeRoot();
}

}  // namespace pathwitness
