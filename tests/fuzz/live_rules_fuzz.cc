#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "exporter/rules/live_rules.h"
#include "exporter/rules/rule_drift.h"

namespace pathwitness {
namespace {

// Whatever a Prometheus answers: it can be compared and printed, and does not differ from itself.
void Read(std::string_view input) {
  const auto read = ReadLiveRules(input);
  const auto* const groups = std::get_if<std::vector<RuleGroup>>(&read);
  if (groups == nullptr) {
    return;
  }
  if (!CompareRules(*groups, *groups).empty()) {
    __builtin_trap();
  }
  static_cast<void>(DriftText(CompareRules({}, *groups)));
  static_cast<void>(DriftText(CompareRules(*groups, {})));
}

}  // namespace
}  // namespace pathwitness

// libFuzzer's entry; the name is its own.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  pathwitness::Read(input);
  static_cast<void>(pathwitness::IsReloadSuccessful(input));
  return 0;
}
