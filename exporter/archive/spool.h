#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "exporter/archive/manifest.h"

namespace pathwitness {

/// What is still to be done with reports of an archive, on disk: a ticket for each report that is
/// being written or waits to be uploaded. Tickets are files in the folder ".spool" of the archive;
/// their names sort by the time of the report, and their text is the report's manifest.
///
/// A ticket is written before the first file of its report and the manifest behind the last: one
/// without a manifest is a report that a crash cut off. One object writes; any may read and remove.
class Spool {
 public:
  explicit Spool(const std::filesystem::path& archive) : folder_(archive / ".spool") {}

  static std::string TicketOf(const ReportName& name);

  /// The time of the report, in whole seconds, that is part of a ticket's name. Empty: no ticket.
  static std::optional<WallTime> TimeOfTicket(std::string_view ticket);

  std::error_code Add(const Manifest& manifest) const;

  /// Harmless when there is none; false then.
  bool Remove(const std::string& ticket) const;
  bool Has(const std::string& ticket) const;

  /// Empty when there is none or its text is no manifest.
  std::optional<Manifest> Read(const std::string& ticket) const;

  /// The oldest first. Files of other names are not ours and left out.
  std::vector<std::string> List() const;

  /// Removes tickets that a crash cut off before they had their names. Pre: none is being added.
  void RemoveDrafts() const;

 private:
  std::vector<std::string> FileNames() const;

  std::filesystem::path folder_;
};

/// Longer manifests are nobody's.
inline constexpr std::size_t kLongestManifest = 65536;

}  // namespace pathwitness
