#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "probes/base/time.h"
#include "probes/pulse/pulse_snapshot.h"

// Finding the time of the last beat in what was fetched. Pure but for ReadFileTime, and fed by
// strangers: nothing throws, recurses or reads beyond its text.
namespace pathwitness {

/// Unix seconds of the beat, between 1970 and the year 9999, or why there is none. A number beyond
/// is Invalid: most likely it counts milliseconds.
using PulseReading = std::variant<double, PulseFailure>;

/// The first header called `name` (any case), as an HTTP date: IMF-fixdate, or the obsolete RFC 850
/// and asctime forms. `now` gives two-digit years their century.
/// Source: RFC 9110 section 5.6.7.
PulseReading ReadHttpDateHeader(const std::vector<std::pair<std::string, std::string>>& headers,
                                std::string_view name, WallTime now);

/// Unix seconds of a time such as "2026-01-31T16:00:00Z" or "2026-01-31 17:00:00.5+01:00"; empty
/// for any other text. Source: RFC 3339 section 5.6.
std::optional<double> ReadRfc3339(std::string_view text);

/// The value at `pointer` in a JSON document: a number of Unix seconds, or RFC 3339 text.
/// Source: RFC 6901 (pointer), RFC 3339 section 5.6 (text).
PulseReading ReadJsonField(std::string_view document, std::string_view pointer);

/// The value of the sample `metric` that carries `labels`, maybe among others, in the Prometheus
/// text format. Of several such samples the newest time counts; damaged lines are passed over, and
/// so is a last line without its end, which may be half a number.
/// Source: Prometheus exposition formats, text format 0.0.4.
PulseReading ReadPrometheusSample(std::string_view text, std::string_view metric,
                                  const std::map<std::string, std::string>& labels);

/// When the file, or the entries of the directory, last changed. May block as long as the file
/// system does.
PulseReading ReadFileTime(const std::string& path);

}  // namespace pathwitness
