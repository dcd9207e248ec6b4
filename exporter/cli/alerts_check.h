#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace pathwitness {

/// What `pathwitness check alerts` was told.
struct AlertsCheckWords {
  std::string rules = "alerts/rules";        // a folder
  std::vector<std::string> prometheus_urls;  // roots; none: only the files are checked
  std::string username;
  std::string password_file;
  std::string bearer_token_file;
  std::string ca_file;
  std::string wait = "0s";  // for the rules of each Prometheus to be the shipped ones
};

/// Checks the rules of a folder with what stands beside it, then compares them with those that each
/// Prometheus runs, and prints what differs.
///
/// Returns 0 when all is well, 1 when there are problems or differences, 2 when a Prometheus could
/// not be asked or the words are wrong.
int CheckAlerts(const AlertsCheckWords& words, std::ostream& out, std::ostream& err);

}  // namespace pathwitness
