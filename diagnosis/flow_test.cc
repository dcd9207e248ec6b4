#include "diagnosis/flow_test.h"

namespace pathwitness {
namespace {

constexpr double kDependent = 1e-3;
constexpr double kBadFlow = 0.01;  // shared by all flows, as each is one more chance to err

}  // namespace

FlowTest TestFlows(std::span<const Counts> flows) {
  Counts all;
  double probed = 0;
  for (const Counts& flow : flows) {
    all.sent += flow.sent;
    all.received += flow.received;
    probed += flow.sent > 0 ? 1 : 0;
  }
  FlowTest test;
  const double ratio = all.LossRatio();
  if (probed < 2 || ratio <= 0 || ratio >= 1) {
    return test;
  }
  for (const Counts& flow : flows) {
    const double surplus = flow.Lost() - flow.sent * ratio;
    test.statistic += flow.sent > 0 ? surplus * surplus / (flow.sent * ratio * (1 - ratio)) : 0;
  }
  test.p = ChiSquareTail(test.statistic, probed - 1);
  test.is_dependent = test.p < kDependent;
  for (std::size_t i = 0; test.is_dependent && i < flows.size(); ++i) {
    const Counts& flow = flows[i];
    if (FisherAtMost(all.Lost() - flow.Lost(), all.sent - flow.sent, flow.Lost(), flow.sent) <
        kBadFlow / probed) {
      test.bad.push_back(i);
    }
  }
  return test;
}

}  // namespace pathwitness
