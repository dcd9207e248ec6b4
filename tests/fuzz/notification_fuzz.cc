#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "exporter/drill/alert_notification.h"
#include "exporter/drill/drill_book.h"

namespace pathwitness {
namespace {

// Whatever a webhook says: what is noted of it is bounded.
void Note(std::string_view text) {
  auto read = ReadAlertNotification(text);
  auto* const alerts = std::get_if<std::vector<DrillAlert>>(&read);
  if (alerts == nullptr) {
    return;
  }
  DrillBook book;
  const auto started = book.Start({.target = "a", .loss = 1, .length = Duration(1)}, {}, {});
  const DrillPointer& drill = std::get<DrillPointer>(started);
  for (DrillAlert& alert : *alerts) {
    if (alert.drill.empty() || alert.notice.alert.empty()) {
      __builtin_trap();
    }
    book.Note(drill->id, std::move(alert.notice), {});
  }
  if (book.All().front()->notices.size() > DrillBook::kMostNotices) {
    __builtin_trap();
  }
}

}  // namespace
}  // namespace pathwitness

// libFuzzer's entry; the name is its own.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  pathwitness::Note(std::string_view(reinterpret_cast<const char*>(bytes), size));
  return 0;
}
