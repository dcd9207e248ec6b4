#include "exporter/metrics/verdict_collector.h"

#include <array>
#include <string>
#include <utility>

#include "exporter/metrics/series.h"

namespace pathwitness {
namespace {

constexpr std::array kStates = {VerdictState::None,          VerdictState::Loss,
                                VerdictState::Latency,       VerdictState::Route,
                                VerdictState::FlowDependent, VerdictState::RateLimited,
                                VerdictState::Service,       VerdictState::DestinationFilter,
                                VerdictState::Local,         VerdictState::Undecided};

bool IsService(const VerdictSnapshot& said) {
  return said.status.key.prober == ProberKind::Https;
}

// A path without any probe that could tell is neither good nor bad.
VerdictState StateOf(const VerdictSnapshot& said) {
  if (said.verdict) {
    return said.verdict->state;
  }
  return said.loss || IsService(said) ? VerdictState::None : VerdictState::Undecided;
}

// Hops are those of the likeliest links; empty when no hops were judged.
void AddInfo(FamilyText& family, const LabelText& identity, const Verdict& verdict) {
  const HopOwner owner = verdict.attribution.owner.value_or(HopOwner());
  const HopSpan& likely = verdict.posterior.likely;
  const bool has_hops = likely.behind > 0;
  LabelText labels = identity;
  labels.Add("state", VerdictStateName(verdict.state));
  labels.Add("owner", owner.name);
  labels.Add("asn", owner.asn == 0 ? std::string() : std::to_string(owner.asn));
  labels.Add("segment", SegmentName(owner.segment));
  labels.Add("direction", DirectionName(verdict.direction));
  labels.Add("hop_from", has_hops ? std::to_string(likely.before) : std::string());
  labels.Add("hop_to", has_hops ? std::to_string(likely.behind) : std::string());
  labels.Add("kind", verdict.kind == LatencyKind::Unknown ? "" : LatencyKindName(verdict.kind));
  labels.Add("reason", verdict.reason);
  labels.Add("contact", verdict.contact);
  family.Add(labels, 1);
}

constexpr std::array<SeriesRule<VerdictSnapshot>, 6> kRules{{
    {kVerdict, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const VerdictSnapshot& said) {
       LabelText labels = identity;
       for (const VerdictState state : kStates) {
         labels.CutTo(identity.Text().size());
         family.Add(labels.Add("state", VerdictStateName(state)), state == StateOf(said));
       }
     }},
    {kVerdictInfo, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const VerdictSnapshot& said) {
       if (said.verdict) {
         AddInfo(family, identity, *said.verdict);
       }
     }},
    {kVerdictProbability, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const VerdictSnapshot& said) {
       if (said.verdict) {
         family.Add(identity, said.verdict->attribution.probability);
       }
     }},
    {kVerdictSince, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const VerdictSnapshot& said) {
       if (said.verdict) {
         family.Add(identity, ToUnixSeconds(said.since));
       }
     }},
    {kLossLowerBound, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const VerdictSnapshot& said) {
       if (said.loss) {
         family.Add(identity, said.loss->low);
       }
     }},
    {kLossUpperBound, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const VerdictSnapshot& said) {
       if (said.loss) {
         family.Add(identity, said.loss->high);
       }
     }},
}};

}  // namespace

VerdictCollector::VerdictCollector(std::vector<VerdictBoard::Pointer> verdicts, WallTime now)
    : verdicts_(std::move(verdicts)), now_(now) {}

void VerdictCollector::Write(PageWriter& page) const {
  WriteFamilies(kRules, verdicts_, now_, page);
}

}  // namespace pathwitness
