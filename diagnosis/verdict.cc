#include "diagnosis/verdict.h"

#include <algorithm>

#include "diagnosis/verdict_text.h"

namespace pathwitness {
namespace {

struct Share {
  HopOwner owner;
  double probability = 0;
};

// That an address may be on the router behind a border does not make it another owner's.
bool IsSameOwner(const HopOwner& a, const HopOwner& b) {
  return a.segment == b.segment && a.asn == b.asn && a.asn_near == b.asn_near && a.name == b.name;
}

// The likeliest owner first.
std::vector<Share> OwnerShares(const LinkPosterior& posterior, const PathFacts& facts) {
  std::vector<Share> shares;
  for (std::size_t i = 0; i < posterior.links.size(); ++i) {
    const auto known = std::ranges::find_if(
        shares, [&](const Share& share) { return IsSameOwner(share.owner, facts.owners[i]); });
    Share& share = known != shares.end() ? *known : shares.emplace_back(Share{facts.owners[i], 0});
    share.probability += posterior.links[i];
  }
  std::ranges::stable_sort(shares, std::ranges::greater(), &Share::probability);
  return shares;
}

bool IsBorder(const std::vector<HopOwner>& owners, std::size_t link) {
  const HopOwner& owner = owners[link - 1];
  if (owner.segment == Segment::Interconnect || owner.segment == Segment::Ix ||
      owner.may_be_border) {
    return true;
  }
  const std::uint32_t asn_before = link >= 2 ? owners[link - 2].asn : 0;
  return asn_before != 0 && owner.asn != 0 && asn_before != owner.asn;
}

std::size_t BorderAmong(const HopSpan& likely, const std::vector<HopOwner>& owners) {
  for (std::size_t link = likely.before + 1; link <= likely.behind; ++link) {
    if (IsBorder(owners, link)) {
      return link;
    }
  }
  return 0;
}

Direction DirectionKnown(const PathFacts& facts) {
  return facts.one_way ? DirectionOf(*facts.one_way) : Direction::Unknown;
}

bool MayName(const PathFacts& facts, bool crosses_border) {
  const Direction direction = DirectionKnown(facts);
  if (direction == Direction::Return || direction == Direction::Both) {
    return false;  // the hops of the way there tell nothing of the way back
  }
  return direction == Direction::Forward || !crosses_border || facts.are_reply_ttls_unchanged;
}

LatencyKind LatencyKindOf(const LatencyEvidence& evidence, const PathFacts& facts) {
  const double shift = evidence.hops.back()->shift;
  const std::optional<HopShift>& first = evidence.hops.front();
  const bool is_first_late = evidence.hops.size() > 1 && first && first->shift >= shift / 2;
  return KindOf({.shift_p10 = evidence.shift_p10,
                 .shift_median = shift,
                 .service_shift = std::nullopt,
                 .has_route_changed = facts.route.has_value(),
                 .are_all_targets_late = facts.are_all_targets_late && is_first_late});
}

VerdictState StateOfLatency(LatencyKind kind, const PathFacts& facts) {
  if (kind == LatencyKind::Prober) {
    return VerdictState::Local;
  }
  return facts.route ? VerdictState::Route : VerdictState::Latency;
}

/// What is said of what, for a state that no posterior is about. A change inside one network is
/// that network's; of another one it is only known between whom it is.
Attribution AttributeState(VerdictState state, const PathFacts& facts) {
  Attribution attribution;
  if (state == VerdictState::Local) {
    attribution.likeliest = {.segment = Segment::Prober,
                             .name = std::string(SegmentName(Segment::Prober))};
  } else if (facts.route->kind == RouteChangeClass::IntraAs && facts.route->ttl > 0 &&
             facts.route->ttl <= facts.owners.size()) {
    attribution.likeliest = facts.owners[facts.route->ttl - 1U];
  }
  if (!attribution.likeliest.name.empty() &&
      attribution.likeliest.segment != Segment::Undetermined) {
    attribution.owner = attribution.likeliest;
    attribution.probability = 1;
  }
  return attribution;
}

VerdictState StateOf(const Verdict& verdict, const LossEvidence& evidence, const PathFacts& facts) {
  if (verdict.flows.is_dependent) {
    return VerdictState::FlowDependent;
  }
  if (verdict.loss.state == LossState::Loss) {
    const bool is_refused = evidence.hops.back().received <= 0 && evidence.service_answers == true;
    return is_refused ? VerdictState::DestinationFilter : VerdictState::Loss;
  }
  if (verdict.latency.state == LatencyState::Latency) {
    return StateOfLatency(verdict.kind, facts);
  }
  const bool is_loss_excluded = evidence.hops.empty() || verdict.loss.state == LossState::None;
  const bool is_latency_excluded = verdict.latency.state == LatencyState::None;
  const bool is_any_judged = !evidence.hops.empty() || is_latency_excluded;
  return is_loss_excluded && is_any_judged ? VerdictState::None : VerdictState::Undecided;
}

Counts Pooled(const std::vector<Counts>& flows) {
  Counts all;
  for (const Counts& flow : flows) {
    all.sent += flow.sent;
    all.received += flow.received;
  }
  return all;
}

// Flows alone still show whether the destination loses, if not where; and owners are always there.
Observations Completed(Observations observations) {
  if (observations.loss.hops.empty() && !observations.flows.empty()) {
    observations.loss.hops = {Pooled(observations.flows)};
    observations.loss.reference.clear();
    observations.facts.owners.clear();
  }
  const std::size_t hops =
      std::max(observations.loss.hops.size(), observations.latency.hops.size());
  if (observations.facts.owners.size() != hops) {
    observations.facts.owners = DefaultOwners(hops);
  }
  return observations;
}

}  // namespace

std::string_view VerdictStateName(VerdictState state) {
  switch (state) {
    case VerdictState::None:
      return "none";
    case VerdictState::Loss:
      return "loss";
    case VerdictState::Latency:
      return "latency";
    case VerdictState::Route:
      return "route";
    case VerdictState::FlowDependent:
      return "flow_dependent";
    case VerdictState::RateLimited:
      return "rate_limited";
    case VerdictState::DestinationFilter:
      return "destination_filter";
    case VerdictState::Service:
      return "service";
    case VerdictState::Local:
      return "local";
    case VerdictState::Undecided:
      return "undecided";
  }
  return "";
}

std::vector<HopOwner> DefaultOwners(std::size_t hops) {
  std::vector<HopOwner> owners(hops);
  if (hops >= 2) {
    owners.front() = {.segment = Segment::SourceLan, .name = "source_lan"};
    owners.back() = {.segment = Segment::DestinationHost, .name = "destination_host"};
  }
  return owners;
}

Attribution Attribute(const LinkPosterior& posterior, const PathFacts& facts) {
  Attribution attribution;
  const std::vector<Share> shares = OwnerShares(posterior, facts);
  if (shares.empty()) {
    return attribution;
  }
  attribution.likeliest = shares.front().owner;
  attribution.probability = shares.front().probability;
  if (shares.size() > 1) {
    attribution.second = shares[1].owner;
    attribution.second_probability = shares[1].probability;
  }
  attribution.border = BorderAmong(posterior.likely, facts.owners);
  if (attribution.probability >= posterior.needed &&
      attribution.likeliest.segment != Segment::Undetermined &&
      MayName(facts, attribution.border != 0)) {
    attribution.owner = attribution.likeliest;
  }
  return attribution;
}

Verdict Judge(const Observations& observations) {
  const Observations all = Completed(observations);
  Verdict verdict;
  verdict.direction = DirectionKnown(all.facts);
  verdict.flows = TestFlows(all.flows);
  verdict.loss = BlameLoss(all.loss);
  verdict.latency = BlameLatency(all.latency);
  if (verdict.latency.state == LatencyState::Latency) {
    verdict.kind = LatencyKindOf(all.latency, all.facts);
  }
  verdict.state = StateOf(verdict, all.loss, all.facts);
  if (verdict.state == VerdictState::Local || verdict.state == VerdictState::Route) {
    verdict.attribution = AttributeState(verdict.state, all.facts);
    verdict.reason = verdict.state == VerdictState::Local ? "late" : "";
  } else if (verdict.state != VerdictState::DestinationFilter) {  // no loss: nobody is to blame
    const bool is_lossy = verdict.loss.state == LossState::Loss;
    verdict.posterior = is_lossy ? verdict.loss.posterior : verdict.latency.posterior;
    verdict.attribution = Attribute(verdict.posterior, all.facts);
  }
  verdict.text = DescribeVerdict(verdict, all);
  return verdict;
}

}  // namespace pathwitness
