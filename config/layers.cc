#include "config/layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "config/load.h"
#include "config/values.h"

namespace pathwitness {
namespace {

constexpr std::string_view kTargets = "targets";
constexpr std::string_view kName = "name";
constexpr std::string_view kRemove = "remove";
constexpr std::string_view kPulse = "pulse";

YamlNode* FindIn(YamlNode& map, std::string_view key) {
  const auto found = std::find_if(map.entries.begin(), map.entries.end(),
                                  [key](const YamlNode::Entry& entry) { return entry.key == key; });
  return found == map.entries.end() ? nullptr : &found->value;
}

// False, and a problem, when `node` is neither a map nor empty.
bool RequireMap(const YamlNode& node, ReadLog& log) {
  if (node.kind == YamlNode::Kind::Map || node.kind == YamlNode::Kind::Null) {
    return true;
  }
  log.AddProblem(node.position, "", fmt::format("must be a map, not {}", KindName(node.kind)));
  return false;
}

void Merge(YamlNode& base, YamlNode over) {
  const bool is_collection = base.kind == YamlNode::Kind::Map || base.kind == YamlNode::Kind::List;
  if (over.kind == YamlNode::Kind::Null && is_collection) {
    return;
  }
  if (base.kind != YamlNode::Kind::Map || over.kind != YamlNode::Kind::Map) {
    base = std::move(over);
    return;
  }
  for (YamlNode::Entry& entry : over.entries) {
    YamlNode* known = FindIn(base, entry.key);
    if (known != nullptr) {
      Merge(*known, std::move(entry.value));
    } else {
      base.entries.push_back(std::move(entry));
    }
  }
}

bool IsPulseKind(std::string_view key) {
  constexpr std::array<PulseKind, 5> kKinds = {PulseKind::HttpHeader, PulseKind::JsonField,
                                               PulseKind::PrometheusSample, PulseKind::File,
                                               PulseKind::Push};
  return std::any_of(kKinds.begin(), kKinds.end(),
                     [key](PulseKind kind) { return PulseKindKey(kind) == key; });
}

// A pulse has one kind: where `over` chooses one, those that it does not choose go.
void DropOtherKinds(YamlNode& target, const YamlNode& over) {
  YamlNode* pulse = FindIn(target, kPulse);
  const YamlNode* chosen = over.Find(kPulse);
  const auto is_kind = [](const YamlNode::Entry& entry) { return IsPulseKind(entry.key); };
  if (pulse == nullptr || chosen == nullptr ||
      std::none_of(chosen->entries.begin(), chosen->entries.end(), is_kind)) {
    return;
  }
  std::erase_if(pulse->entries, [&](const YamlNode::Entry& entry) {
    return is_kind(entry) && chosen->Find(entry.key) == nullptr;
  });
}

// Lays targets over those of a list, by name.
class TargetMerger {
 public:
  TargetMerger(std::vector<YamlNode>& targets, ReadLog& log) : targets_(targets), log_(log) {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const YamlNode* name = targets_[i].Find(kName);
      if (name != nullptr) {
        index_.emplace(name->text, i);
      }
    }
  }

  void Lay(YamlNode over) {
    const YamlNode* name = over.Find(kName);
    if (name == nullptr || name->text.empty()) {
      targets_.push_back(std::move(over));  // reading it reports what is wrong
      return;
    }
    if (!seen_.insert(name->text).second) {
      log_.AddProblem(name->position, "targets",
                      fmt::format("{} stands twice in this file", Quote(name->text)));
      return;
    }
    const auto known = index_.find(name->text);
    if (over.Find(kRemove) != nullptr) {
      Remove(over, known == index_.end() ? nullptr : &known->first);
    } else if (known == index_.end()) {
      targets_.push_back(std::move(over));
    } else {
      DropOtherKinds(targets_[known->second], over);
      std::erase_if(over.entries, [](const YamlNode::Entry& entry) { return entry.key == kName; });
      Merge(targets_[known->second], std::move(over));
    }
  }

