#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/load.h"
#include "config/values.h"

namespace pathwitness {
namespace {

// Names and contacts go into labels and into the text of verdicts.
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestContact = 200;

bool IsLine(const std::string& text, std::size_t longest) {
  return text.size() <= longest && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
         });
}

// Reports what stands twice, by its text.
class Uniqueness {
 public:
  explicit Uniqueness(std::vector<ConfigProblem>& problems) : problems_(problems) {}

  void Add(const std::string& what, std::string key) {
    const auto [first, is_new] = first_.emplace(what, key);
    if (!is_new) {
      problems_.push_back(
          {"", 0, 0, std::move(key), fmt::format("{} stands in {} too", what, first->second)});
    }
  }

 private:
  std::map<std::string, std::string> first_;
  std::vector<ConfigProblem>& problems_;
};

void CheckLine(const std::string& text, std::size_t longest, std::string key,
               std::vector<ConfigProblem>& problems) {
  if (!IsLine(text, longest)) {
    problems.push_back(
        {"", 0, 0, std::move(key),
         fmt::format("must be at most {} characters on one line, not {}", longest, Quote(text))});
  }
}

bool IsAsn(std::string_view name) {
  return name.starts_with("AS") && ParseWholeNumber(name.substr(2)).has_value();
}

// A misspelt name would call every path unexpected.
void CheckExpected(const Config& config, std::vector<ConfigProblem>& problems) {
  std::set<std::string_view> names;
  for (const OwnerConfig& owner : config.owners) {
    names.insert(owner.name);
  }
  for (std::size_t i = 0; i < config.targets.size(); ++i) {
    const std::vector<std::string>& expected = config.targets[i].expect_transit;
    for (std::size_t k = 0; k < expected.size(); ++k) {
      if (!IsAsn(expected[k]) && !names.contains(expected[k])) {
        problems.push_back({"", 0, 0, fmt::format("targets[{}].expect_transit[{}]", i, k),
                            fmt::format("is neither an AS number nor the name of an owner: {}",
                                        Quote(expected[k]))});
      }
    }
  }
}

// Why it cannot be one; empty: it can. With discovery a target need not be known yet.
std::string WhyNoAnchor(const std::string& name, const Config& config) {
  std::vector<std::string_view> names;
  for (const TargetConfig& target : config.targets) {
    names.push_back(target.name);
    if (target.name == name) {
      return target.trace.protocols.empty() ? fmt::format("{} is not traced", Quote(name)) : "";
    }
  }
  const bool is_discovering =
      !config.discovery.target_files.empty() || !config.discovery.target_http.empty();
  return is_discovering ? ""
                        : fmt::format("unknown target {}; {}", Quote(name), Suggest(name, names));
}

void CheckAnchors(const Config& config, std::vector<ConfigProblem>& problems) {
  if (config.anchors.size() == 1) {  // that may be down itself
    problems.push_back({"", 0, 0, "anchors", "needs two targets or more, or none"});
  }
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < config.anchors.size(); ++i) {
    const std::string& name = config.anchors[i];
    std::string what = names.insert(name).second ? WhyNoAnchor(name, config)
                                                 : fmt::format("{} is given twice", Quote(name));
    if (!what.empty()) {
      problems.push_back({"", 0, 0, fmt::format("anchors[{}]", i), std::move(what)});
    }
  }
}

}  // namespace

std::vector<ConfigProblem> CheckOwners(const Config& config) {
  std::vector<ConfigProblem> problems;
  Uniqueness owned(problems);
  for (std::size_t i = 0; i < config.owners.size(); ++i) {
    const OwnerConfig& owner = config.owners[i];
    const std::string item = fmt::format("owners[{}]", i);
    CheckLine(owner.name, kLongestName, item + ".name", problems);
    CheckLine(owner.contact, kLongestContact, item + ".contact", problems);
    if (owner.prefixes.empty() && owner.asn == 0) {
      problems.push_back({"", 0, 0, item, "needs a prefix, an asn or both"});
    }
    if (owner.prefixes.empty() && owner.asn != 0) {
      owned.Add(fmt::format("AS{}", owner.asn), item + ".asn");
    }
    for (std::size_t k = 0; k < owner.prefixes.size(); ++k) {
      owned.Add(owner.prefixes[k].ToString(), fmt::format("{}.prefix[{}]", item, k));
    }
  }
  CheckExpected(config, problems);
  CheckAnchors(config, problems);
  Uniqueness exchanged(problems);
  for (std::size_t i = 0; i < config.exchanges.size(); ++i) {
    const std::string item = fmt::format("exchanges[{}]", i);
    CheckLine(config.exchanges[i].name, kLongestName, item + ".name", problems);
    if (config.exchanges[i].prefixes.empty()) {
      problems.push_back({"", 0, 0, item + ".prefix", "is empty; give a prefix"});
    }
    for (std::size_t k = 0; k < config.exchanges[i].prefixes.size(); ++k) {
      exchanged.Add(config.exchanges[i].prefixes[k].ToString(),
                    fmt::format("{}.prefix[{}]", item, k));
    }
  }
  return problems;
}

}  // namespace pathwitness
