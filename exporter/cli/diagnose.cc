#include "exporter/cli/diagnose.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <vector>

#include "diagnosis/two_ends.h"
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

struct Judged {
  Observations observations;
  Verdict verdict;
};

/// Nothing when the file cannot be read or is wrong, which `err` says.
std::optional<Judged> JudgeFile(const std::string& file, std::ostream& err) {
  try {
    Judged judged{.observations = ReadObservations(ReadBounded(file)), .verdict = {}};
    judged.verdict = Judge(judged.observations);
    return judged;
  } catch (const DiagnoseError& error) {
    fmt::print(err, "{}: {}\n", file, error.what());
    return std::nullopt;
  }
}

Json ToJson(const Verdict& verdict) {
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
  return json;
}

std::string Written(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string TwoEndsJson(const Judged& ours, const Judged& theirs, const TwoEnds& together) {
  Json json = ToJson(ours.verdict);
  json["other_end"] = ToJson(theirs.verdict);
  json["together"] = {{"owner", together.owner ? Json(*together.owner) : Json()},
                      {"probability", together.probability},
                      {"text", together.text}};
  return Written(json);
}

}  // namespace

std::string VerdictJson(const Verdict& verdict) {
  return Written(ToJson(verdict));
}

int Diagnose(const DiagnoseOrder& order, std::ostream& out, std::ostream& err) {
  const std::optional<Judged> ours = JudgeFile(order.file, err);
  const std::optional<Judged> theirs =
      ours && !order.other_end.empty() ? JudgeFile(order.other_end, err) : std::nullopt;
  if (!ours || (!order.other_end.empty() && !theirs)) {
    return 1;
  }
  if (!theirs) {
    out << (order.as_json ? VerdictJson(ours->verdict) : ours->verdict.text + "\n");
    return 0;
  }
  const TwoEnds together =
      JudgeTogether({ours->observations, ours->verdict}, {theirs->observations, theirs->verdict});
  if (order.as_json) {
    out << TwoEndsJson(*ours, *theirs, together);
  } else {
    fmt::print(out, "Here: {}\nThere: {}\n{}\n", ours->verdict.text, theirs->verdict.text,
               together.text);
  }
  return 0;
}

}  // namespace pathwitness
