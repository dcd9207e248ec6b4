#include "exporter/rules/rule_drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "config/values.h"
#include "exporter/rules/promql.h"

namespace pathwitness {
namespace {

using Texts = std::map<std::string, std::string>;

void Add(std::string field, std::string shipped, std::string live, std::vector<FieldDrift>& out) {
  out.push_back({std::move(field), std::move(shipped), std::move(live)});
}

void CompareTexts(const std::string& prefix, const Texts& shipped, const Texts& live,
                  std::vector<FieldDrift>& out) {
  std::set<std::string> names;
  for (const Texts* side : {&shipped, &live}) {
    for (const auto& [name, text] : *side) {
      names.insert(name);
    }
  }
  const auto text_of = [](const Texts& texts, const std::string& name) {
    const auto found = texts.find(name);
    return found == texts.end() ? std::string() : found->second;
  };
  for (const std::string& name : names) {
    if (text_of(shipped, name) != text_of(live, name)) {
      Add(prefix + name, text_of(shipped, name), text_of(live, name), out);
    }
  }
}

void CompareDurations(const std::string& field, Duration shipped, Duration live,
                      std::vector<FieldDrift>& out) {
  if (shipped != live) {
    Add(field, FormatDuration(shipped), FormatDuration(live), out);
  }
}

std::vector<FieldDrift> CompareFields(const Rule& shipped, const Rule& live) {
  std::vector<FieldDrift> fields;
  if (!IsSameExpression(shipped.expr, live.expr)) {
    Add("expr", shipped.expr, live.expr, fields);
  }
  CompareDurations("for", shipped.hold.value_or(Duration::zero()),
                   live.hold.value_or(Duration::zero()), fields);
  CompareDurations("keep_firing_for", shipped.keep_firing_for, live.keep_firing_for, fields);
  CompareTexts("labels.", shipped.labels, live.labels, fields);
  CompareTexts("annotations.", shipped.annotations, live.annotations, fields);
  return fields;
}

// Which rule of the other side each is; several rules of a group may have one name.
class Pairing {
 public:
  Pairing(const std::vector<Rule>& shipped, const std::vector<Rule>& live)
      : shipped_(shipped), live_(live), partner_(shipped.size()), is_taken_(live.size()) {
    // The surest first, so that a rule changed by hand is not taken for its neighbour.
    Pair([](const Rule& left, const Rule& right) {
      return left.labels == right.labels && CompareFields(left, right).empty();
    });
    Pair([](const Rule& left, const Rule& right) { return left.labels == right.labels; });
    Pair([](const Rule& left, const Rule& right) { return TitleOf(left) == TitleOf(right); });
    Pair([](const Rule&, const Rule&) { return true; });
  }

  const std::vector<std::optional<std::size_t>>& Partners() const { return partner_; }
  bool IsTaken(std::size_t live) const { return is_taken_[live]; }

 private:
  void Pair(const std::function<bool(const Rule&, const Rule&)>& is_pair) {
    for (std::size_t i = 0; i < shipped_.size(); ++i) {
      for (std::size_t j = 0; j < live_.size() && !partner_[i]; ++j) {
        if (!is_taken_[j] && shipped_[i].is_alert == live_[j].is_alert &&
            shipped_[i].name == live_[j].name && is_pair(shipped_[i], live_[j])) {
          partner_[i] = j;
          is_taken_[j] = true;
        }
      }
    }
  }

