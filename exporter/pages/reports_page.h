#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/archive/manifest.h"
#include "exporter/pages/html.h"

namespace pathwitness {

/// What the archive has for one target, or which targets it has anything for.
struct ReportsView {
  PageFrame frame;
  std::string folder;                // of the target; empty: the list of folders
  std::vector<std::string> folders;  // of targets
  std::vector<Manifest> reports;     // of `folder`, the newest first
};

inline constexpr std::size_t kMostListedReports = 200;

/// Reads the names of what is there. `folder` is the archive's, `target` that of a target below it
/// or empty; nothing for a name that the archive does not give.
std::optional<ReportsView> LookAtReports(const std::filesystem::path& folder,
                                         std::string_view target);

/// The reports of a target that are of a time from `from` to `to`, the newest first, at most
/// kMostListedReports.
std::vector<Manifest> ReportsBetween(const std::filesystem::path& folder, std::string_view target,
                                     WallTime from, WallTime to);

/// A part of a page.
std::string ReportTable(const std::vector<Manifest>& reports);

/// The page at `/reports/` and `/reports/<folder>/`.
std::string ReportsPage(const ReportsView& view);

/// A file of a report, or its manifest. `path` is below the archive's folder and as a stranger
/// wrote it: empty for all but what a manifest there names.
std::optional<std::string> ReadReportFile(const std::filesystem::path& folder,
                                          std::string_view path);

}  // namespace pathwitness
