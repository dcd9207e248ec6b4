#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "exporter/archive/manifest.h"
#include "exporter/archive/report_files.h"
#include "exporter/archive/report_name.h"
#include "exporter/archive/spool.h"

namespace pathwitness {

/// The files of reports in a folder, and nothing of how many there may be. Throws nothing.
class ReportStore {
 public:
  explicit ReportStore(std::filesystem::path folder)
      : folder_(std::move(folder)), spool_(folder_) {}

  const std::filesystem::path& Folder() const { return folder_; }
  const Spool& Tickets() const { return spool_; }

  /// Whether a file or ticket has this name already.
  bool IsTaken(const ReportName& name, const ReportFiles& report) const;

  /// A ticket, the files, the manifest; on an error nothing of them is left. The ticket stays.
  /// Pre: the name is not taken.
  std::error_code Write(const Manifest& manifest, const ReportFiles& report) const;

  /// What a crash may have left behind a ticket: a report of which all is there gets its manifest,
  /// of one that is not whole the rest is removed, and its ticket.
  void Settle(const std::string& ticket) const;

  /// Removes the files that the manifest names, and the manifest. False when it is none of ours,
  /// and then nothing is removed; or when a file cannot be removed.
  bool Remove(const ReportName& name) const;

  /// The reports that have a manifest in a day's folder, and the bytes of each, as blocks of the
  /// disk. Links are not followed.
  static std::vector<std::pair<ReportName, std::uint64_t>> ReportsOf(
      const std::filesystem::path& day);

  /// The folders in `folder` whose names do not begin with a dot. Links are not followed.
  static std::vector<std::filesystem::path> FoldersIn(const std::filesystem::path& folder);

 private:
  std::filesystem::path PathOf(const ReportName& name, std::string_view extension) const;
  std::error_code MakeFolder(const ReportName& name) const;
  std::error_code WriteFiles(const Manifest& manifest, const ReportFiles& report) const;
  bool IsWhole(const Manifest& manifest) const;
  void Undo(const Manifest& manifest) const;

  std::filesystem::path folder_;
  Spool spool_;
};

/// Longer files are no part of a report.
inline constexpr std::size_t kLongestForm = 64U << 20U;

}  // namespace pathwitness
