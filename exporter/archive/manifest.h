#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/archive/report_name.h"

namespace pathwitness {

/// One line of a manifest.
struct ManifestEntry {
  std::string file;    // its name, without folders
  std::string sha256;  // 64 hexadecimal digits

  bool operator==(const ManifestEntry&) const = default;
};

/// What a report consists of.
struct Manifest {
  ReportName name;
  std::vector<ManifestEntry> entries;  // in the order of their names

  bool operator==(const Manifest&) const = default;
};

/// The file with a report's manifest lies beside the others, and is written last: a report without
/// it was never finished.
inline constexpr std::string_view kManifestExtension = "sha256";

/// Pre: extensions are as IsExtension says, and none is "sha256".
Manifest MakeManifest(const ReportName& name, const ReportFiles& report);

/// As `sha256sum --check` reads it, with the report's path in a comment on the first line.
std::string ToText(const Manifest& manifest);

/// Reads what ToText wrote; empty when the text is anything else, even by a byte.
std::optional<Manifest> ParseManifest(std::string_view text);

}  // namespace pathwitness
