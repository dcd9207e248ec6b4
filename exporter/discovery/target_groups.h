#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pathwitness {

/// One member of a group's `targets`, as it was written.
struct TargetEntry {
  std::string text;  // "host", "host:port", "[v6]:port" or a URL
  int line = 0;      // where it stands; 0: unknown

  bool operator==(const TargetEntry&) const = default;
};

/// Targets that share their labels: what a discovery document is a list of.
struct TargetGroup {
  std::vector<TargetEntry> targets;
  std::map<std::string, std::string> labels;

  bool operator==(const TargetGroup&) const = default;
};
using TargetGroups = std::vector<TargetGroup>;

/// How many targets the groups name together.
std::size_t CountTargets(const TargetGroups& groups);

enum class DocumentFormat : std::uint8_t { Json, Yaml };

/// What a document that cannot be used has wrong.
struct DocumentProblem {
  bool is_too_large = false;  // else it is malformed
  std::string what;           // for people

  bool operator==(const DocumentProblem&) const = default;
};

/// Reads a list of `{targets: [...], labels: {...}}`. All or nothing: one group that cannot be read
/// spoils the document. An empty text is a problem, an empty list is none.
///
/// Too large is a document that names more than 100,000 targets, or whose labels, written out for
/// each target, take more than 64 MiB: a short text could otherwise fill the memory.
/// Source: Prometheus, "Configuration", <file_sd_config> and <http_sd_config>.
std::variant<TargetGroups, DocumentProblem> ReadTargetGroups(std::string_view text,
                                                             DocumentFormat format);

}  // namespace pathwitness
