#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnosis/flow_test.h"
#include "diagnosis/latency_blame.h"
#include "diagnosis/loss_blame.h"
#include "diagnosis/one_way.h"
#include "diagnosis/route_fact.h"
#include "diagnosis/segment.h"

namespace pathwitness {

enum class VerdictState : std::uint8_t {
  None,
  Loss,
  Latency,
  Route,
  FlowDependent,
  RateLimited,
  DestinationFilter,  // probes are refused, the service answers
  Service,            // the path is as it should be, the service is not
  Local,              // this machine's own fault
  Undecided,
};

/// The `state` label.
std::string_view VerdictStateName(VerdictState state);

/// Who a fault is attributed to, and how likely that is. `border` is the link into another network
/// among the likely ones, 0 for none: round trips cannot tell it from the way back out of there.
struct Attribution {
  std::optional<HopOwner> owner;  // named, as it is as likely as needed
  double probability = 0;         // of that owner, or of the likeliest
  HopOwner likeliest;
  HopOwner second;
  double second_probability = 0;
  std::size_t border = 0;

  bool operator==(const Attribution&) const = default;
};

/// What else is known of a path. `owners` and `hop_names` are empty or have one element per hop;
/// names are addresses or hosts, empty when unknown. `flow_names` is empty or has one element per
/// flow, as "192.0.2.10:61440 > 203.0.113.7:443 (tcp)".
struct PathFacts {
  std::vector<HopOwner> owners;
  std::vector<std::string> hop_names;
  std::vector<std::string> flow_names;
  std::optional<OneWayLoss> one_way;
  std::optional<RouteFact> route;         // the last change, when it was lately
  bool are_all_targets_late = false;      // most of the prober's paths are later than before
  bool are_reply_ttls_unchanged = false;  // so answers come back as they did without the fault
};

/// Without owners, link 1 belongs to the prober's own network and the last one to the destination.
std::vector<HopOwner> DefaultOwners(std::size_t hops);

/// Pre: `facts.owners` has as many elements as `posterior.links`.
///
/// Nobody is named when the likely links cross into another network and neither the direction nor
/// the way back is known, nor when packets are lost on their way back.
Attribution Attribute(const LinkPosterior& posterior, const PathFacts& facts);

/// All that is to be judged together. Whatever is absent is not judged.
struct Observations {
  LossEvidence loss;  // without hops: none
  std::vector<Counts> flows;
  LatencyEvidence latency;
  PathFacts facts;
};

/// What the observations mean, in the words of `text` too: whole sentences of a stable grammar,
/// with the number of probes beside every percentage.
struct Verdict {
  VerdictState state = VerdictState::Undecided;
  Direction direction = Direction::Unknown;
  LossBlame loss;
  LatencyBlame latency;
  LatencyKind kind = LatencyKind::Unknown;  // of a latency
  FlowTest flows;
  LinkPosterior posterior;  // of the loss, else of the latency; empty when there is neither
  Attribution attribution;
  std::string reason;   // of a local fault or a service: a word, as "uplink" or "tls_verify"
  std::string contact;  // of the owner that is named, as the configuration says
  std::string text;
};

Verdict Judge(const Observations& observations);

}  // namespace pathwitness