  const std::vector<Rule>& shipped_;
  const std::vector<Rule>& live_;
  std::vector<std::optional<std::size_t>> partner_;  // of each shipped rule
  std::vector<bool> is_taken_;                       // of each live rule
};

bool IsOrderKept(const std::vector<std::optional<std::size_t>>& partners) {
  std::vector<std::size_t> there;
  for (const std::optional<std::size_t>& partner : partners) {
    if (partner) {
      there.push_back(*partner);
    }
  }
  return std::is_sorted(there.begin(), there.end());
}

void CompareGroups(const RuleGroup& shipped, const RuleGroup& live, std::vector<RuleDrift>& out) {
  const Pairing pairing(shipped.rules, live.rules);
  std::vector<FieldDrift> of_group;
  if (shipped.interval && live.interval) {
    CompareDurations("interval", *shipped.interval, *live.interval, of_group);
  }
  if (!IsOrderKept(pairing.Partners())) {
    Add("order", "as shipped", "another one: a rule may read what comes only after it", of_group);
  }
  if (!of_group.empty()) {
    out.push_back({DriftKind::Differs, shipped.name, "", std::move(of_group)});
  }
  for (std::size_t i = 0; i < shipped.rules.size(); ++i) {
    const Rule& rule = shipped.rules[i];
    const std::optional<std::size_t> partner = pairing.Partners()[i];
    if (!partner) {
      out.push_back({DriftKind::Missing, shipped.name, TitleOf(rule), {}});
      continue;
    }
    std::vector<FieldDrift> fields = CompareFields(rule, live.rules[*partner]);
    if (!fields.empty()) {
      out.push_back({DriftKind::Differs, shipped.name, TitleOf(rule), std::move(fields)});
    }
  }
  for (std::size_t j = 0; j < live.rules.size(); ++j) {
    if (!pairing.IsTaken(j)) {
      const Rule& rule = live.rules[j];
      out.push_back({DriftKind::Extra, shipped.name, TitleOf(rule), {{"expr", "", rule.expr}}});
    }
  }
}

bool IsAboutUs(const Rule& rule) {
  const auto has_our_name = [](std::string_view name) {
    return name.starts_with("pathwitness_") || name.starts_with("pathwitness:");
  };
  const std::set<std::string> series = SeriesIn(rule.expr);
  return rule.name.starts_with("Pathwitness") || has_our_name(rule.name) ||
         std::any_of(series.begin(), series.end(), has_our_name);
}

// In the order of their first appearance; an interval is that of the first.
std::vector<RuleGroup> MergedByName(const std::vector<RuleGroup>& groups) {
  std::vector<RuleGroup> merged;
  std::map<std::string_view, std::size_t> index;
  for (const RuleGroup& group : groups) {
    const auto [found, is_new] = index.emplace(group.name, merged.size());
    if (is_new) {
      merged.push_back(group);
      continue;
    }
    std::vector<Rule>& rules = merged[found->second].rules;
    rules.insert(rules.end(), group.rules.begin(), group.rules.end());
  }
  return merged;
}

void CompareOthers(const RuleGroup& live, std::vector<RuleDrift>& out) {
  for (const Rule& rule : live.rules) {
    if (IsAboutUs(rule)) {
      out.push_back({DriftKind::Extra, live.name, TitleOf(rule), {{"expr", "", rule.expr}}});
    }
  }
}

// --- text ---------------------------------------------------------------------------------------

std::string OnOneLine(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool is_space = static_cast<unsigned char>(c) <= ' ';
    if (!is_space) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  return line.empty() || line.back() != ' ' ? line : line.substr(0, line.size() - 1);
}

// The part of `text` in which it differs from `other`, with some of what is around it: expressions
// are long, and what somebody changed in them is short.
std::string Excerpt(const std::string& text, const std::string& other) {
  constexpr std::size_t kWhole = 160;
  constexpr std::size_t kAround = 60;
  if (std::max(text.size(), other.size()) <= kWhole) {
    return text;
  }
  const std::size_t shorter = std::min(text.size(), other.size());
  std::size_t same = 0;
  while (same < shorter && text[same] == other[same]) {
    ++same;
  }
  std::size_t same_end = 0;
  while (same_end < shorter - same &&
         text[text.size() - 1 - same_end] == other[other.size() - 1 - same_end]) {
    ++same_end;
  }
  const std::size_t begin = same > kAround ? same - kAround : 0;
  const std::size_t end = std::min(text.size(), text.size() - same_end + kAround);
  return fmt::format("{}{}{}", begin == 0 ? "" : "...", text.substr(begin, end - begin),
                     end == text.size() ? "" : "...");
}

// Two expressions side by side differ by more than what was changed when only one has line breaks.
std::string SpacedTokens(const std::string& expression) {
  std::string line;
  for (const PromqlToken& token : TokensOf(expression)) {
    line += (line.empty() ? "" : " ") + std::string(token.text);
  }
  return line;
}

using Output = std::back_insert_iterator<std::string>;

void WriteField(const FieldDrift& drift, Output out) {
  const auto line_of = drift.field == "expr" ? SpacedTokens : [](const std::string& text) {
    return OnOneLine(text);
  };
  const std::string shipped = line_of(drift.shipped);
  const std::string live = line_of(drift.live);
  fmt::format_to(out, "    {}\n", drift.field);
  if (!shipped.empty()) {
    fmt::format_to(out, "      - {}\n", Excerpt(shipped, live));
  }
  if (!live.empty()) {
    fmt::format_to(out, "      + {}\n", Excerpt(live, shipped));
  }
}

std::string_view WordFor(DriftKind kind) {
  switch (kind) {
    case DriftKind::Missing:
      return "missing";
    case DriftKind::Extra:
      return "not shipped";
    case DriftKind::Differs:
      break;
  }
  return "differs";
}

}  // namespace

std::vector<RuleDrift> CompareRules(const std::vector<RuleGroup>& shipped,
                                    const std::vector<RuleGroup>& live) {
  std::vector<RuleDrift> drifts;
  std::vector<RuleGroup> running = MergedByName(live);
  for (const RuleGroup& group : MergedByName(shipped)) {
    const auto found = std::find_if(running.begin(), running.end(), [&group](const auto& other) {
      return other.name == group.name;
    });
    CompareGroups(group, found == running.end() ? RuleGroup{} : *found, drifts);
    if (found != running.end()) {
      running.erase(found);
    }
  }
  for (const RuleGroup& group : running) {
    CompareOthers(group, drifts);
  }
  return drifts;
}

std::string DriftText(const std::vector<RuleDrift>& drifts) {
  std::string text;
  const auto out = std::back_inserter(text);
  std::string_view group;
  for (const RuleDrift& drift : drifts) {
    if (group != drift.group || text.empty()) {
      group = drift.group;
      fmt::format_to(out, "group {}\n", OnOneLine(group));
    }
    fmt::format_to(out, "  {}: {}\n", WordFor(drift.kind),
                   drift.rule.empty() ? "the group itself" : OnOneLine(drift.rule));
    for (const FieldDrift& field : drift.fields) {
      WriteField(field, out);
    }
  }
  return text;
}

}  // namespace pathwitness
