#pragma once

#include <string>
#include <string_view>

#include "diagnosis/verdict.h"

namespace pathwitness {

/// The sentences of a verdict; its `text` is not read. Pre: `verdict` was made of `observations`,
/// and `observations.facts.owners` has one element per hop.
std::string DescribeVerdict(const Verdict& verdict, const Observations& observations);

/// What a latency is longer than, as " than in the day before"; empty of the half hour before.
std::string_view PastPhrase(LatencyPast past);

}  // namespace pathwitness
