#pragma once

#include <string>

#include "diagnosis/verdict.h"

namespace pathwitness {

/// The sentences of a verdict; its `text` is not read. Pre: `verdict` was made of `observations`,
/// and `observations.facts.owners` has one element per hop.
std::string DescribeVerdict(const Verdict& verdict, const Observations& observations);

}  // namespace pathwitness
