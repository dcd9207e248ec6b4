#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <vector>

#include "diagnosis/two_ends.h"
#include "exporter/cli/diagnose.h"
#include "exporter/cli/diagnose_input.h"

namespace pathwitness {
namespace {

// Whatever is accepted has probabilities for a verdict.
void Check(const Verdict& verdict) {
  const std::vector<double>& links = verdict.posterior.links;
  const double sum =
      std::accumulate(links.begin(), links.end(), links.empty() ? 1.0 : verdict.posterior.none);
  const bool is_sane = std::abs(sum - 1) < 1e-6 && verdict.attribution.probability >= 0 &&
                       verdict.attribution.probability < 1 + 1e-6;
  if (!is_sane || verdict.text.empty()) {
    __builtin_trap();
  }
}

void JudgeInput(std::string_view input) {
  try {
    const Observations observations = ReadObservations(input);
    const Verdict verdict = Judge(observations);
    Check(verdict);
    VerdictJson(verdict);
    const EndView view = {observations, verdict};
    const TwoEnds together = JudgeTogether(view, view);
    if (together.text.empty() || !(together.probability >= 0 && together.probability < 1 + 1e-6)) {
      __builtin_trap();
    }
  } catch (const DiagnoseError&) {
    return;  // refused with a reason
  }
}

}  // namespace
}  // namespace pathwitness

// libFuzzer's entry; the name is its own.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  pathwitness::JudgeInput({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
