#pragma once

#include <iosfwd>
#include <string>

#include "exporter/cli/http_asker.h"

namespace pathwitness {

/// What `pathwitness check health` was told.
struct HealthWords {
  std::string url = "http://localhost:10059";
  HttpAccess access;
  std::string wait = "0s";  // how long it may take to become well
};

/// Asks a running exporter whether its engines turn and whether a prober has stored a round.
/// Returns 0 when both are so within the time, 1 when not, which `err` says in one line, 2 when
/// that cannot be asked for.
int RunHealth(const HealthWords& words, std::ostream& out, std::ostream& err);

}  // namespace pathwitness
