#include "config/yaml_bounds.h"

#include <algorithm>

namespace pathwitness {
namespace {

constexpr std::size_t kLongestInBrackets = 1U << 20U;

bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

// Walks over a text and keeps account of its brackets.
class BracketScanner {
 public:
  explicit BracketScanner(std::string_view text) : text_(text) {}

  std::optional<YamlExcess> Run() {
    while (at_ < text_.size()) {
      if (depth_ == 0 && at_ == line_start_) {
        SkipBlockText();
      }
      if (at_ == text_.size()) {
        break;  // block text without a last line break
      }
      Step();
      if (depth_ > kDeepestYaml) {
        return Excess("nested deeper than " + std::to_string(kDeepestYaml) + " levels");
      }
      if (depth_ > 0 && at_ - opened_at_ > kLongestInBrackets) {
        return Excess("a collection in brackets is longer than 1 MiB; write it as lines");
      }
    }
    return std::nullopt;
  }

 private:
  YamlExcess Excess(std::string what) const {
    return {line_, static_cast<int>(at_ - line_start_), std::move(what)};
  }

  // Takes one character, or all of a quoted text or comment.
  void Step() {
    const char c = text_[at_];
    if (c == '\n') {
      StartLine();
      return;
    }
    if (c == '#' && is_after_space_) {
      at_ = std::min(text_.find('\n', at_), text_.size());
      return;
    }
    if ((c == '"' || c == '\'') && is_at_value_) {
      SkipQuoted(c);
      return;
    }
    Count(c);
    ++at_;
    is_after_space_ = IsBlank(c);
    is_at_value_ = IsValueNext(c);
  }

  void Count(char c) {
    if ((c == '[' || c == '{') && (depth_ > 0 || is_at_value_)) {
      opened_at_ = depth_ == 0 ? at_ : opened_at_;
      ++depth_;
    }
    if ((c == ']' || c == '}') && depth_ > 0) {
      --depth_;
    }
  }

  // Whether a value may begin behind `c`.
  bool IsValueNext(char c) const {
    if (depth_ > 0) {
      return is_at_value_ ? IsBlank(c) || IsOpening(c) : IsOpening(c);
    }
    const bool is_mark_then_blank =
        IsBlank(c) && at_ >= 2 && (text_[at_ - 2] == ':' || text_[at_ - 2] == '-');
    return is_mark_then_blank || (is_at_value_ && IsBlank(c));
  }

  static bool IsOpening(char c) { return c == '[' || c == '{' || c == ',' || c == ':'; }

  void StartLine() {
    ++at_;
    ++line_;
    line_start_ = at_;
    is_after_space_ = true;
    is_at_value_ = true;
  }

  void SkipQuoted(char quote) {
    ++at_;
    while (at_ < text_.size() && text_[at_] != quote) {
      at_ += quote == '"' && text_[at_] == '\\' ? 1U : 0U;
      if (at_ < text_.size() && text_[at_] == '\n') {
        ++line_;
        line_start_ = at_ + 1;
      }
      at_ = std::min(at_ + 1, text_.size());
    }
    at_ = std::min(at_ + 1, text_.size());
    is_after_space_ = false;
    is_at_value_ = at_ < text_.size() && text_[at_] == quote;  // '' is a quote in a quoted text
  }

  // Skips lines that belong to the block text ("key: |") that the line before has begun.
  void SkipBlockText() {
    const std::optional<std::size_t> parent = BlockTextParent();
    while (parent && at_ < text_.size()) {
      const std::size_t end = std::min(text_.find('\n', at_), text_.size());
      const std::size_t first = text_.find_first_not_of(' ', at_);
      if (first < end && text_[first] != '\r' && first - at_ <= *parent) {
        return;
      }
      at_ = end;
      if (at_ < text_.size()) {
        StartLine();
      }
    }
  }

  // The indentation of the line before when it ends in a mark of block text.
  std::optional<std::size_t> BlockTextParent() const {
    if (line_start_ == 0) {
      return std::nullopt;
    }
    const std::size_t before = text_.rfind('\n', line_start_ - 2);
    const std::size_t start = line_start_ < 2 || before == std::string_view::npos ? 0 : before + 1;
    const std::string_view line = text_.substr(start, line_start_ - 1 - start);
    const std::size_t mark = line.find_last_not_of("+-0123456789 \t\r");
    const bool is_block = mark != std::string_view::npos && mark > 0 &&
                          (line[mark] == '|' || line[mark] == '>') && line[mark - 1] == ' ';
    if (!is_block) {
      return std::nullopt;
    }
    return std::min(line.find_first_not_of(" -"), mark - 1);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::size_t line_start_ = 0;
  std::size_t depth_ = 0;
  std::size_t opened_at_ = 0;  // where the outermost bracket stands
  bool is_after_space_ = true;
  bool is_at_value_ = true;
};

}  // namespace

std::optional<YamlExcess> FindYamlExcess(std::string_view text) {
  return BracketScanner(text).Run();
}

}  // namespace pathwitness
