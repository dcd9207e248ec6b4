#include "diagnosis/path_history.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <set>
#include <span>
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

// Without the room to spare that a vector takes: there are thousands of these.
template <typename Element>
void AppendTightly(const Element& element, std::vector<Element>& to) {
  constexpr std::size_t kShare = 8;
  if (to.size() == to.capacity()) {
    to.reserve(to.size() + to.size() / kShare + 1);
  }
  to.push_back(element);
}

}  // namespace

/// Calls `visit(sample, hop_samples)` for each of the recent rounds, the oldest first.
template <typename Visit>
void PathHistory::ForEachRecent(Visit visit) const {
  std::span<const HopSample> rest(hop_samples_);
  for (const Sample& sample : recent_) {
    visit(sample, rest.first(sample.hops));
    rest = rest.subspan(sample.hops);
  }
}

void PathHistory::OnRound(const Round& round, MonoTime at) {
  if (round.destination != destination_) {
    *this = PathHistory();
    destination_ = round.destination;
  }
  LearnPath(round);
  Age(at);
  Sample sample{.at = at, .length = static_cast<std::uint16_t>(Length())};
  for (const Hop& hop : round.hops) {
    const bool is_probed = hop.sent + hop.credited > 0 || !hop.replies.empty();
    if (hop.ttl == 0 || hop.ttl > Length() || !is_probed) {
      continue;
    }
    HopSample kept{.index = static_cast<std::uint8_t>(hop.ttl - 1U),
                   .sent = Small(hop.sent + hop.credited),
                   .received = Small(AnswersOf(hop))};
    if (!hop.replies.empty()) {
      kept.round_trip = ToSmallRoundTrip(Milliseconds(hop.replies.front().round_trip));
      kept.reply_ttl = hop.replies.front().reply_ttl;
    }
    AppendTightly(kept, hop_samples_);
    ++sample.hops;
  }
  AppendTightly(sample, recent_);
}

void PathHistory::OnEndToEnd(std::span<const Counts> flows, MonoTime at) {
  Age(at);
  Train train{.at = at, .flows = static_cast<std::uint16_t>(flows.size())};
  for (const Counts& flow : flows) {
    const FlowCount count{.sent = Small(flow.sent), .lost = Small(flow.Lost())};
    AppendTightly(count, flow_counts_);
    train.sent = Small(train.sent + count.sent);
    train.lost = Small(train.lost + count.lost);
  }
  MeasureBursts(train);
  AppendTightly(train, trains_);
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
  ForEachRecent([&](const Sample& sample, std::span<const HopSample> hops) {
    for (const HopSample& hop : hops) {
      if (sample.at >= hops_since && hop.index < Length()) {
        evidence.hops[hop.index].sent += hop.sent;
        evidence.hops[hop.index].received += std::min(hop.received, hop.sent);
      }
    }
  });
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
  if (before_.empty()) {
    return false;
  }
  const std::vector<HopBlock>& before = before_.back().hops;
  bool is_any_compared = false;
  bool is_any_changed = false;
  ForEachRecent([&](const Sample& sample, std::span<const HopSample> hops) {
    for (const HopSample& hop : hops) {
      const bool is_comparable = sample.at >= since && hop.reply_ttl != 0 &&
                                 hop.index < before.size() && before[hop.index].reply_ttl != 0;
      is_any_compared |= is_comparable;
      is_any_changed |= is_comparable && hop.reply_ttl != before[hop.index].reply_ttl;
    }
  });
  return is_any_compared && !is_any_changed;
}

std::vector<Counts> PathHistory::Flows(MonoTime since) const {
  std::vector<Counts> flows;
  std::span<const FlowCount> rest(flow_counts_);
  for (const Train& train : trains_) {
    const std::span<const FlowCount> counts = rest.first(train.flows);
    rest = rest.subspan(train.flows);
    if (train.at < since) {
      continue;
    }
    flows.resize(std::max(flows.size(), counts.size()));
    for (std::size_t i = 0; i < counts.size(); ++i) {
      flows[i].sent += counts[i].sent;
      flows[i].received += counts[i].sent - counts[i].lost;
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
  std::ptrdiff_t flows = 0;
  for (auto old = trains_.begin(); old != train; ++old) {
    filling_.sent += old->sent;
    filling_.lost += old->lost;
    flows += old->flows;
  }
  trains_.erase(trains_.begin(), train);
  flow_counts_.erase(flow_counts_.begin(), flow_counts_.begin() + flows);
  const auto sample = std::ranges::find_if(recent_, is_recent);
  std::size_t hops = 0;
  for (auto old = recent_.begin(); old != sample; hops += old->hops, ++old) {
    AddToBlock(*old, std::span(hop_samples_).subspan(hops, old->hops));
  }
  recent_.erase(recent_.begin(), sample);
  hop_samples_.erase(hop_samples_.begin(),
                     hop_samples_.begin() + static_cast<std::ptrdiff_t>(hops));
}

void PathHistory::AddToBlock(const Sample& sample, std::span<const HopSample> hops) {
  if (filling_.rounds > 0 && sample.at >= filling_.begins + kBlock) {
    CloseBlock();
  }
  if (filling_.rounds == 0) {
    filling_.begins = sample.at;
  }
  filling_.ends = sample.at;
  filling_.hops.resize(std::max<std::size_t>(filling_.hops.size(), sample.length));
  const bool keeps_round_trips = filling_.rounds % kKeepRoundTripsEvery == 0;
  for (const HopSample& hop : hops) {
    HopBlock& block = filling_.hops[hop.index];
    block.sent += hop.sent;
    block.received += std::min(hop.received, hop.sent);
    block.reply_ttl = hop.reply_ttl != 0 ? hop.reply_ttl : block.reply_ttl;
    if (keeps_round_trips && hop.round_trip != 0) {
      AppendTightly(HopRoundTrip{.index = hop.index, .round_trip = hop.round_trip},
                    filling_.round_trips);
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

void PathHistory::AddRoundTrips(const Block& block, std::size_t index, std::vector<double>& to) {
  for (const HopRoundTrip& kept : block.round_trips) {
    if (kept.index == index) {
      to.push_back(ToMilliseconds(kept.round_trip));
    }
  }
}

std::vector<double> PathHistory::MediansOf(const Block& block) const {
  std::vector<double> medians(Length());
  for (std::size_t i = 0; i < std::min(block.hops.size(), Length()); ++i) {
    std::vector<double> round_trips;
    AddRoundTrips(block, i, round_trips);
    const auto estimate = MedianOf(std::move(round_trips));
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
  ForEachRecent([&](const Sample& sample, std::span<const HopSample> hops) {
    for (const HopSample& hop : hops) {
      if (sample.at >= since && hop.index == index && hop.round_trip != 0) {
        round_trips.push_back(ToMilliseconds(hop.round_trip));
      }
    }
  });
  return round_trips;
}

std::vector<double> PathHistory::RoundTripsBefore(std::size_t index, MonoTime since) const {
  std::vector<double> round_trips;
  for (const Block& block : before_) {
    if (IsBefore(block, since)) {
      AddRoundTrips(block, index, round_trips);
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
      AddRoundTrips(block, block.hops.size() - 1, round_trips);
    }
  }
  return round_trips;
}

}  // namespace pathwitness
