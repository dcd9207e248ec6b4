#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/alert_catalogue.h"
#include "config/load.h"
#include "exporter/rules/rule_drift.h"
#include "exporter/rules/rule_file.h"
#include "exporter/rules/rule_lint.h"

namespace pathwitness {
namespace {

// Whatever a rule file says: it can be linted, and does not differ from itself.
void Read(std::string_view input) {
  ReadLog log("fuzz.yaml");
  try {
    const std::vector<RuleGroup> groups = ReadRuleFile(input, "fuzz.yaml", log);
    const LintFacts facts{.catalogue = AlertCatalogue(), .series = ExportedSeries()};
    for (const ConfigProblem& problem : LintRules(groups, facts)) {
      log.Locate(problem);
    }
    if (!CompareRules(groups, groups).empty()) {
      __builtin_trap();
    }
  } catch (const ConfigError&) {
    return;  // no YAML
  }
}

}  // namespace
}  // namespace pathwitness

// libFuzzer's entry; the name is its own.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  pathwitness::Read({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
