#pragma once

#include <stdexcept>
#include <string_view>

#include "diagnosis/verdict.h"

namespace pathwitness {

/// What is wrong with an input and where, such as "hops[2]: received 12 of 10 sent".
class DiagnoseError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads what `pathwitness diagnose` is given: our own form (docs/diagnose.md), a report of
/// `pathwitness evidence --json` (docs/report.md), or one of `mtr --json`. Unknown keys are
/// ignored. Throws DiagnoseError.
Observations ReadObservations(std::string_view json);

}  // namespace pathwitness
