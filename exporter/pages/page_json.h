#pragma once

#include <string>

#include "exporter/pages/status_page.h"
#include "exporter/pages/target_page.h"

// The pages' values for programs, each ending in a line feed; docs/pages.md describes the fields.
namespace pathwitness {

/// All targets with their probers, by name; without search and paging.
std::string TargetsDocument(const StatusView& view);

std::string TargetDocument(const TargetView& view);

}  // namespace pathwitness
