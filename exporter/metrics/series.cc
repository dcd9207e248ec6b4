#include "exporter/metrics/series.h"

#include <charconv>
#include <utility>

#include "exporter/metrics/text_writer.h"

namespace pathwitness {

LabelText::LabelText(const ProberKey& key) {
  Add("target", key.target);
  Add("prober", ProberName(key.prober));
  Add("family", ProberFamilyName(key.family));
}

LabelText& LabelText::Add(std::string_view name, std::string_view value) {
  AddName(name);
  AppendLabelValue(value, text_);
  text_ += '"';
  return *this;
}

LabelText& LabelText::Add(std::string_view name, std::uint64_t value) {
  std::array<char, 20> digits{};
  auto* const end = std::to_chars(digits.begin(), digits.end(), value).ptr;
  AddName(name);
  text_.append(digits.begin(), end);
  text_ += '"';
  return *this;
}

void LabelText::AddName(std::string_view name) {
  if (!text_.empty()) {
    text_ += ',';
  }
  text_ += name;
  text_ += "=\"";
}

LabelText With(LabelText labels, std::string_view name, std::string_view value) {
  labels.Add(name, value);
  return labels;
}

void FamilyText::Add(const LabelText& labels, double value) {
  Begin();
  Line("", labels, value);
}

void FamilyText::AddHistogram(const LabelText& labels, const Histogram& histogram) {
  Begin();
  LearnBounds(histogram.bounds);
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < bound_texts_.size(); ++i) {
    cumulative += histogram.counts[i];
    BucketLine(labels, bound_texts_[i], cumulative);
  }
  const std::uint64_t count = histogram.Count();
  BucketLine(labels, "+Inf", count);
  Line("_sum", labels, histogram.sum);
  Line("_count", labels, static_cast<double>(count));
}

void FamilyText::AddSummary(const LabelText& labels, double sum, std::uint64_t count) {
  Begin();
  Line("_sum", labels, sum);
  Line("_count", labels, static_cast<double>(count));
}

void FamilyText::Begin() {
  if (!std::exchange(has_begun_, true)) {
    AppendHeader(metric_.name, metric_.help, metric_.type, text_);
  }
}

void FamilyText::Line(std::string_view suffix, const LabelText& labels, double value) {
  text_ += metric_.name;
  text_ += suffix;
  if (!labels.Text().empty()) {
    text_ += '{';
    text_ += labels.Text();
    text_ += '}';
  }
  text_ += ' ';
  AppendNumber(value, text_);
  text_ += '\n';
}

void FamilyText::BucketLine(const LabelText& labels, std::string_view bound, std::uint64_t count) {
  text_ += metric_.name;
  text_ += "_bucket{";
  text_ += labels.Text();
  text_ += labels.Text().empty() ? "le=\"" : ",le=\"";
  text_ += bound;
  text_ += "\"} ";
  AppendNumber(static_cast<double>(count), text_);
  text_ += '\n';
}

void FamilyText::LearnBounds(const std::vector<double>& bounds) {
  if (bounds == bounds_) {
    return;
  }
  bounds_ = bounds;
  bound_texts_.clear();
  for (const double bound : bounds) {
    AppendNumber(bound, bound_texts_.emplace_back());
  }
}

}  // namespace pathwitness
