#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "exporter/history/history_codec.h"

namespace pathwitness {
namespace {

// Whatever a damaged file holds: what is understood is possible.
void Check(const DecodedBucket& bucket) {
  const auto* const trace = std::get_if<TraceStats>(&bucket.stats);
  if (bucket.route_ids.size() > TraceStats::kMostRoutes) {
    __builtin_trap();
  }
  for (std::size_t i = 0; trace != nullptr && i < trace->hops.size(); ++i) {
    if (trace->hops[i].Lost() > trace->hops[i].sent) {
      __builtin_trap();
    }
  }
}

}  // namespace
}  // namespace pathwitness

// libFuzzer's entry; the name is its own.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace pathwitness;
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  if (const auto bucket = DecodeBucket(input)) {
    Check(*bucket);
  }
  if (const auto route = DecodeRoute(input); route && DecodeRoute(EncodeRoute(*route)) != route) {
    __builtin_trap();
  }
  if (const auto change = DecodeRouteChange(input)) {
    EncodeRouteChange(change->event, change->kind);
  }
  return 0;
}
