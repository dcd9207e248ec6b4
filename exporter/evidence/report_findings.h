#pragma once

#include <vector>

#include "exporter/evidence/report_facts.h"

namespace pathwitness {

/// What else might explain what was seen, and why it does or does not. `report` has its windows and
/// flows already.
std::vector<ReportFinding> FindingsOf(const ReportFacts& facts, const Report& report);

/// Whom to ask, in this order: those on both sides of an interconnect, whoever is named or likely.
std::vector<ReportContact> ContactsOf(const Verdict& verdict);

}  // namespace pathwitness
