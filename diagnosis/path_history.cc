#include "diagnosis/path_history.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <set>
#include <utility>

namespace pathwitness {
namespace {

constexpr Duration kQuiet = std::chrono::minutes(1);  // so long without loss, and a loss is over
constexpr Duration kApart = std::chrono::minutes(5);  // between "before" and the onset
constexpr Duration kSpreadBlock = std::chrono::seconds(10);
constexpr std::uint32_t kKeepRoundTripsEvery = 6;  // rounds of a block

std::uint16_t Small(double value) {
  return static_cast<std::uint16_t>(
      std::clamp<double>(value, 0, std::numeric_limits<std::uint16_t>::max()));
}

double Milliseconds(Duration duration) {
  return ToSeconds(duration) * 1e3;
}

// Late answers are answers: the packet was not lost.
std::uint32_t AnswersOf(const Hop& hop) {
  const auto own = static_cast<std::uint32_t>(hop.replies.size()) + hop.late;
  const std::uint32_t credited = hop.credited - std::min(hop.credited, hop.credited_missing);
  return std::min(own, hop.sent) + credited;
}

Counts CountsOf(std::uint32_t sent, std::uint32_t received) {
  return {.sent = static_cast<double>(sent),
          .received = static_cast<double>(std::min(received, sent))};
}

std::optional<MedianEstimate> MedianOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return EstimateMedian(values);
}

// By how much the tenth percentile grew: what packets need that wait nowhere.
std::optional<double> ShiftOfFastest(std::vector<double> now, std::vector<double> before) {
  if (now.empty() || before.empty()) {
    return std::nullopt;
  }
  const auto tenth = [](std::vector<double>& values) {
    const auto place = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 10);
    std::nth_element(values.begin(), place, values.end());
    return *place;
  };
  return tenth(now) - tenth(before);
}

}  // namespace

void PathHistory::OnRound(const Round& round, MonoTime at) {
  if (round.destination != destination_) {
    *this = PathHistory();
    destination_ = round.destination;
  }
  LearnPath(round);
  Sample sample{.at = at, .hops = std::vector<HopSample>(responders_.size())};
  for (const Hop& hop : round.hops) {
    if (hop.ttl == 0 || hop.ttl > sample.hops.size()) {
      continue;
    }
    HopSample& kept = sample.hops[hop.ttl - 1U];
    kept.sent = Small(hop.sent + hop.credited);
    kept.received = Small(AnswersOf(hop));
    if (!hop.replies.empty()) {
      kept.round_trip = static_cast<float>(Milliseconds(hop.replies.front().round_trip));
      kept.reply_ttl = hop.replies.front().reply_ttl;
    }
  }
  recent_.push_back(std::move(sample));
  Age(at);
}

void PathHistory::OnEndToEnd(std::span<const Counts> flows, MonoTime at) {
  Train train{.at = at, .flows = {}};
  train.flows.reserve(flows.size());
  for (const Counts& flow : flows) {
    const FlowCount& count =
        train.flows.emplace_back(FlowCount{.sent = Small(flow.sent), .lost = Small(flow.Lost())});
    train.sent = Small(train.sent + count.sent);
    train.lost = Small(train.lost + count.lost);
  }
  MeasureBursts(train);
  trains_.push_back(std::move(train));
  Age(at);
}

// As long as losses go on; LossOnset has the same idea of when they do.
void PathHistory::MeasureBursts(const Train& train) {
  if (last_lossy_ && train.at - *last_lossy_ > kQuiet) {
    last_lossy_.reset();
    bursts_ = {};
  }
  if (train.lost > 0) {
    last_lossy_ = train.at;
  }
  if (last_lossy_) {
    bursts_.OnProbes(CountsOf(train.sent, train.sent - train.lost), train.at);
  }
}

void PathHistory::OnRouteChange(MonoTime at) {
  std::vector<double> round_trips = RoundTripsOfDestination();
  if (!round_trips.empty()) {
    old_route_ = std::move(round_trips);
    old_route_until_ = at + kBlocks * kBlock;
  }
  filling_ = {};
  before_.clear();
  baseline_ = {};
}

std::optional<MonoTime> PathHistory::LossOnset() const {
  std::optional<MonoTime> onset;
  MonoTime last_lossy;
  for (const Train& train : trains_) {
    if (train.lost > 0) {
      onset = onset && train.at - last_lossy <= kQuiet ? onset : train.at;
      last_lossy = train.at;
    }
  }
  return onset && trains_.back().at - last_lossy <= kQuiet ? onset : std::nullopt;
}

CleanRun PathHistory::NewestClean(MonoTime now) const {
  CleanRun run;
  for (auto train = trains_.rbegin(); train != trains_.rend() && train->lost == 0; ++train) {
    run.probes += train->sent;
    run.length = now - train->at;
  }
  return run;
}

Counts PathHistory::EndToEnd(MonoTime since) const {
  Counts counts;
  for (const Train& train : trains_) {
    if (train.at >= since) {
      counts.sent += train.sent;
      counts.received += train.sent - train.lost;
    }
  }
  return counts;
}

