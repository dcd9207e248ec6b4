#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "config/load.h"
#include "config/values.h"

namespace pathwitness {
namespace {

// Names go into labels and into the text of verdicts.
constexpr std::size_t kLongestName = 64;

bool IsName(const std::string& name) {
  return name.size() <= kLongestName && std::none_of(name.begin(), name.end(), [](char c) {
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

void CheckName(const std::string& name, const std::string& item,
               std::vector<ConfigProblem>& problems) {
  if (!IsName(name)) {
    problems.push_back({"", 0, 0, item + ".name",
                        fmt::format("must be at most {} characters on one line, not {}",
                                    kLongestName, Quote(name))});
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

}  // namespace

std::vector<ConfigProblem> CheckOwners(const Config& config) {
  std::vector<ConfigProblem> problems;
  Uniqueness owned(problems);
  for (std::size_t i = 0; i < config.owners.size(); ++i) {
    const OwnerConfig& owner = config.owners[i];
    const std::string item = fmt::format("owners[{}]", i);
    CheckName(owner.name, item, problems);
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
  Uniqueness exchanged(problems);
  for (std::size_t i = 0; i < config.exchanges.size(); ++i) {
    const std::string item = fmt::format("exchanges[{}]", i);
    CheckName(config.exchanges[i].name, item, problems);
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