  void Finish() {
    std::erase_if(targets_, [this](const YamlNode& target) {
      const YamlNode* name = target.Find(kName);
      return name != nullptr && removed_.contains(name->text);
    });
  }

 private:
  void Remove(const YamlNode& over, const std::string* known) {
    const YamlNode& value = *over.Find(kRemove);
    const std::string& name = over.Find(kName)->text;
    if (value.text != "true" || value.is_quoted) {
      log_.AddProblem(value.position, "targets", "remove: must be true; leave it out otherwise");
    } else if (over.entries.size() > 2) {
      log_.AddProblem(over.position, "targets",
                      fmt::format("{} is removed, so it has no other keys", Quote(name)));
    } else if (known == nullptr) {
      log_.AddProblem(over.position, "targets",
                      fmt::format("{} cannot be removed: no target has that name; {}", Quote(name),
                                  Suggest(name, Names())));
    } else {
      removed_.insert(*known);
    }
  }

  std::vector<std::string_view> Names() const {
    std::vector<std::string_view> names;
    for (const auto& [name, index] : index_) {
      names.push_back(name);
    }
    return names;
  }

  std::vector<YamlNode>& targets_;
  ReadLog& log_;
  std::map<std::string, std::size_t> index_;
  std::set<std::string> seen_;
  std::set<std::string> removed_;
};

// The list of targets in `base`, made when there is none; null when it is something else.
YamlNode* TargetsOf(YamlNode& base, YamlPosition at) {
  if (base.kind == YamlNode::Kind::Null) {
    base.kind = YamlNode::Kind::Map;
    base.position = base.position.line == 0 ? at : base.position;
  }
  YamlNode* targets = FindIn(base, kTargets);
  if (targets == nullptr) {
    base.entries.push_back({std::string(kTargets), at, {}});
    targets = &base.entries.back().value;
    targets->position = at;
  }
  if (targets->kind == YamlNode::Kind::Null) {
    targets->kind = YamlNode::Kind::List;
  }
  return targets->kind == YamlNode::Kind::List ? targets : nullptr;
}

// The entry of that list in `document`, taken out of it; empty when it has none that is a list.
std::vector<YamlNode> TakeTargets(YamlNode& document, ReadLog& log) {
  YamlNode* targets = FindIn(document, kTargets);
  if (targets == nullptr) {
    return {};
  }
  if (targets->kind != YamlNode::Kind::List && targets->kind != YamlNode::Kind::Null) {
    log.AddProblem(targets->position, std::string(kTargets),
                   fmt::format("must be a list, not {}", KindName(targets->kind)));
  }
  std::vector<YamlNode> items = std::move(targets->items);
  std::erase_if(document.entries,
                [](const YamlNode::Entry& entry) { return entry.key == kTargets; });
  return items;
}

}  // namespace

void LayOver(YamlNode& base, YamlNode over, ReadLog& log) {
  if (!RequireMap(over, log)) {
    return;
  }
  const YamlPosition at = over.position;
  std::vector<YamlNode> items = TakeTargets(over, log);
  YamlNode* targets = items.empty() ? nullptr : TargetsOf(base, at);
  if (targets != nullptr) {
    TargetMerger merger(targets->items, log);
    for (YamlNode& item : items) {
      merger.Lay(std::move(item));
    }
    merger.Finish();
  }
  Merge(base, std::move(over));
}

void AddTargets(YamlNode& base, YamlNode more, ReadLog& log) {
  if (!RequireMap(more, log)) {
    return;
  }
  const YamlPosition at = more.position;
  std::vector<YamlNode> items = TakeTargets(more, log);
  for (const YamlNode::Entry& entry : more.entries) {
    log.AddProblem(
        entry.position, "",
        fmt::format("unknown key {}; a file in targets.d has only 'targets'", Quote(entry.key)));
  }
  YamlNode* targets = items.empty() ? nullptr : TargetsOf(base, at);
  if (targets != nullptr) {
    std::move(items.begin(), items.end(), std::back_inserter(targets->items));
  }
}

}  // namespace pathwitness
