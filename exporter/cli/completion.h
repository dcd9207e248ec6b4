#pragma once

#include <string>

#include "exporter/usage.h"

namespace pathwitness {

/// A script for bash-completion, or for any bash that sources it.
std::string BashCompletion(const CommandUsage& program);

/// A function file for zsh's `fpath`.
std::string ZshCompletion(const CommandUsage& program);

}  // namespace pathwitness
