#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/metrics/families.h"
#include "exporter/metrics/metric_names.h"
#include "exporter/metrics/page_writer.h"
#include "probes/base/histogram.h"
#include "probes/base/prober_status.h"
#include "probes/base/time.h"

// The series of the probers. There are hundreds for each, so they go straight from the snapshot to
// the page: the labels that a prober's series have in common are text once a page, and a line is
// a few copies and one number. All other families are small and go through prometheus-cpp's model
// (families.h). Text kept from page to page would save little more and cost 25 KiB per prober.
namespace pathwitness {

/// Labels as they stand on the page between the braces: `a="1",b="2"`.
class LabelText {
 public:
  LabelText() = default;

  /// `target`, `prober`, `family`: on every probe series.
  explicit LabelText(const ProberKey& key);

  /// Adds one at the end; the value is escaped as AppendLabelValue says.
  LabelText& Add(std::string_view name, std::string_view value);
  LabelText& Add(std::string_view name, std::uint64_t value);

  const std::string& Text() const { return text_; }

  /// Takes back what was added since Text() had `size` bytes.
  void CutTo(std::size_t size) { text_.resize(size); }

 private:
  void AddName(std::string_view name);

  std::string text_;
};

/// `labels` and one more at the end.
LabelText With(LabelText labels, std::string_view name, std::string_view value);

/// Writes the lines of one family, and HELP and TYPE before the first.
class FamilyText {
 public:
  /// `text` must outlive it.
  FamilyText(const Metric& metric, std::string& text) : metric_(metric), text_(text) {}

  /// A sample. Pre: the family is a counter or a gauge.
  void Add(const LabelText& labels, double value);

  /// Any other number or bool; counts beyond 2^53 lose their last digits, as everywhere in
  /// Prometheus.
  template <typename Number>
  void Add(const LabelText& labels, Number value) {
    Add(labels, static_cast<double>(value));
  }

  /// One sample for each name of a closed set, also for those that are 0.
  template <std::size_t N>
  void AddEach(const LabelText& labels, std::string_view label,
               const std::array<std::string_view, N>& names,
               const std::array<std::uint64_t, N>& values) {
    LabelText each = labels;
    for (std::size_t i = 0; i < N; ++i) {
      each.CutTo(labels.Text().size());
      Add(each.Add(label, names[i]), values[i]);
    }
  }

  void AddHistogram(const LabelText& labels, const Histogram& histogram);
  void AddSummary(const LabelText& labels, double sum, std::uint64_t count);

 private:
  void Begin();
  void Line(std::string_view suffix, const LabelText& labels, double value);
  void BucketLine(const LabelText& labels, std::string_view bound, std::uint64_t count);
  void LearnBounds(const std::vector<double>& bounds);

  const Metric& metric_;
  std::string& text_;
  bool has_begun_ = false;
  std::vector<double> bounds_;            // of the newest histogram; mostly those of all
  std::vector<std::string> bound_texts_;  // the same as text
};

/// How one family is made of the snapshots of one kind; a collector is a table of these, in the
/// order of the page.
template <typename Snapshot>
struct SeriesRule {
  Metric metric;
  Shown shown = Shown::Always;
  void (*add)(FamilyText& family, const LabelText& identity, const Snapshot& snapshot) = nullptr;
};

/// Writes the families that `rules` make of `snapshots`, one after the other. Stops when the page
/// is not read on. Pre: no pointer is null.
template <typename Snapshot, std::size_t N>
void WriteFamilies(const std::array<SeriesRule<Snapshot>, N>& rules,
                   const std::vector<std::shared_ptr<const Snapshot>>& snapshots, WallTime now,
                   PageWriter& page) {
  std::vector<LabelText> identities;
  identities.reserve(snapshots.size());
  for (const auto& snapshot : snapshots) {
    identities.emplace_back(StatusOf(*snapshot).key);
  }
  for (const SeriesRule<Snapshot>& rule : rules) {
    FamilyText family(rule.metric, page.Text());
    for (std::size_t i = 0; i < snapshots.size() && page.IsRead(); ++i) {
      if (rule.shown == Shown::Always || IsFresh(StatusOf(*snapshots[i]), now)) {
        rule.add(family, identities[i], *snapshots[i]);
        page.PassOn();
      }
    }
  }
}

}  // namespace pathwitness
