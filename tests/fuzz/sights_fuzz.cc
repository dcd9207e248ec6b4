#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "exporter/cli/drill_sights.h"
#include "exporter/cli/moment.h"

namespace pathwitness {
namespace {

void Require(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

// Whatever the servers on a page's way answer: it is a sight of a drill, or none.
void Read(std::string_view input) {
  const std::string_view id = input.substr(0, input.find('\n'));
  const std::string_view body = input.substr(input.size() == id.size() ? 0 : id.size() + 1);
  if (const auto listed = ReadListedDrill(body, id)) {
    Require(listed->id == id);
  }
  static_cast<void>(ReadStartedDrill(body));
  static_cast<void>(ReadPrometheus(body));
  static_cast<void>(ReadAlertmanager(body));
  // Also what a reader of the pages asks for.
  static_cast<void>(ParseMoment(id, WallTime(std::chrono::hours(500'000))));
}

}  // namespace
}  // namespace pathwitness

// libFuzzer's entry; the name is its own.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  pathwitness::Read({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
