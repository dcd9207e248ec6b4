#pragma once

#include <string>
#include <vector>

#include "diagnosis/incident_book.h"
#include "exporter/diagnosis/verdict_desk.h"

namespace pathwitness {

/// A cause that shows itself now, with the verdicts that it explains.
struct SeenCause {
  CauseSighting sighting;
  std::vector<const VerdictSnapshot*> members;  // of `paths` and `services`; each has a verdict
  unsigned total = 0;                           // targets that were judged
  std::string scope;                            // as "3 of 5 targets, all through ..."
};

/// What explains all that is said, faults of this exporter first, then those that reach most.
///
/// A path that fails alone is waited with for 15 s after its first sign: others with the same cause
/// are judged at most that much later.
std::vector<SeenCause> SeeCauses(const std::vector<JudgedPath>& paths,
                                 const std::vector<VerdictBoard::Pointer>& services, WallTime now);

}  // namespace pathwitness
