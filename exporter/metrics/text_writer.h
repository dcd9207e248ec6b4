#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <vector>

namespace pathwitness {

/// Appends families to `text` in the Prometheus text format 0.0.4.
///
/// HELP and label values are escaped; what is no valid UTF-8 in them, and NUL, which ends
/// Prometheus' reading, becomes U+FFFD, so that no input can break a scrape. Numbers have
/// the fewest digits that read back as the same double. Histogram buckets must be cumulative; the
/// `+Inf` one is added when it is missing. Families without samples are left out. No timestamps.
/// Pre: metric and label names are valid.
void AppendText(const std::vector<prometheus::MetricFamily>& families, std::string& text);

/// Appends the HELP and TYPE lines of a family.
void AppendHeader(std::string_view name, std::string_view help, prometheus::MetricType type,
                  std::string& text);

/// Appends `value` as it stands between the quotes of a label.
void AppendLabelValue(std::string_view value, std::string& text);

/// Appends the fewest digits that read back as `value`: "0.0005", "1e+21", "+Inf", "-Inf", "NaN".
void AppendNumber(double value, std::string& text);

}  // namespace pathwitness
