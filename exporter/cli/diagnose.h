#pragma once

#include <iosfwd>
#include <string>

#include "diagnosis/verdict.h"

namespace pathwitness {

/// The verdict for programs, ending in a line feed; docs/diagnose.md describes the fields.
std::string VerdictJson(const Verdict& verdict);

struct DiagnoseOrder {
  std::string file;
  std::string other_end;  // what the other end of the path saw; empty: not known
  bool as_json = false;
};

/// Prints what the observations in the files mean, as text or as JSON. The exit status: 0 judged,
/// 1 a file cannot be read or is wrong, which `err` says in one line.
int Diagnose(const DiagnoseOrder& order, std::ostream& out, std::ostream& err);

}  // namespace pathwitness
