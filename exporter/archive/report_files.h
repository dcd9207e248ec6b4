#pragma once

#include <map>
#include <string>

#include "probes/base/time.h"

namespace pathwitness {

/// A report as its maker hands it over: the same facts in several forms.
struct ReportFiles {
  std::string target;                        // as the configuration calls it
  std::string source;                        // address or name that the packets left from
  std::string destination;                   // address or name that they went to
  WallTime at;                               // what the report is about, or its end
  std::map<std::string, std::string> forms;  // by extension without a dot ("txt", "json"): bytes
};

}  // namespace pathwitness
