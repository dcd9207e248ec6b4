#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace pathwitness {

/// The alerts that have a runbook, sorted.
std::vector<std::string> RunbookNames(const AlertingConfig& alerting);

/// The runbook of an alert as it is written now; nothing when there is none, or no such alert.
/// `alert` may be anything: it is looked up in the catalogue before it becomes part of a path.
std::optional<std::string> ReadRunbook(const AlertingConfig& alerting, std::string_view alert);

}  // namespace pathwitness
