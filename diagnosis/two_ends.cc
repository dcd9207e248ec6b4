#include "diagnosis/two_ends.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "diagnosis/one_way.h"

namespace pathwitness {
namespace {

bool SeesLoss(const EndView& end) {
  return end.verdict.loss.state == LossState::Loss && !end.verdict.posterior.links.empty();
}

bool IsClean(const EndView& end) {
  return !end.observations.loss.hops.empty() && end.verdict.loss.state == LossState::None;
}

// The same for both ends, in whichever order they meet the networks. Empty: it may be anybody.
std::string SharedName(const HopOwner& owner, bool is_ours) {
  switch (owner.segment) {
    case Segment::Undetermined:
      return "";
    case Segment::SourceLan:
      return is_ours ? "the network here" : "the network there";
    case Segment::DestinationHost:
      return is_ours ? "the network there" : "the network here";
    case Segment::Interconnect:
      if (owner.asn != 0 && owner.asn_near != 0) {
        const auto [low, high] = std::minmax(owner.asn, owner.asn_near);
        return fmt::format("AS{}-AS{}", low, high);
      }
      return owner.name;
    default:
      return owner.name;
  }
}

/// How likely each network is at fault, if there is a fault.
std::map<std::string, double> SharesOf(const EndView& end, bool is_ours) {
  const LinkPosterior& posterior = end.verdict.posterior;
  std::vector<HopOwner> owners = end.observations.facts.owners;
  if (owners.size() != posterior.links.size()) {
    owners = DefaultOwners(posterior.links.size());
  }
  std::map<std::string, double> shares;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    shares[SharedName(owners[i], is_ours)] += posterior.links[i] / (1 - posterior.none);
  }
  shares.erase("");
  return shares;
}

TwoEnds Nobody(std::string text) {
  return {.owner = std::nullopt, .probability = 0, .text = std::move(text)};
}

TwoEnds ViewOf(const EndView& end, std::string_view which, std::string_view way) {
  const Attribution& attribution = end.verdict.attribution;
  TwoEnds together = {.owner = std::nullopt, .probability = attribution.probability, .text = {}};
  if (attribution.probability >= end.verdict.posterior.needed &&
      attribution.likeliest.segment != Segment::Undetermined) {
    together.owner = attribution.likeliest.name;
  }
  together.text = fmt::format(
      "Packets are lost on the way {}, so the view of {} holds: P={:.2f} {}.", way, which,
      attribution.probability,
      together.owner ? *together.owner : std::string("of the likeliest, nobody is named"));
  return together;
}

TwoEnds Combined(const EndView& ours, const EndView& theirs) {
  const std::map<std::string, double> our_shares = SharesOf(ours, true);
  std::map<std::string, double> their_shares = SharesOf(theirs, false);
  std::vector<std::string> names;
  std::vector<double> here;
  std::vector<double> there;
  for (const auto& [name, share] : our_shares) {
    names.push_back(name);
    here.push_back(share);
    there.push_back(their_shares[name]);
  }
  const std::optional<std::vector<double>> both = CombineEnds(here, there);
  if (!both) {
    return Nobody(
        "The two ends suspect different networks: the ways there and back differ, so the direction "
        "is unknown and nobody is named.");
  }
  const auto likeliest = static_cast<std::size_t>(std::ranges::max_element(*both) - both->begin());
  TwoEnds together = {.owner = std::nullopt, .probability = (*both)[likeliest], .text = {}};
  if (together.probability >= kSureEnough) {
    together.owner = names[likeliest];
  }
  together.text = fmt::format("Both ends together: P={:.2f} {} (here {:.2f}, there {:.2f}){}.",
                              together.probability, names[likeliest], here[likeliest],
                              there[likeliest], together.owner ? "" : ", so nobody is named");
  return together;
}

}  // namespace

TwoEnds JudgeTogether(const EndView& ours, const EndView& theirs) {
  if ((SeesLoss(ours) && IsClean(theirs)) || (SeesLoss(theirs) && IsClean(ours))) {
    return Nobody(
        "Only one end sees loss: it depends on the protocol or the flow, or on an address "
        "translator between, and nobody is named.");
  }
  if (!SeesLoss(ours) || !SeesLoss(theirs)) {
    return Nobody("Both ends do not see loss together, so there is nothing to combine.");
  }
  switch (ours.verdict.direction) {
    case Direction::Forward:
      return ViewOf(ours, "this end", "there");
    case Direction::Return:
      return ViewOf(theirs, "the other end", "back");
    case Direction::Both:
      return Nobody(
          "Packets are lost on both ways: two faults, or one box on both; each view "
          "stands for its own way.");
    case Direction::Unknown:
      break;
  }
  return Combined(ours, theirs);
}

}  // namespace pathwitness
