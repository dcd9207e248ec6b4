#include "exporter/web/accept_encoding.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <system_error>

#include "exporter/web/lower_case.h"

namespace pathwitness {
namespace {

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Cuts and returns what stands before `separator`; all when there is none.
std::string_view TakeUntil(std::string_view& text, char separator) {
  const std::string_view part = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(text.size(), part.size() + 1));
  return Trim(part);
}

/// A weight that cannot be read is 0: better plain text than bytes the client does not take.
double Weight(std::string_view parameters) {
  double weight = 1;
  while (!parameters.empty()) {
    const std::string parameter = LowerCase(TakeUntil(parameters, ';'));
    if (!parameter.starts_with("q=")) {
      continue;
    }
    const char* const end = parameter.data() + parameter.size();
    const auto [stop, error] = std::from_chars(parameter.data() + 2, end, weight);
    if (error != std::errc() || stop != end || !(weight >= 0 && weight <= 1)) {
      return 0;
    }
  }
  return weight;
}

}  // namespace

bool AcceptsGzip(std::string_view accept_encoding) {
  std::optional<double> gzip;
  std::optional<double> any;
  while (!accept_encoding.empty()) {
    std::string_view member = TakeUntil(accept_encoding, ',');
    const std::string coding = LowerCase(TakeUntil(member, ';'));
    if (coding == "gzip" || coding == "x-gzip") {
      gzip = std::max(gzip.value_or(0), Weight(member));
    } else if (coding == "*") {
      any = Weight(member);
    }
  }
  return gzip.value_or(any.value_or(0)) > 0;
}

}  // namespace pathwitness
