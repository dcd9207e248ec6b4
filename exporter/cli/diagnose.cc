#include "exporter/cli/diagnose.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <ostream>
#include <vector>

#include "exporter/cli/diagnose_input.h"

namespace pathwitness {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;

std::string ReadBounded(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text(kLargestFile + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad() || (stream.gcount() == 0 && !stream.eof())) {
    throw DiagnoseError("cannot be read");
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kLargestFile) {
    throw DiagnoseError("is larger than 1 MiB");
  }
  return text;
}

Json SpanJson(const HopSpan& span) {
  return {span.before, span.behind};
}

Json ClassesJson(const std::vector<HopClass>& classes) {
  Json names = Json::array();
  for (const HopClass hop_class : classes) {
    names.push_back(HopClassName(hop_class));
  }
  return names;
}

void AddLatency(const LatencyBlame& latency, Json& json) {
  if (latency.state == LatencyState::Latency) {
    json["best_link"] = 1 + std::distance(latency.posterior.links.begin(),
                                          std::ranges::max_element(latency.posterior.links));
    json["candidate_hop"] = latency.candidate;
  }
}

}  // namespace

std::string VerdictJson(const Verdict& verdict) {
  const Attribution& attribution = verdict.attribution;
  const bool is_blamed = !verdict.posterior.links.empty();
  Json json;
  json["state"] = VerdictStateName(verdict.state);
  json["classes"] = ClassesJson(verdict.loss.classes);
  json["interval"] = verdict.loss.interval ? SpanJson(*verdict.loss.interval) : Json();
  json["p_none"] = is_blamed ? Json(verdict.posterior.none) : Json();
  json["p_link"] = verdict.posterior.links;
  json["likely"] = is_blamed ? SpanJson(verdict.posterior.likely) : Json();
  json["owner"] = attribution.owner ? Json(attribution.owner->name) : Json();
  json["segment"] = SegmentName(attribution.owner.value_or(HopOwner{}).segment);
  json["probability"] = attribution.probability;
  json["direction"] = DirectionName(verdict.direction);
  json["flows"] = {
      {"D", verdict.flows.statistic}, {"p", verdict.flows.p}, {"bad", verdict.flows.bad}};
  AddLatency(verdict.latency, json);
  json["text"] = verdict.text;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

int Diagnose(const std::string& file, bool as_json, std::ostream& out, std::ostream& err) {
  try {
    const Verdict verdict = Judge(ReadObservations(ReadBounded(file)));
    out << (as_json ? VerdictJson(verdict) : verdict.text + "\n");
    return 0;
  } catch (const DiagnoseError& error) {
    fmt::print(err, "{}: {}\n", file, error.what());
    return 1;
  }
}

}  // namespace pathwitness
