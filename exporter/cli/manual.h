#pragma once

#include <string>
#include <string_view>

#include "exporter/usage.h"

namespace pathwitness {

/// The manual page, as `man` reads it (man(7)).
std::string ManualPage(const CommandUsage& program, std::string_view version);

}  // namespace pathwitness
