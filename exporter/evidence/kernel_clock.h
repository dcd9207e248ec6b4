#pragma once

#include "exporter/evidence/report.h"

namespace pathwitness {

/// How far the kernel trusts its clock now, as whoever disciplines it (NTP, PTP) has told it.
/// Source: adjtimex(2).
ReportClock ReadKernelClock();

}  // namespace pathwitness
