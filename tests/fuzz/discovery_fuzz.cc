#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "exporter/discovery/target_groups.h"
#include "exporter/discovery/with_discovered.h"

namespace pathwitness {
namespace {

std::shared_ptr<const Config> Base() {
  Config config;
  config.target_defaults.trace.protocols = {TraceProtocol::Icmp};
  return std::make_shared<const Config>(std::move(config));
}

// Whatever a document says: with what is taken of it, the configuration still holds.
void Read(std::string_view input, DocumentFormat format) {
  auto read = ReadTargetGroups(input, format);
  auto* const groups = std::get_if<TargetGroups>(&read);
  if (groups == nullptr) {
    return;
  }
  const std::size_t offered = CountTargets(*groups);
  DiscoverySnapshot source;
  source.groups = std::make_shared<const TargetGroups>(std::move(*groups));
  std::vector<ConfigProblem> refused;
  const auto merged = WithDiscovered(
      Base(), {std::make_shared<const DiscoverySnapshot>(std::move(source))}, refused);
  const bool is_whole = merged->targets.size() + refused.size() == offered;
  if (!is_whole || (!merged->targets.empty() && !CheckConfig(*merged).empty())) {
    __builtin_trap();
  }
}

}  // namespace
}  // namespace pathwitness

// libFuzzer's entry; the name is its own.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  pathwitness::Read(input, pathwitness::DocumentFormat::Json);
  pathwitness::Read(input, pathwitness::DocumentFormat::Yaml);
  return 0;
}
