#include "diagnosis/verdict_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace pathwitness {
namespace {

// The samples of each hop with which a clean one is told from a lossy destination four times of
// five (Fisher's exact test at 0.01) are about nine times 1 / loss.
constexpr double kSamplesPerLoss = 9;

std::string Percent(double ratio) {
  return fmt::format("{:.1f} %", ratio * 100);
}

std::string CountsText(double hits, double trials) {
  return fmt::format("{:.0f}/{:.0f}", hits, trials);
}

std::string OwnerText(const HopOwner& owner) {
  return owner.name.empty() ? "an unknown network" : owner.name;
}

std::string HopText(std::size_t hop, const PathFacts& facts) {
  if (hop == 0) {
    return "the prober";
  }
  std::string details = hop <= facts.hop_names.size() ? facts.hop_names[hop - 1] : "";
  const std::string& owner = facts.owners[hop - 1].name;
  if (!owner.empty()) {
    details += (details.empty() ? "" : ", ") + owner;
  }
  return details.empty() ? fmt::format("hop {}", hop) : fmt::format("hop {} ({})", hop, details);
}

std::string LossSentence(const Verdict& verdict, const Counts& destination) {
  const std::string figures = fmt::format(
      "{} of probes ({}, 95 % CI {:.1f}-{:.1f} %) to the destination ",
      Percent(destination.LossRatio()), CountsText(destination.Lost(), destination.sent),
      verdict.loss.loss.low * 100, verdict.loss.loss.high * 100);
  switch (verdict.state) {
    case VerdictState::DestinationFilter:
      return figures + "are not answered, but its service answers: they are filtered.";
    case VerdictState::FlowDependent:
    case VerdictState::Loss:
      return figures + "are lost.";
    default:
      break;
  }
  return figures + (verdict.loss.state == LossState::None ? "are lost: no loss worth care."
                                                          : "are lost: too few to tell.");
}

std::string FlowText(std::size_t flow, const PathFacts& facts) {
  return flow < facts.flow_names.size() ? facts.flow_names[flow] : fmt::format("flow {}", flow + 1);
}

std::string FlowSentence(const FlowTest& test, const std::vector<Counts>& flows,
                         const PathFacts& facts) {
  if (!test.is_dependent) {
    return fmt::format("Flow dependence: none (chi2 p={:.2g}, {} flows).", test.p, flows.size());
  }
  std::string bad;
  for (const std::size_t flow : test.bad) {
    bad += fmt::format("{}{} lost {}", bad.empty() ? "" : ", ", FlowText(flow, facts),
                       CountsText(flows[flow].Lost(), flows[flow].sent));
  }
  return fmt::format("Loss depends on the flow (chi2 p={:.2g}, {} flows){}{}.", test.p,
                     flows.size(), bad.empty() ? "" : ": ", bad);
}

std::string PlaceSentence(const Verdict& verdict, const PathFacts& facts, std::string_view what) {
  const HopSpan& likely = verdict.posterior.likely;
  return fmt::format("{} begins between {} and {} and continues to the destination", what,
                     HopText(likely.before, facts), HopText(likely.behind, facts));
}

std::string Undecided(const Attribution& attribution) {
  return fmt::format("undecided between {} (P={:.2f}) and {} (P={:.2f})",
                     OwnerText(attribution.likeliest), attribution.probability,
                     OwnerText(attribution.second), attribution.second_probability);
}

// The network behind the border is the one whose way back may be at fault.
std::string BorderText(const Attribution& attribution, const PathFacts& facts) {
  const HopOwner& owner = facts.owners[attribution.border - 1];
  // At a hop whose address may be the far router's, the other network is that of the next.
  const bool is_before = owner.may_be_border && attribution.border < facts.owners.size() &&
                         owner.segment != Segment::Interconnect && owner.segment != Segment::Ix;
  const HopOwner& behind = is_before ? facts.owners[attribution.border] : owner;
  return behind.asn != 0 ? fmt::format("AS{}", behind.asn) : OwnerText(behind);
}

std::string BlameSentence(const Verdict& verdict, const Observations& observations,
                          std::string_view what) {
  const PathFacts& facts = observations.facts;
  const Attribution& attribution = verdict.attribution;
  if (verdict.direction == Direction::Return) {
    return fmt::format("{} is on the way back, of which these hops tell nothing.", what);
  }
  std::string sentence = PlaceSentence(verdict, facts, what);
  if (attribution.owner) {
    return sentence +
           fmt::format(": P={:.2f} {}.", attribution.probability, OwnerText(*attribution.owner));
  }
  const bool is_border_unknown = attribution.border != 0 &&
                                 verdict.direction == Direction::Unknown &&
                                 !facts.are_reply_ttls_unchanged;
  if (attribution.probability >= verdict.posterior.needed) {
    sentence +=
        fmt::format(": P={:.2f} {}", attribution.probability, OwnerText(attribution.likeliest));
  } else {
    sentence += ": " + Undecided(attribution);
    if (attribution.probability >= kSureEnough) {
      sentence += ", as hops withhold answers and nothing is known of before";
    }
  }
  if (is_border_unknown) {
    sentence += fmt::format(", or the return path used by {}", BorderText(attribution, facts));
  }
  return sentence + ".";
}

std::string DirectionSentence(Direction direction, const OneWayLoss& loss) {
  const std::string figures = fmt::format("(reflector: forward {} of {:.0f}, return {} of {:.0f})",
                                          Percent(loss.forward.LossRatio()), loss.forward.sent,
                                          Percent(loss.backward.LossRatio()), loss.backward.sent);
  switch (direction) {
    case Direction::Unknown:
      return "Direction unknown " + figures + ".";
    case Direction::Forward:
      return "Forward direction " + figures + ".";
    case Direction::Return:
      return "Return direction " + figures + ".";
    case Direction::Both:
      return "Both directions " + figures + ".";
  }
  return "";
}

std::string HopsSentence(const LossBlame& loss, const std::vector<Counts>& hops) {
  std::string clean;
  std::string others;
  for (std::size_t i = 0; i < loss.classes.size(); ++i) {
    const std::string lost = CountsText(hops[i].Lost(), hops[i].sent);
    if (loss.classes[i] == HopClass::Clean) {
      clean += fmt::format("{}hop {} lost {}", clean.empty() ? "Clean: " : ", ", i + 1, lost);
    } else if (loss.classes[i] == HopClass::Masked) {
      others += fmt::format(" Hop {}'s {} ({}) is its own limit on answers and was ignored.", i + 1,
                            Percent(hops[i].LossRatio()), lost);
    } else if (loss.classes[i] == HopClass::Silent) {
      others += fmt::format(" Hop {} answers nothing (0/{:.0f}).", i + 1, hops[i].sent);
    }
  }
  return clean.empty() ? others.substr(others.empty() ? 0 : 1) : clean + "." + others;
}

std::string NeedSentence(const Counts& destination) {
  return fmt::format("n={:.0f}; about {:.0f} probes per hop needed at this loss.", destination.sent,
                     std::ceil(kSamplesPerLoss / destination.LossRatio()));
}

std::string KindSentence(LatencyKind kind) {
  switch (kind) {
    case LatencyKind::Queueing:
      return "Only some packets wait: queueing.";
    case LatencyKind::Path:
      return "All packets take longer: a longer way.";
    case LatencyKind::Prober:
      return "So are those to most targets and to the first hop: it is this exporter or its own "
             "network.";
    case LatencyKind::Server:
    case LatencyKind::Unknown:
      break;
  }
  return "";
}

std::string LatencySentence(const LatencyEvidence& evidence,
                            const std::optional<RouteFact>& route) {
  const HopShift& shift = *evidence.hops.back();
  const double half = kZ95 * shift.standard_error;
  return fmt::format(
      "Round trips to the destination are {:.1f} ms longer{} (95 % CI {:.1f}-{:.1f} ms){}.",
      shift.shift, PastPhrase(evidence.past), shift.shift - half, shift.shift + half,
      route ? " since the route changed " + route->text : "");
}

// Joins what there is.
class Sentences {
 public:
  void Add(const std::string& sentence) {
    if (!sentence.empty()) {
      text_ += (text_.empty() ? "" : " ") + sentence;
    }
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

void AddLoss(const Verdict& verdict, const Observations& observations, Sentences& sentences) {
  const std::vector<Counts>& hops = observations.loss.hops;
  sentences.Add(LossSentence(verdict, hops.back()));
  const bool is_blamed = verdict.loss.state == LossState::Loss && hops.size() > 1 &&
                         verdict.state != VerdictState::DestinationFilter;
  if (is_blamed) {
    sentences.Add(BlameSentence(verdict, observations, "Loss"));
  }
  const bool is_unsure = is_blamed && verdict.attribution.probability < verdict.posterior.needed;
  if (is_unsure && verdict.direction != Direction::Return) {
    sentences.Add(NeedSentence(hops.back()));
  }
}

}  // namespace

std::string_view PastPhrase(LatencyPast past) {
  switch (past) {
    case LatencyPast::HalfHour:
      return "";
    case LatencyPast::Day:
      return " than in the day before";
    case LatencyPast::HourOfWeek:
      return " than usual at this hour of the week";
  }
  return "";
}

std::string DescribeVerdict(const Verdict& verdict, const Observations& observations) {
  Sentences sentences;
  const std::vector<Counts>& hops = observations.loss.hops;
  if (!hops.empty()) {
    AddLoss(verdict, observations, sentences);
  }
  if (verdict.latency.state == LatencyState::Latency) {
    sentences.Add(LatencySentence(observations.latency, observations.facts.route));
    if (verdict.state == VerdictState::Latency) {
      sentences.Add(BlameSentence(verdict, observations, "Delay"));
    }
  }
  sentences.Add(KindSentence(verdict.kind));
  const bool is_route_told = verdict.latency.state == LatencyState::Latency;
  if (observations.facts.route && !is_route_told) {
    sentences.Add("The route changed lately, " + observations.facts.route->text + ".");
  }
  if (observations.facts.one_way) {
    sentences.Add(DirectionSentence(verdict.direction, *observations.facts.one_way));
  }
  sentences.Add(HopsSentence(verdict.loss, hops));
  if (!observations.flows.empty()) {
    sentences.Add(FlowSentence(verdict.flows, observations.flows, observations.facts));
  }
  std::string text = sentences.Take();
  return text.empty() ? "Nothing to judge by." : text;
}

}  // namespace pathwitness
