#include "exporter/metrics/archive_collector.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "exporter/metrics/families.h"

namespace pathwitness {
namespace {

using prometheus::MetricFamily;

MetricFamily OneTime(const Metric& metric, const std::optional<WallTime>& time) {
  return time ? OneSample(metric, {}, ToUnixSeconds(*time)) : NewFamily(metric);
}

template <std::size_t N>
MetricFamily ByReason(const Metric& metric, const std::array<std::string_view, N>& names,
                      const std::array<std::uint64_t, N>& counts) {
  MetricFamily family = NewFamily(metric);
  AddEach(family, {}, "reason", names, counts);
  return family;
}

std::vector<MetricFamily> FamiliesOf(const ArchiveSnapshot& archive) {
  std::vector<MetricFamily> families;
  if (archive.is_complete) {
    families.push_back(OneSample(kArchiveReports, {}, archive.reports));
    families.push_back(OneSample(kArchiveBytes, {}, archive.bytes));
  }
  families.push_back(OneSample(kArchiveMaxBytes, {}, archive.max_bytes));
  if (archive.free_bytes) {
    families.push_back(OneSample(kArchiveDiskFreeBytes, {}, *archive.free_bytes));
  }
  families.push_back(OneSample(kArchiveDiskMinFreeBytes, {}, archive.min_free_bytes));
  families.push_back(OneTime(kArchiveOldestReport, archive.oldest));
  families.push_back(OneTime(kArchiveLastKept, archive.last_kept));
  families.push_back(OneSample(kArchiveKept, {}, archive.kept));
  families.push_back(ByReason(kArchiveFailures, kKeepFailureNames, archive.failures));
  families.push_back(ByReason(kArchiveRemoved, kRemovalReasonNames, archive.removed));
  families.push_back(OneSample(kArchiveRemovedUnsent, {}, archive.removed_unsent));
  return families;
}

std::vector<MetricFamily> FamiliesOf(const UploadSnapshot& upload) {
  std::vector<MetricFamily> families;
  families.push_back(OneSample(kUploadPendingReports, {}, upload.pending));
  families.push_back(OneTime(kUploadOldestPending, upload.oldest_pending));
  families.push_back(OneSample(kUploadReports, {}, upload.reports));
  families.push_back(OneSample(kUploadFiles, {}, upload.files));
  families.push_back(OneSample(kUploadBytes, {}, upload.bytes));
  families.push_back(ByReason(kUploadFailures, kUploadFailureNames, upload.failures));
  families.push_back(OneSample(kUploadDamaged, {}, upload.damaged));
  families.push_back(OneTime(kUploadLastSuccess, upload.last_success));
  return families;
}

}  // namespace

ArchiveCollector::ArchiveCollector(ArchiveBoard::Pointer archive, UploadBoard::Pointer upload)
    : archive_(std::move(archive)), upload_(std::move(upload)) {}

std::vector<MetricFamily> ArchiveCollector::Collect() const {
  std::vector<MetricFamily> families;
  if (archive_ != nullptr) {
    families = FamiliesOf(*archive_);
  }
  if (upload_ != nullptr) {
    std::vector<MetricFamily> more = FamiliesOf(*upload_);
    std::move(more.begin(), more.end(), std::back_inserter(families));
  }
  return families;
}

}  // namespace pathwitness
