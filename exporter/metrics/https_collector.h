#pragma once

#include <vector>

#include "exporter/metrics/page_writer.h"
#include "probes/base/time.h"
#include "probes/https/https_snapshot.h"

namespace pathwitness {

/// What the HTTPS probers saw.
class HttpsCollector {
 public:
  HttpsCollector(std::vector<HttpsBoard::Pointer> snapshots, WallTime now);
  void Write(PageWriter& page) const;

 private:
  std::vector<HttpsBoard::Pointer> snapshots_;
  WallTime now_;
};

}  // namespace pathwitness
