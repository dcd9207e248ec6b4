#include "exporter/archive/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "probes/crypto/digest.h"

namespace pathwitness {
namespace {

constexpr std::string_view kFirstWords = "# pathwitness report ";
constexpr std::string_view kGap = "  ";
constexpr std::size_t kDigestDigits = 2 * kSha256Bytes;

bool IsDigest(std::string_view text) {
  return text.size() == kDigestDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// The next line without its break, taken off `text`; empty when no line is whole.
std::optional<std::string_view> TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<ManifestEntry> ParseEntry(std::string_view line, const std::string& stem) {
  const std::string_view digest = line.substr(0, kDigestDigits);
  if (!IsDigest(digest) || line.substr(kDigestDigits, kGap.size()) != kGap) {
    return std::nullopt;
  }
  const std::string_view file = line.substr(kDigestDigits + kGap.size());
  const bool is_form = file.starts_with(stem + ".") && IsExtension(file.substr(stem.size() + 1)) &&
                       file.substr(stem.size() + 1) != kManifestExtension;
  return is_form ? std::optional(ManifestEntry{std::string(file), std::string(digest)})
                 : std::nullopt;
}

}  // namespace

Manifest MakeManifest(const ReportName& name, const ReportFiles& report) {
  Manifest manifest{.name = name, .entries = {}};
  for (const auto& [extension, bytes] : report.forms) {
    manifest.entries.push_back({name.stem + "." + extension, ToHex(Sha256(bytes))});
  }
  return manifest;
}

std::string ToText(const Manifest& manifest) {
  std::string text = fmt::format("{}{}\n", kFirstWords, manifest.name.Path());
  for (const ManifestEntry& entry : manifest.entries) {
    text += fmt::format("{}{}{}\n", entry.sha256, kGap, entry.file);
  }
  return text;
}

std::optional<Manifest> ParseManifest(std::string_view text) {
  const std::optional<std::string_view> first = TakeLine(text);
  if (!first || !first->starts_with(kFirstWords)) {
    return std::nullopt;
  }
  const std::optional<ReportName> name = ParseReportName(first->substr(kFirstWords.size()));
  if (!name) {
    return std::nullopt;
  }
  Manifest manifest{.name = *name, .entries = {}};
  while (!text.empty()) {
    const std::optional<std::string_view> line = TakeLine(text);
    std::optional<ManifestEntry> entry = line ? ParseEntry(*line, name->stem) : std::nullopt;
    const bool is_next =
        entry && (manifest.entries.empty() || manifest.entries.back().file < entry->file);
    if (!is_next) {
      return std::nullopt;
    }
    manifest.entries.push_back(*std::move(entry));
  }
  return manifest.entries.empty() ? std::nullopt : std::optional(std::move(manifest));
}

}  // namespace pathwitness
