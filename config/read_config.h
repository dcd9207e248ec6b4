#pragma once

#include "config/config.h"
#include "config/section.h"

namespace pathwitness {

/// Turns the merged document into a configuration. Problems, positions and values go to the
/// section's log; rules that span keys are CheckConfig's.
Config ReadConfig(Section root);

}  // namespace pathwitness
