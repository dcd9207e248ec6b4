#include "exporter/json_tree.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

namespace pathwitness {
namespace {

// The parser's own tree, filtered, takes quadratic time.
class TreeBuilder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit TreeBuilder(JsonBounds bounds) : bounds_(bounds) {}

  std::variant<YamlNode, JsonProblem> Take() {
    if (problem_) {
      return std::move(*problem_);
    }
    return std::move(root_);
  }

  bool null() override { return Add({}) != nullptr; }
  bool boolean(bool value) override { return AddText(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return AddText(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return AddText(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return AddText(text); }
  bool string(string_t& value) override { return AddText(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Open(YamlNode::Kind::Map); }
  bool start_array(std::size_t) override { return Open(YamlNode::Kind::List); }
  bool key(string_t& name) override {
    key_ = std::move(name);
    return true;
  }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception&) override {
    return Refuse(
        {.is_too_large = false, .what = fmt::format("is no JSON from its byte {} on", position)});
  }

 private:
  bool Refuse(JsonProblem problem) {
    problem_ = std::move(problem);
    return false;  // the parser ends
  }

  // Null when there are too many.
  YamlNode* Add(YamlNode node) {
    if (++values_ > bounds_.most_values) {
      Refuse({.is_too_large = true,
              .what = fmt::format("has more than {} values", bounds_.most_values)});
      return nullptr;
    }
    if (open_.empty()) {
      root_ = std::move(node);
      return &root_;
    }
    YamlNode& parent = *open_.back();
    if (parent.kind == YamlNode::Kind::List) {
      return &parent.items.emplace_back(std::move(node));
    }
    parent.entries.push_back({.key = std::move(key_), .position = {}, .value = std::move(node)});
    return &parent.entries.back().value;
  }

  bool AddText(std::string text) {
    YamlNode node;
    node.kind = YamlNode::Kind::Scalar;
    node.text = std::move(text);
    return Add(std::move(node)) != nullptr;
  }

  bool Open(YamlNode::Kind kind) {
    if (open_.size() >= bounds_.deepest) {
      return Refuse({.is_too_large = false,
                     .what = fmt::format("is nested deeper than {}", bounds_.deepest)});
    }
    YamlNode* const node = Add({});
    if (node == nullptr) {
      return false;
    }
    node->kind = kind;
    open_.push_back(node);
    return true;
  }

  bool Close() {
    open_.pop_back();
    return true;
  }

  JsonBounds bounds_;
  YamlNode root_;
  std::vector<YamlNode*> open_;  // an open list or map gets no siblings, so it does not move
  std::string key_;
  std::size_t values_ = 0;
  std::optional<JsonProblem> problem_;
};

}  // namespace

std::variant<YamlNode, JsonProblem> ParseJson(std::string_view text, JsonBounds bounds) {
  TreeBuilder builder(bounds);
  nlohmann::json::sax_parse(text, &builder);
  return builder.Take();
}

}  // namespace pathwitness
