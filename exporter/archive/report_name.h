#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/archive/report_files.h"
#include "probes/base/time.h"

namespace pathwitness {

/// Where a report lies below the archive's folder, and below the prefix in a bucket:
/// `hq-to-github/2026-01-31/120000Z__192.0.2.1_to_198.51.100.9`, without an extension.
///
/// Names of one target sort by time. They are made of letters, digits, '.', '-' and '_' alone,
/// which file systems, URLs and S3 leave as they are; colons of IPv6 become '-'. Two targets never
/// share a folder.
struct ReportName {
  std::string target;  // the folder of the target
  std::string day;     // "2026-01-31", UTC
  std::string stem;    // "120000Z__192.0.2.1_to_198.51.100.9", or with "__002" behind it

  std::string Folder() const { return target + "/" + day; }
  std::string Path() const { return Folder() + "/" + stem; }

  bool operator==(const ReportName&) const = default;
};

/// `number` is 1 for the first report of its second, source and destination, then 2, ...
/// Pre: 1 to kMostInOneSecond.
ReportName NameOf(const ReportFiles& report, unsigned number);
inline constexpr unsigned kMostInOneSecond = 999;

/// The folder of a target. Another than the target's own name, with "-x" and twelve digits of its
/// SHA-256 behind, when that has characters that are not safe, is too long, or could be another's.
std::string TargetFolder(std::string_view target);

/// The name that a path below the archive's folder stands for; empty when NameOf makes none such.
std::optional<ReportName> ParseReportName(std::string_view path);

/// When the report is of, in whole seconds. Pre: a name of NameOf or ParseReportName.
WallTime TimeOf(const ReportName& name);

/// Whether this is the extension of a form: 1 to 16 small letters and digits.
bool IsExtension(std::string_view text);

}  // namespace pathwitness
