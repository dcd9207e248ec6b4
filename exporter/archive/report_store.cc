#include "exporter/archive/report_store.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <optional>

#include "probes/crypto/digest.h"
#include "probes/disk/files.h"

namespace pathwitness {
namespace {

constexpr std::uint64_t kBlock = 512;  // of st_blocks, on any file system

std::uint64_t BytesOnDisk(const std::filesystem::path& path) {
  struct stat status {};
  const bool is_file = lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
  return is_file ? static_cast<std::uint64_t>(status.st_blocks) * kBlock : 0;
}

/// As std::filesystem::remove; also true when there is nothing.
bool RemoveFile(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove(path, error);
  return !error;
}

void RemoveIfEmpty(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::remove(folder, error);  // fails while something is in it
}

}  // namespace

std::filesystem::path ReportStore::PathOf(const ReportName& name,
                                          std::string_view extension) const {
  std::filesystem::path path = folder_ / name.Path();
  path += ".";
  path += extension;
  return path;
}

bool ReportStore::IsTaken(const ReportName& name, const ReportFiles& report) const {
  const auto exists = [&](std::string_view extension) {
    std::error_code error;
    return std::filesystem::exists(std::filesystem::symlink_status(PathOf(name, extension), error));
  };
  return exists(kManifestExtension) || spool_.Has(Spool::TicketOf(name)) ||
         std::any_of(report.forms.begin(), report.forms.end(),
                     [&](const auto& form) { return exists(form.first); });
}

std::error_code ReportStore::Write(const Manifest& manifest, const ReportFiles& report) const {
  std::error_code error = MakeFolder(manifest.name);
  if (!error) {
    error = spool_.Add(manifest);
  }
  if (!error) {
    error = WriteFiles(manifest, report);
  }
  if (error) {
    Undo(manifest);
  }
  return error;
}

void ReportStore::Settle(const std::string& ticket) const {
  const std::optional<Manifest> manifest = spool_.Read(ticket);
  if (!manifest) {  // cut off itself: then nothing was written behind it
    spool_.Remove(ticket);
    return;
  }
  std::error_code error;
  const std::filesystem::path path = PathOf(manifest->name, kManifestExtension);
  if (std::filesystem::exists(path, error)) {
    return;
  }
  if (!IsWhole(*manifest) || WriteAtomically(path, ToText(*manifest), FileReaders::Group)) {
    Undo(*manifest);
  }
}

bool ReportStore::Remove(const ReportName& name) const {
  const std::filesystem::path path = PathOf(name, kManifestExtension);
  const std::optional<std::string> text = ReadWholeFile(path, kLongestManifest);
  const std::optional<Manifest> manifest = text ? ParseManifest(*text) : std::nullopt;
  if (!manifest || manifest->name != name) {
    return false;
  }
  for (const ManifestEntry& entry : manifest->entries) {
    if (!RemoveFile(folder_ / name.Folder() / entry.file)) {
      return false;
    }
  }
  const bool is_removed = RemoveFile(path);
  RemoveIfEmpty(folder_ / name.Folder());
  RemoveIfEmpty(folder_ / name.target);
  return is_removed;
}

std::vector<std::pair<ReportName, std::uint64_t>> ReportStore::ReportsOf(
    const std::filesystem::path& day) {
  std::map<std::string, std::uint64_t> bytes;  // of all files of a stem
  std::vector<std::string> whole;              // stems with a manifest
  std::error_code error;
  for (std::filesystem::directory_iterator at(day, error), end; !error && at != end;
       at.increment(error)) {
    const std::string file = at->path().filename().string();
    const std::size_t dot = file.rfind('.');
    if (dot == std::string::npos || !IsExtension(file.substr(dot + 1))) {
      continue;
    }
    bytes[file.substr(0, dot)] += BytesOnDisk(at->path());
    if (file.substr(dot + 1) == kManifestExtension) {
      whole.push_back(file.substr(0, dot));
    }
  }
  const std::string folder =
      day.parent_path().filename().string() + "/" + day.filename().string() + "/";
  std::vector<std::pair<ReportName, std::uint64_t>> reports;
  for (const std::string& stem : whole) {
    if (std::optional<ReportName> name = ParseReportName(folder + stem)) {
      reports.emplace_back(*std::move(name), bytes[stem]);
    }
  }
  return reports;
}

std::vector<std::filesystem::path> ReportStore::FoldersIn(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> folders;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;
    if (std::filesystem::is_directory(at->symlink_status(ignored)) &&
        !at->path().filename().string().starts_with('.')) {
      folders.push_back(at->path());
    }
  }
  return folders;
}

// Each folder that is new is also made known to the disk in the one above it.
std::error_code ReportStore::MakeFolder(const ReportName& name) const {
  std::error_code error;
  if (!std::filesystem::create_directories(folder_ / name.Folder(), error)) {
    return error;
  }
  for (const std::filesystem::path& parent :
       {folder_ / name.target, folder_, folder_.parent_path()}) {
    error = error ? error : SyncFolder(parent);
  }
  return error;
}

std::error_code ReportStore::WriteFiles(const Manifest& manifest, const ReportFiles& report) const {
  for (const auto& [extension, bytes] : report.forms) {
    const std::filesystem::path path = PathOf(manifest.name, extension);
    if (const std::error_code error = WriteAtomically(path, bytes, FileReaders::Group)) {
      return error;
    }
  }
  return WriteAtomically(PathOf(manifest.name, kManifestExtension), ToText(manifest),
                         FileReaders::Group);
}

bool ReportStore::IsWhole(const Manifest& manifest) const {
  return std::all_of(
      manifest.entries.begin(), manifest.entries.end(), [&](const ManifestEntry& entry) {
        const std::optional<std::string> bytes =
            ReadWholeFile(folder_ / manifest.name.Folder() / entry.file, kLongestForm);
        return bytes && ToHex(Sha256(*bytes)) == entry.sha256;
      });
}

void ReportStore::Undo(const Manifest& manifest) const {
  const std::filesystem::path day = folder_ / manifest.name.Folder();
  for (const ManifestEntry& entry : manifest.entries) {
    RemoveFile(day / entry.file);
    RemoveFile(day / (entry.file + std::string(kDraftSuffix)));
  }
  RemoveFile(PathOf(manifest.name, std::string(kManifestExtension) + std::string(kDraftSuffix)));
  RemoveFile(PathOf(manifest.name, kManifestExtension));
  spool_.Remove(Spool::TicketOf(manifest.name));
  RemoveIfEmpty(day);
  RemoveIfEmpty(folder_ / manifest.name.target);
}

}  // namespace pathwitness
