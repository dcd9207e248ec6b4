#include "exporter/metrics/self_collector.h"

#include <memory>
#include <string>
#include <utility>

#include "exporter/metrics/families.h"

namespace pathwitness {
namespace {

using prometheus::MetricFamily;

std::vector<MetricFamily> PacketFamilies(const TraceSelf& trace) {
  MetricFamily sent = NewFamily(kPacketsSent);
  for (const IpFamily family : {IpFamily::Ipv4, IpFamily::Ipv6}) {
    AddSample(sent, {{"family", std::string(FamilyName(family))}},
              trace.packets_sent[static_cast<std::size_t>(family)]);
  }
  MetricFamily errors = NewFamily(kPacketSendErrors);
  for (const auto& [error, count] : trace.send_errors) {
    AddSample(errors, {{"error", error}}, count);
  }
  MetricFamily deferred = NewFamily(kPacketsDeferred);
  AddEach(deferred, {}, "reason", kDeferReasonNames, trace.deferred);
  MetricFamily shed = NewFamily(kPacketsShed);
  AddEach(shed, {}, "tier", kShedTierNames, trace.shed);
  return {
      std::move(sent),
      std::move(errors),
      std::move(deferred),
      std::move(shed),
      OneSample(kResponders, {}, trace.responders),
      OneSample(kHopProbesWaiting, {}, trace.waiting),
      OneSample(kFocusSets, {}, trace.focus_sets),
      OneSample(kPacketBudget, {}, trace.packet_budget_per_second),
      OneSample(kRepliesUnmatched, {}, trace.replies_unmatched),
      OneSample(kRepliesSpoofed, {}, trace.replies_spoofed),
      OneSample(kRepliesMalformed, {}, trace.replies_malformed),
      OneSample(kRepliesLate, {}, trace.replies_late),
      OneSample(kRepliesDuplicate, {}, trace.replies_duplicate),
      OneSample(kReceiveDrops, {}, trace.receive_drops),
  };
}

}  // namespace

SelfCollector::SelfCollector(TraceSelfBoard::Pointer trace, std::vector<EngineVitals> engines)
    : trace_(trace != nullptr ? std::move(trace) : std::make_shared<const TraceSelf>()),
      engines_(std::move(engines)) {}

std::vector<MetricFamily> SelfCollector::Collect() const {
  std::vector<MetricFamily> families = PacketFamilies(*trace_);
  MetricFamily turns = NewFamily(kEngineTurn);
  MetricFamily restarts = NewFamily(kEngineRestarts);
  MetricFamily lateness = NewFamily(kSchedulerLateness);
  for (const EngineVitals& engine : engines_) {
    const Labels labels{{"engine", engine.name}};
    AddSample(turns, labels, ToUnixSeconds(engine.last_turn));
    AddSample(restarts, labels, engine.restarts);
    AddHistogram(lateness, labels, engine.lateness);
  }
  families.push_back(std::move(turns));
  families.push_back(std::move(restarts));
  families.push_back(std::move(lateness));
  return families;
}

}  // namespace pathwitness