LossEvidence PathHistory::LossOfDestination(MonoTime since) const {
  LossEvidence evidence;
  std::set<MonoTime::rep> blocks;
  LossSpread spread;
  for (const Train& train : trains_) {
    if (train.at < since) {
      continue;
    }
    if (train.lost > 0) {
      ++spread.rounds;
      blocks.insert(train.at.time_since_epoch() / kSpreadBlock);
    }
  }
  spread.blocks = static_cast<unsigned>(blocks.size());
  evidence.spread = spread;
  evidence.dispersion = bursts_.Value();
  evidence.hops = {EndToEnd(since)};
  return evidence;
}

LossEvidence PathHistory::Loss(MonoTime since, MonoTime hops_since) const {
  LossEvidence evidence = LossOfDestination(since);
  const Counts destination = evidence.hops.back();
  evidence.hops.assign(Length(), {});
  for (const Sample& sample : recent_) {
    for (std::size_t i = 0; sample.at >= hops_since && i < sample.hops.size() && i < Length();
         ++i) {
      evidence.hops[i].sent += sample.hops[i].sent;
      evidence.hops[i].received += std::min(sample.hops[i].received, sample.hops[i].sent);
    }
  }
  if (!evidence.hops.empty()) {
    evidence.hops.back() = destination;
  }
  for (const Block& block : before_) {
    if (!IsBefore(block, since)) {
      continue;
    }
    evidence.reference.resize(Length());
    for (std::size_t i = 0; i < std::min(block.hops.size(), Length()); ++i) {
      evidence.reference[i].sent += block.hops[i].sent;
      evidence.reference[i].received += block.hops[i].received;
    }
  }
  return evidence;
}

LatencyEvidence PathHistory::LatencyOfDestination(MonoTime since, LatencyPast past) const {
  LatencyEvidence evidence{.past = past};
  if (Length() > 0) {
    evidence.hops = {ShiftAt(Length() - 1, since, evidence)};
    CompareWithUsual(evidence, since);
  }
  return evidence;
}

LatencyEvidence PathHistory::Latency(MonoTime since, LatencyPast past) const {
  LatencyEvidence evidence{.past = past};
  for (std::size_t i = 0; i < Length(); ++i) {  // the destination comes last
    evidence.hops.push_back(ShiftAt(i, since, evidence));
  }
  if (Length() > 0 && past == LatencyPast::HalfHour) {
    evidence.shift_p10 =
        ShiftOfFastest(RoundTripsSince(Length() - 1, since), RoundTripsBefore(Length() - 1, since));
  }
  CompareWithUsual(evidence, since);
  return evidence;
}

bool PathHistory::AreReplyTtlsUnchanged(MonoTime since) const {
  bool is_any_compared = false;
  for (const Sample& sample : recent_) {
    for (std::size_t i = 0; sample.at >= since && i < sample.hops.size(); ++i) {
      const bool is_known = !before_.empty() && i < before_.back().hops.size() &&
                            before_.back().hops[i].reply_ttl != 0;
      if (!is_known || sample.hops[i].reply_ttl == 0) {
        continue;
      }
      if (sample.hops[i].reply_ttl != before_.back().hops[i].reply_ttl) {
        return false;
      }
      is_any_compared = true;
    }
  }
  return is_any_compared;
}

std::vector<Counts> PathHistory::Flows(MonoTime since) const {
  std::vector<Counts> flows;
  for (const Train& train : trains_) {
    if (train.at < since) {
      continue;
    }
    flows.resize(std::max(flows.size(), train.flows.size()));
    for (std::size_t i = 0; i < train.flows.size(); ++i) {
      flows[i].sent += train.flows[i].sent;
      flows[i].received += train.flows[i].sent - train.flows[i].lost;
    }
  }
  return flows;
}

// While the destination answers its hop is known; while it does not, the length known before holds
// as long as nobody answers from behind it.
void PathHistory::LearnPath(const Round& round) {
  const std::size_t seen = round.destination_hop > 0
                               ? round.destination_hop
                               : std::max<std::size_t>(Length(), round.last_responding_hop + 1U);
  responders_.resize(seen);
  for (const Hop& hop : round.hops) {
    if (hop.ttl == 0 || hop.ttl > responders_.size()) {
      continue;
    }
    if (!hop.replies.empty()) {
      responders_[hop.ttl - 1U] = hop.replies.front().responder;
    } else if (hop.known_responder) {
      responders_[hop.ttl - 1U] = hop.known_responder;
    }
  }
}

void PathHistory::Age(MonoTime now) {
  const auto is_recent = [now](const auto& entry) { return entry.at + kRecent > now; };
  const auto train = std::ranges::find_if(trains_, is_recent);
  for (auto old = trains_.begin(); old != train; ++old) {
    filling_.sent += old->sent;
    filling_.lost += old->lost;
  }
  trains_.erase(trains_.begin(), train);
  const auto sample = std::ranges::find_if(recent_, is_recent);
  for (auto old = recent_.begin(); old != sample; ++old) {
    AddToBlock(*old);
  }
  recent_.erase(recent_.begin(), sample);
}

