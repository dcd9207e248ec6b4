#pragma once

#include <iosfwd>
#include <string>

#include "diagnosis/verdict.h"

namespace pathwitness {

/// The verdict for programs, ending in a line feed; docs/diagnose.md describes the fields.
std::string VerdictJson(const Verdict& verdict);

/// Prints what the observations in `file` mean, as text or as JSON. The exit status: 0 judged,
/// 1 the file cannot be read or is wrong, which `err` says in one line.
int Diagnose(const std::string& file, bool as_json, std::ostream& out, std::ostream& err);

}  // namespace pathwitness
