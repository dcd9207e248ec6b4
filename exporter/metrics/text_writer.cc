#include "exporter/metrics/text_writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace pathwitness {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// Bytes that a sequence starting with `lead` has; 0 when none may start so.
std::size_t SequenceLength(std::uint8_t lead) {
  if (lead < 0x80) {
    return 1;
  }
  if (lead < 0xC2 || lead > 0xF4) {  // continuation bytes, overlong 2-byte forms, beyond U+10FFFF
    return 0;
  }
  return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/// The second byte alone decides about overlong forms, surrogates and the end of Unicode.
/// Source: RFC 3629 section 4.
bool IsSecondByte(std::uint8_t lead, std::uint8_t byte) {
  const std::uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  return byte >= low && byte <= high;
}

/// Length of the well-formed UTF-8 sequence at the front of `text`; 0 when there is none.
std::size_t ValidPrefix(std::string_view text) {
  const auto byte_at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::size_t length = SequenceLength(byte_at(0));
  if (length == 0 || length > text.size()) {
    return 0;
  }
  if (length > 1 && !IsSecondByte(byte_at(0), byte_at(1))) {
    return 0;
  }
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte_at(i) & 0xC0U) != 0x80U) {
      return 0;
    }
  }
  return length;
}

bool IsPlain(char c) {
  return c >= ' ' && c <= '~' && c != '\\' && c != '"';
}

/// Appends one character of `text` that IsPlain did not pass; returns how many bytes it took.
std::size_t AppendSpecial(std::string_view text, std::string_view quoted, std::string& out) {
  const char c = text.front();
  if (c == '\n') {
    out += "\\n";
    return 1;
  }
  if (quoted.find(c) != std::string_view::npos) {
    out += '\\';
    out += c;
    return 1;
  }
  const std::size_t length = c == '\0' ? 0 : ValidPrefix(text);
  if (length == 0) {
    out += kReplacement;
    return 1;
  }
  out += text.substr(0, length);
  return length;
}

/// `quoted`: the characters that get a backslash in front.
void AppendEscaped(std::string_view text, std::string_view quoted, std::string& out) {
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && IsPlain(text[plain])) {
      ++plain;
    }
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (!text.empty()) {
      text.remove_prefix(AppendSpecial(text, quoted, out));
    }
  }
}

std::string_view TypeName(MetricType type) {
  switch (type) {
    case MetricType::Counter:
      return "counter";
    case MetricType::Gauge:
      return "gauge";
    case MetricType::Summary:
      return "summary";
    case MetricType::Histogram:
      return "histogram";
    case MetricType::Untyped:
      break;
  }
  return "untyped";
}

/// The labels without their braces: `a="1",b="2"`.
std::string LabelText(const std::vector<ClientMetric::Label>& labels) {
  std::string text;
  for (const ClientMetric::Label& label : labels) {
    text += text.empty() ? "" : ",";
    text += label.name;
    text += "=\"";
    AppendLabelValue(label.value, text);
    text += '"';
  }
  return text;
}

/// Writes the lines of one family, which have the name in common.
class SampleWriter {
 public:
  SampleWriter(const MetricFamily& family, std::string& text) : family_(family), text_(text) {}

  void Write(const ClientMetric& metric) {
    labels_ = LabelText(metric.label);
    switch (family_.type) {
      case MetricType::Counter:
        return Line("", metric.counter.value);
      case MetricType::Gauge:
        return Line("", metric.gauge.value);
      case MetricType::Untyped:
        return Line("", metric.untyped.value);
      case MetricType::Summary:
        return WriteSummary(metric.summary);
      case MetricType::Histogram:
        return WriteHistogram(metric.histogram);
    }
  }

 private:
  void Line(std::string_view suffix, double value) {
    text_ += family_.name;
    text_ += suffix;
    if (!labels_.empty()) {
      text_ += '{';
      text_ += labels_;
      text_ += '}';
    }
    EndLine(value);
  }

  /// A line with one more label, whose value is a number.
  void Line(std::string_view suffix, std::string_view label, double label_value, double value) {
    text_ += family_.name;
    text_ += suffix;
    text_ += '{';
    text_ += labels_;
    text_ += labels_.empty() ? "" : ",";
    text_ += label;
    text_ += "=\"";
    AppendNumber(label_value, text_);
    text_ += "\"}";
    EndLine(value);
  }

  void EndLine(double value) {
    text_ += ' ';
    AppendNumber(value, text_);
    text_ += '\n';
  }

  void WriteSummary(const ClientMetric::Summary& summary) {
    for (const ClientMetric::Quantile& quantile : summary.quantile) {
      Line("", "quantile", quantile.quantile, quantile.value);
    }
    Line("_sum", summary.sample_sum);
    Line("_count", static_cast<double>(summary.sample_count));
  }

  void WriteHistogram(const ClientMetric::Histogram& histogram) {
    const double infinity = std::numeric_limits<double>::infinity();
    const auto count = static_cast<double>(histogram.sample_count);
    for (const ClientMetric::Bucket& bucket : histogram.bucket) {
      Line("_bucket", "le", bucket.upper_bound, static_cast<double>(bucket.cumulative_count));
    }
    if (histogram.bucket.empty() || histogram.bucket.back().upper_bound != infinity) {
      Line("_bucket", "le", infinity, count);
    }
    Line("_sum", histogram.sample_sum);
    Line("_count", count);
  }

  const MetricFamily& family_;
  std::string& text_;
  std::string labels_;  // of the metric being written
};

}  // namespace

void AppendText(const std::vector<MetricFamily>& families, std::string& text) {
  for (const MetricFamily& family : families) {
    if (family.metric.empty()) {
      continue;
    }
    AppendHeader(family.name, family.help, family.type, text);
    SampleWriter writer(family, text);
    for (const ClientMetric& metric : family.metric) {
      writer.Write(metric);
    }
  }
}

void AppendHeader(std::string_view name, std::string_view help, MetricType type,
                  std::string& text) {
  text += "# HELP ";
  text += name;
  text += ' ';
  AppendEscaped(help, "\\", text);
  text += "\n# TYPE ";
  text += name;
  text += ' ';
  text += TypeName(type);
  text += '\n';
}

void AppendLabelValue(std::string_view value, std::string& text) {
  AppendEscaped(value, "\\\"", text);
}

void AppendNumber(double value, std::string& text) {
  if (std::isnan(value)) {
    text += "NaN";
    return;
  }
  if (std::isinf(value)) {
    text += value < 0 ? "-Inf" : "+Inf";
    return;
  }
  std::array<char, 32> buffer{};  // the longest double takes 24
  // Most values are counts, and whole numbers are written three times faster.
  constexpr double kEndOfWholes = 1LL << 53;
  if (std::abs(value) < kEndOfWholes && value == std::trunc(value) &&
      !(value == 0 && std::signbit(value))) {
    text.append(buffer.begin(),
                std::to_chars(buffer.begin(), buffer.end(), static_cast<std::int64_t>(value)).ptr);
    return;
  }
  // Digits in full where people read them, so that a bucket is le="0.0005" and not le="5e-04".
  const double magnitude = std::abs(value);
  const bool is_plain = magnitude == 0 || (magnitude >= 1e-5 && magnitude < 1e21);
  const auto format = is_plain ? std::chars_format::fixed : std::chars_format::scientific;
  auto* const end = std::to_chars(buffer.begin(), buffer.end(), value, format).ptr;
  text.append(buffer.begin(), end);
}

}  // namespace pathwitness
