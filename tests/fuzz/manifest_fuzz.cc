#include <cctype>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/archive/manifest.h"
#include "exporter/archive/s3_request.h"
#include "exporter/archive/spool.h"

namespace {

void Require(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

}  // namespace

// libFuzzer's entry; the name is its own. What is read of a disk, and of an answer of S3.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const std::optional<pathwitness::Manifest> manifest = pathwitness::ParseManifest(text)) {
    Require(pathwitness::ToText(*manifest) == text);
    Require(manifest->name.Path().find("/.") == std::string::npos);
    for (const pathwitness::ManifestEntry& entry : manifest->entries) {
      Require(entry.file.find('/') == std::string::npos);
    }
    Require(pathwitness::Spool::TimeOfTicket(pathwitness::Spool::TicketOf(manifest->name)) ==
            pathwitness::TimeOf(manifest->name));
  }
  pathwitness::Spool::TimeOfTicket(text);
  if (const std::optional<pathwitness::ReportName> name = pathwitness::ParseReportName(text)) {
    Require(name->Path() == text);
  }
  for (const char letter : pathwitness::S3ErrorCode(text)) {
    Require(std::isalnum(static_cast<unsigned char>(letter)) != 0);
  }
  return 0;
}
