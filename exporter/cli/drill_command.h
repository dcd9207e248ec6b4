#pragma once

#include <iosfwd>
#include <string>

#include "exporter/cli/drill_report.h"
#include "exporter/cli/http_asker.h"

namespace pathwitness {

/// What `pathwitness drill` was told. URLs stand without a slash at the end.
struct DrillWords {
  std::string target;
  std::string loss;
  std::string at_hop = "1";
  std::string length;
  std::string url = "http://localhost:10059";  // of the exporter
  HttpAccess access;                           // to it
  std::string prometheus_url;                  // empty: not asked
  std::string alertmanager_url;                // empty: not asked
  DrillGoals goals;                            // but for what the URLs say
};

/// Starts a drill, prints what arrives where and when, and stops the drill when the page has
/// arrived or gone astray, at INT or TERM and at its end. Returns 0 when all arrived that was asked
/// for, 1 when not, 2 when the drill could not be started.
int RunDrill(DrillWords words, std::ostream& out, std::ostream& err);

}  // namespace pathwitness
