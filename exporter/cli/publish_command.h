#pragma once

#include <iosfwd>
#include <string>

#include "exporter/cli/http_asker.h"

namespace pathwitness {

/// What `pathwitness publish` was told.
struct PublishWords {
  std::string url = "http://localhost:10059";
  HttpAccess access;
  std::string folder;  // must be there
};

/// Puts the public status page of a running exporter into a folder, as files that any web server
/// can serve: index.html and status.json, each whole, readable for everybody. Returns 0 when both
/// are written. Else 1, and both stay as they were if the exporter did not give both; `err` says
/// why in one line.
int RunPublish(const PublishWords& words, std::ostream& out, std::ostream& err);

}  // namespace pathwitness
