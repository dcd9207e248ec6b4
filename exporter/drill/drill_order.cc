#include "exporter/drill/drill_order.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "config/values.h"

namespace pathwitness {
namespace {

std::optional<double> ReadShare(std::string_view text) {
  constexpr double kWhole = 100;
  const bool is_percentage = text.ends_with('%');
  if (is_percentage) {
    text.remove_suffix(1);
  }
  const std::optional<double> number = ParseNumber(text);
  if (!number) {
    return std::nullopt;
  }
  const double share = is_percentage ? *number / kWhole : *number;
  return share > 0 && share <= 1 ? std::optional(share) : std::nullopt;
}

std::optional<unsigned> ReadHop(std::string_view text) {
  const std::optional<std::uint64_t> hop = ParseWholeNumber(text);
  return hop && *hop >= 1 && *hop <= kFarthestHop ? std::optional(static_cast<unsigned>(*hop))
                                                  : std::nullopt;
}

std::optional<Duration> ReadLength(std::string_view text) {
  const std::optional<Duration> length = ParseDuration(text);
  return length && *length >= kShortestDrill && *length <= kLongestDrill ? length : std::nullopt;
}

/// Puts `read` into `value`, or says what is allowed.
template <typename Value>
std::string Put(const std::optional<Value>& read, Value& value, std::string allowed) {
  if (!read) {
    return allowed;
  }
  value = *read;
  return "";
}

/// Empty, or what is wrong.
std::string ReadParameter(std::string_view name, const std::string& value, DrillOrder& order) {
  if (name == "target") {
    order.target = value;
    return "";
  }
  if (name == "loss") {
    return Put(ReadShare(value), order.loss, "loss must be a share such as 30% or 0.3, above 0");
  }
  if (name == "at_hop") {
    return Put(ReadHop(value), order.at_hop,
               fmt::format("at_hop must be a number from 1 to {}", kFarthestHop));
  }
  if (name == "for") {
    return Put(ReadLength(value), order.length, "for must be a duration such as 10m, 1s to 1h");
  }
  return "unknown parameter: allowed are target, loss, at_hop and for";
}

}  // namespace

std::variant<DrillOrder, std::string> ReadDrillOrder(const QueryParameters& parameters) {
  for (const char* const needed : {"target", "loss", "for"}) {
    if (!parameters.contains(needed)) {
      return fmt::format("{} is missing: POST /-/drill?target=NAME&loss=30%25&for=10m[&at_hop=TTL]",
                         needed);
    }
  }
  DrillOrder order;
  for (const auto& [name, value] : parameters) {
    if (std::string problem = ReadParameter(name, value, order); !problem.empty()) {
      return problem;
    }
  }
  return order;
}

}  // namespace pathwitness