void PathHistory::AddToBlock(const Sample& sample) {
  if (filling_.rounds > 0 && sample.at >= filling_.begins + kBlock) {
    CloseBlock();
  }
  if (filling_.rounds == 0) {
    filling_.begins = sample.at;
  }
  filling_.ends = sample.at;
  filling_.hops.resize(std::max(filling_.hops.size(), sample.hops.size()));
  const bool keeps_round_trips = filling_.rounds % kKeepRoundTripsEvery == 0;
  for (std::size_t i = 0; i < sample.hops.size(); ++i) {
    HopBlock& block = filling_.hops[i];
    const HopSample& hop = sample.hops[i];
    block.sent += hop.sent;
    block.received += std::min(hop.received, hop.sent);
    block.reply_ttl = hop.reply_ttl != 0 ? hop.reply_ttl : block.reply_ttl;
    if (keeps_round_trips && hop.round_trip > 0) {
      block.round_trips.push_back(hop.round_trip);
    }
  }
  ++filling_.rounds;
}

void PathHistory::CloseBlock() {
  baseline_.OnBlock(MediansOf(filling_), filling_.begins);
  const bool is_clean = WilsonInterval(filling_.lost, filling_.sent).low <= kNegligibleLoss;
  if (is_clean && filling_.sent > 0) {
    before_.push_back(std::move(filling_));
  }
  if (before_.size() > kBlocks) {
    before_.erase(before_.begin());
  }
  filling_ = {};
}

bool PathHistory::IsBefore(const Block& block, MonoTime since) {
  return block.ends + kApart <= since;
}

std::vector<double> PathHistory::MediansOf(const Block& block) const {
  std::vector<double> medians(Length());
  for (std::size_t i = 0; i < std::min(block.hops.size(), Length()); ++i) {
    const std::vector<float>& round_trips = block.hops[i].round_trips;
    const auto estimate = MedianOf({round_trips.begin(), round_trips.end()});
    medians[i] = estimate ? estimate->median : 0;
  }
  return medians;
}

std::optional<HopShift> PathHistory::ShiftAt(std::size_t index, MonoTime since,
                                             LatencyEvidence& evidence) const {
  const std::optional<MedianEstimate> now = MedianOf(RoundTripsSince(index, since));
  const std::optional<MedianEstimate> before = evidence.past == LatencyPast::Day
                                                   ? baseline_.DayBefore(index, since)
                                                   : MedianOf(RoundTripsBefore(index, since));
  if (!now || !before) {
    return std::nullopt;
  }
  evidence.reference_median = before->median;
  return ShiftOf(*now, *before);
}

void PathHistory::CompareWithUsual(LatencyEvidence& evidence, MonoTime at) const {
  const double usual = baseline_.UsualAt(at).value_or(0);
  const double excess = usual - evidence.reference_median;
  if (evidence.hops.empty() || !evidence.hops.back() || excess <= 0) {
    return;
  }
  const bool is_another_hour = excess > SmallestShift(evidence.reference_median);
  evidence.reference_median = usual;
  evidence.hops.back()->shift -= excess;
  if (is_another_hour) {
    std::fill(evidence.hops.begin(), evidence.hops.end() - 1, std::nullopt);
    evidence.shift_p10.reset();
    evidence.past = LatencyPast::HourOfWeek;
  }
}

std::vector<double> PathHistory::RoundTripsSince(std::size_t index, MonoTime since) const {
  std::vector<double> round_trips;
  for (const Sample& sample : recent_) {
    if (sample.at >= since && index < sample.hops.size() && sample.hops[index].round_trip > 0) {
      round_trips.push_back(sample.hops[index].round_trip);
    }
  }
  return round_trips;
}

std::vector<double> PathHistory::RoundTripsBefore(std::size_t index, MonoTime since) const {
  std::vector<double> round_trips;
  for (const Block& block : before_) {
    if (IsBefore(block, since) && index < block.hops.size()) {
      round_trips.insert(round_trips.end(), block.hops[index].round_trips.begin(),
                         block.hops[index].round_trips.end());
    }
  }
  const bool is_destination = index + 1 == Length();
  const bool is_comparable = is_destination && since < old_route_until_;
  return round_trips.empty() && is_comparable ? old_route_ : round_trips;
}

// Of the blocks before; the destination is the last hop of each.
std::vector<double> PathHistory::RoundTripsOfDestination() const {
  std::vector<double> round_trips;
  for (const Block& block : before_) {
    if (!block.hops.empty()) {
      round_trips.insert(round_trips.end(), block.hops.back().round_trips.begin(),
                         block.hops.back().round_trips.end());
    }
  }
  return round_trips;
}

}  // namespace pathwitness
