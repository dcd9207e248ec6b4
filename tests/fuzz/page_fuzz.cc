#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/pages/html.h"
#include "exporter/web/query.h"

namespace pathwitness {
namespace {

void Require(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

// What others wrote and a page shows (names, errors, follow-ups) stays text in an element, in a
// quoted attribute and in a URL.
void Show(std::string_view text) {
  Require(EscapeHtml(text).find_first_of("<>\"'") == std::string::npos);
  const std::string part = EscapeUrl(text);
  Require(part.find_first_of("/?#&<>\"' ") == std::string::npos);
  const std::optional<std::string> decoded = DecodePath(part);
  Require(!decoded || *decoded == text);  // empty: it has control characters
  const std::string link = TargetLink(text);
  Require(link.find('<', 1) == link.rfind("</a>"));
}

}  // namespace
}  // namespace pathwitness

// libFuzzer's entry; the name is its own.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  pathwitness::Show({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
