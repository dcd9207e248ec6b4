#include "diagnosis/service_blame.h"

#include <fmt/format.h>

#include <string_view>

namespace pathwitness {
namespace {

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

std::string TextOf(const ServiceEvidence& evidence, const Place& place) {
  if (evidence.failure == ServiceFailure::RateLimited) {
    return "The service asks for fewer requests (rate_limited): no fault of the network.";
  }
  std::string text =
      fmt::format("Requests to the service fail: {} ({}).", place.what, evidence.reason);
  const bool was_sent =
      evidence.failure != ServiceFailure::Name && evidence.failure != ServiceFailure::Own;
  if (was_sent && evidence.hops > 0) {
    text += fmt::format(" The path of {} hops to it shows no fault.", evidence.hops);
  }
  return text;
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

bool MayBeThePath(ServiceFailure failure) {
  return failure == ServiceFailure::Connect || failure == ServiceFailure::Tls ||
         failure == ServiceFailure::Answer;
}

}  // namespace

Verdict JudgeService(const ServiceEvidence& evidence) {
  Verdict verdict;
  if (!evidence.failure) {
    verdict.state = VerdictState::None;
    return verdict;
  }
  if (evidence.is_path_at_fault && MayBeThePath(*evidence.failure)) {
    return verdict;
  }
  const Place place = PlaceOf(*evidence.failure);
  const HopOwner owner = {.segment = place.segment,
                          .name = std::string(SegmentName(place.segment))};
  verdict.state = StateOf(*evidence.failure);
  verdict.attribution = {.owner = owner, .probability = 1, .likeliest = owner, .second = {}};
  verdict.reason = evidence.reason;
  verdict.text = TextOf(evidence, place);
  return verdict;
}

}  // namespace pathwitness
