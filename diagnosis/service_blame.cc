#include "diagnosis/service_blame.h"

#include <fmt/format.h>

#include <string_view>

#include "diagnosis/verdict_text.h"

namespace pathwitness {
namespace {

// Services differ more from one minute to the next than paths do.
constexpr double kSmallestShare = 0.3;  // of the wait for the first byte before

struct Place {
  Segment segment = Segment::Application;
  std::string_view what;
};

Place PlaceOf(ServiceFailure failure) {
  switch (failure) {
    case ServiceFailure::Name:
      return {Segment::Dns, "its name does not resolve"};
    case ServiceFailure::Connect:
      return {Segment::DestinationHost, "it takes no connection"};
    case ServiceFailure::Tls:
      return {Segment::Tls, "its TLS fails"};
    case ServiceFailure::Answer:
    case ServiceFailure::RateLimited:
      break;
    case ServiceFailure::Own:
      return {Segment::Prober, "this exporter cannot ask it"};
  }
  return {Segment::Application, "it answers otherwise than expected"};
}

std::string PathSentence(const ServiceEvidence& evidence) {
  return evidence.hops > 0
             ? fmt::format(" The path of {} hops to it shows no fault.", evidence.hops)
             : "";
}

std::string TextOf(const ServiceEvidence& evidence, const Place& place) {
  if (evidence.failure == ServiceFailure::RateLimited) {
    return "The service asks for fewer requests (rate_limited): no fault of the network.";
  }
  std::string text =
      fmt::format("Requests to the service fail: {} ({}).", place.what, evidence.reason);
  const bool was_sent =
      evidence.failure != ServiceFailure::Name && evidence.failure != ServiceFailure::Own;
  return was_sent ? text + PathSentence(evidence) : text;
}

Attribution Named(Segment segment, double probability) {
  const HopOwner owner = {.segment = segment, .name = std::string(SegmentName(segment))};
  return {.owner = owner, .probability = probability, .likeliest = owner, .second = {}};
}

VerdictState StateOf(ServiceFailure failure) {
  switch (failure) {
    case ServiceFailure::RateLimited:
      return VerdictState::RateLimited;
    case ServiceFailure::Own:
      return VerdictState::Local;
    default:
      return VerdictState::Service;
  }
}

bool IsWorthCare(const LatencyEvidence& evidence) {
  const HopShift& service = *evidence.hops.back();
  return service.shift - kZ95 * service.standard_error > kSmallestShare * evidence.reference_median;
}

// Only when connections tell that the path is as before.
LatencyKind KindOfWait(const LatencyEvidence& evidence) {
  const std::optional<HopShift>& connection = evidence.hops.front();
  return connection ? KindOf({.shift_p10 = {},
                              .shift_median = connection->shift,
                              .service_shift = evidence.hops.back()->shift - connection->shift})
                    : LatencyKind::Unknown;
}

std::string LatencyText(const ServiceEvidence& evidence, double probability) {
  const HopShift& service = *evidence.latency.hops.back();
  const double half = kZ95 * service.standard_error;
  std::string text = fmt::format(
      "The first byte of answers comes {:.1f} ms later{} (95 % CI {:.1f}-{:.1f} ms): P={:.2f} {}. "
      "Connections to the service take as long as before: it is the service, not its path.",
      service.shift, PastPhrase(evidence.latency.past), service.shift - half, service.shift + half,
      probability, SegmentName(Segment::Application));
  return text + PathSentence(evidence);
}

Verdict JudgeLatency(const ServiceEvidence& evidence) {
  const LatencyBlame blame = BlameLatency(evidence.latency);
  Verdict verdict;
  if (blame.state != LatencyState::Latency || !IsWorthCare(evidence.latency)) {
    verdict.state = VerdictState::None;
    return verdict;
  }
  // A router may be too busy to answer at once, which is no delay of a path. A service that is too
  // busy is late all the same.
  const double probability = 1 - blame.posterior.links.front();
  const LatencyKind kind = KindOfWait(evidence.latency);
  if (evidence.is_path_at_fault || kind != LatencyKind::Server || probability < kSureEnough) {
    return verdict;
  }
  verdict.state = VerdictState::Latency;
  verdict.kind = kind;
  verdict.attribution = Named(Segment::Application, probability);
  verdict.text = LatencyText(evidence, probability);
  return verdict;
}

bool MayBeThePath(ServiceFailure failure) {
  return failure == ServiceFailure::Connect || failure == ServiceFailure::Tls ||
         failure == ServiceFailure::Answer;
}

}  // namespace

Verdict JudgeService(const ServiceEvidence& evidence) {
  Verdict verdict;
  if (!evidence.failure) {
    return JudgeLatency(evidence);
  }
  if (evidence.is_path_at_fault && MayBeThePath(*evidence.failure)) {
    return verdict;
  }
  const Place place = PlaceOf(*evidence.failure);
  verdict.state = StateOf(*evidence.failure);
  verdict.attribution = Named(place.segment, 1);
  verdict.reason = evidence.reason;
  verdict.text = TextOf(evidence, place);
  return verdict;
}

}  // namespace pathwitness
