#include "exporter/pages/reports_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "exporter/archive/report_store.h"
#include "exporter/pages/shown_values.h"
#include "exporter/rfc3339.h"
#include "probes/disk/files.h"

namespace pathwitness {
namespace {

constexpr std::array<std::string_view, 3> kHeads = {"Of", "Files", "Report"};
constexpr std::size_t kLongestManifest = 64U << 10U;

std::filesystem::path PathOf(const std::filesystem::path& folder, const ReportName& name,
                             std::string_view extension) {
  return folder / (name.Path() + "." + std::string(extension));
}

std::optional<Manifest> ReadManifest(const std::filesystem::path& folder, const ReportName& name) {
  const std::optional<std::string> text =
      ReadWholeFile(PathOf(folder, name, kManifestExtension), kLongestManifest);
  std::optional<Manifest> manifest = text ? ParseManifest(*text) : std::nullopt;
  return manifest && manifest->name == name ? std::move(manifest) : std::nullopt;
}

/// The newest that are wanted, of `days`, without looking into older ones than needed.
std::vector<Manifest> NewestReports(const std::filesystem::path& folder,
                                    std::vector<std::filesystem::path> days,
                                    const std::function<bool(const ReportName&)>& is_wanted) {
  std::ranges::sort(days, std::greater());
  const ReportStore store(folder);
  std::vector<Manifest> reports;
  for (const std::filesystem::path& day : days) {
    auto of_day = ReportStore::ReportsOf(day);
    std::ranges::sort(of_day,
                      [](const auto& a, const auto& b) { return a.first.Path() > b.first.Path(); });
    for (const auto& [name, bytes] : of_day) {
      if (reports.size() == kMostListedReports) {
        return reports;
      }
      std::optional<Manifest> manifest =
          is_wanted(name) ? ReadManifest(folder, name) : std::nullopt;
      if (manifest) {
        reports.push_back(*std::move(manifest));
      }
    }
  }
  return reports;
}

std::string FileLinks(const Manifest& report) {
  std::string links;
  const auto add = [&](const std::string& file) {
    links += fmt::format("<a href=\"/reports/{}/{}\">{}</a> ", report.name.Folder(), file,
                         file.substr(file.rfind('.') + 1));
  };
  for (const ManifestEntry& entry : report.entries) {
    add(entry.file);
  }
  add(report.name.stem + "." + std::string(kManifestExtension));
  return links;
}

std::string Folders(const ReportsView& view) {
  if (view.folders.empty()) {
    return "<p>There are no reports on this machine.</p>\n";
  }
  std::string list = "<ul>\n";
  for (const std::string& folder : view.folders) {
    list += fmt::format("<li><a href=\"/reports/{}/\">{}</a></li>\n", EscapeUrl(folder),
                        EscapeHtml(folder));
  }
  return list + "</ul>\n";
}

}  // namespace

std::optional<ReportsView> LookAtReports(const std::filesystem::path& folder,
                                         std::string_view target) {
  ReportsView view{.folder = std::string(target)};
  for (const std::filesystem::path& found : ReportStore::FoldersIn(folder)) {
    view.folders.push_back(found.filename().string());
  }
  std::ranges::sort(view.folders);
  if (target.empty()) {
    return view;
  }
  if (!std::ranges::binary_search(view.folders, view.folder)) {
    return std::nullopt;
  }
  view.reports = NewestReports(folder, ReportStore::FoldersIn(folder / view.folder),
                               [](const ReportName&) { return true; });
  return view;
}

std::vector<Manifest> ReportsBetween(const std::filesystem::path& folder, std::string_view target,
                                     WallTime from, WallTime to) {
  const auto day_of = [](WallTime time) {
    return FormatRfc3339(time, TimePrecision::Seconds).substr(0, 10);
  };
  std::vector<std::filesystem::path> days = ReportStore::FoldersIn(folder / TargetFolder(target));
  std::erase_if(days, [first = day_of(from), last = day_of(to)](const auto& day) {
    const std::string name = day.filename().string();
    return name < first || name > last;
  });
  return NewestReports(folder, std::move(days), [from, to](const ReportName& name) {
    return TimeOf(name) >= from && TimeOf(name) <= to;
  });
}

std::string ReportTable(const std::vector<Manifest>& reports) {
  std::string rows = HeadRow(kHeads) + "<tbody>\n";
  for (const Manifest& report : reports) {
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                        FormatRfc3339(TimeOf(report.name), TimePrecision::Seconds),
                        FileLinks(report), EscapeHtml(report.name.stem));
  }
  return ScrollBox("Reports", rows + "</tbody>\n");
}

std::string ReportsPage(const ReportsView& view) {
  if (view.folder.empty()) {
    return PageDocument(view.frame, "Reports", Folders(view), "");
  }
  return PageDocument(view.frame, "Reports: " + view.folder,
                      "<p><a href=\"/reports/\">All targets</a></p>\n" + ReportTable(view.reports),
                      "");
}

std::optional<std::string> ReadReportFile(const std::filesystem::path& folder,
                                          std::string_view path) {
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos || !IsExtension(path.substr(dot + 1))) {
    return std::nullopt;
  }
  const std::optional<ReportName> name = ParseReportName(path.substr(0, dot));
  const std::optional<Manifest> manifest = name ? ReadManifest(folder, *name) : std::nullopt;
  if (!manifest) {
    return std::nullopt;
  }
  const std::string_view extension = path.substr(dot + 1);
  const std::string file = name->stem + "." + std::string(extension);
  const bool is_part =
      extension == kManifestExtension ||
      std::ranges::find(manifest->entries, file, &ManifestEntry::file) != manifest->entries.end();
  return is_part ? ReadWholeFile(PathOf(folder, *name, extension), kLongestForm) : std::nullopt;
}

}  // namespace pathwitness
