#include "tests/support/internet_model.h"

#include <algorithm>
#include <utility>

namespace pathwitness {
namespace {

constexpr std::uint8_t kRouterTtl = 255;
constexpr std::uint8_t kDestinationTtl = 64;
constexpr Duration kDuplicateLag = std::chrono::milliseconds(1);

Duration Share(Duration whole, double share) {
  return Duration(static_cast<Duration::rep>(static_cast<double>(whole.count()) * share));
}

bool IsTcp(const WireProbe& probe) {
  return probe.protocol == ProbeProtocol::Tcp;
}

/// Makes the probe say what it never said, so that its answer is a forgery.
void Forge(Mischief kind, WireProbe& probe) {
  switch (kind) {
    case Mischief::WrongDestination:
      return CorruptDestination(probe);
    case Mischief::WrongToken:
      return CorruptToken(probe);
    case Mischief::WrongSecret:
      return CorruptPayload(probe);
    default:
      return;
  }
}

bool IsOvertaking(Mischief kind) {
  return kind == Mischief::WrongToken || kind == Mischief::WrongSecret;
}

bool IsSpoiling(Mischief kind) {
  return kind == Mischief::WrongDestination || kind == Mischief::BadChecksum ||
         kind == Mischief::Truncated || kind == Mischief::Garbage;
}

void Spoil(const Misbehaviour& misbehaviour, std::uint64_t noise, Answer& answer) {
  switch (misbehaviour.kind) {
    case Mischief::OtherAddress:
      return ReplaceSender(answer.Packet(), misbehaviour.alias);
    case Mischief::BadChecksum:
      return BreakChecksum(answer.Packet());
    case Mischief::Garbage:
      return FillWithNoise(answer.Packet(), noise);
    case Mischief::Truncated:
      answer.size = CutShort(answer.Packet());
      return;
    default:
      return;
  }
}

}  // namespace

// SplitMix64: small, fast, and good enough for losses that pass statistical tests.
std::uint64_t InternetModel::Dice::Roll() {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ mixed >> 30U) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ mixed >> 27U) * 0x94d049bb133111eb;
  return mixed ^ mixed >> 31U;
}

double InternetModel::Dice::Uniform() {
  constexpr double kTwoTo53 = 9007199254740992.0;
  return static_cast<double>(Roll() >> 11U) / kTwoTo53;
}

InternetModel::InternetModel(Scenario scenario, MonoTime start)
    : scenario_(std::move(scenario)), start_(start) {
  Dice seeds(scenario_.seed);
  const std::size_t nodes = scenario_.routers.size() + scenario_.destinations.size();
  nodes_.reserve(nodes);
  for (std::size_t i = 0; i < nodes; ++i) {
    nodes_.push_back({.dice = Dice(seeds.Roll()),
                      .forward = {Dice(seeds.Roll())},
                      .backward = {Dice(seeds.Roll())},
                      .tokens = 0,
                      .refilled = start});
  }
  for (std::size_t i = 0; i < scenario_.routers.size(); ++i) {
    const Router& router = scenario_.routers[i];
    nodes_[i].tokens = router.limit ? router.limit->burst : 0;
  }
  for (std::size_t i = 0; i < scenario_.destinations.size(); ++i) {
    destinations_.emplace(scenario_.destinations[i].address, i);
  }
}

// A run of `burst` losses starts with such a probability that `ratio` of all packets are lost.
bool InternetModel::IsLost(const Loss& loss, LossState& state) {
  if (loss.ratio <= 0) {
    return false;
  }
  if (state.burst_left > 0) {
    --state.burst_left;
    return true;
  }
  const double burst = loss.burst;
  const double start = loss.ratio >= 1 ? 1 : loss.ratio / (burst - loss.ratio * (burst - 1));
  if (state.dice.Uniform() >= start) {
    return false;
  }
  state.burst_left = loss.burst - 1;
  return true;
}

bool InternetModel::TakeToken(const Router& router, Node& node, MonoTime now) const {
  if (!router.limit) {
    return true;
  }
  const double earned = ToSeconds(now - node.refilled) * router.limit->per_second;
  node.tokens = std::min(router.limit->burst, node.tokens + earned);
  node.refilled = now;
  if (node.tokens < 1) {
    return false;
  }
  node.tokens -= 1;
  return true;
}

const Path& InternetModel::PathOf(const Destination& destination, MonoTime now) const {
  const bool has_changed = destination.new_path && now - start_ >= destination.changes_after;
  return has_changed ? *destination.new_path : destination.path;
}

/// Takes the probe over one link and into a router; false: it goes no further.
bool InternetModel::Enter(RouterId id, Journey& journey, std::uint8_t& ttl_left) {
  const Router& router = scenario_.routers[id];
  Node& node = nodes_[id];
  walked_.push_back(id);
  ++journey.hops;
  journey.node = id;
  journey.router = &router;
  journey.delay += router.delay;
  if (router.jitter > Duration::zero()) {
    journey.jitter += Share(router.jitter, node.dice.Uniform());
  }
  if (IsLost(router.forward_loss, node.forward)) {
    journey.is_lost = true;
    return false;
  }
  if (ttl_left > 1 || (ttl_left == 1 && router.forwards_zero_ttl)) {
    --ttl_left;
    return true;
  }
  journey.quoted_ttl = ttl_left;
  return false;
}

InternetModel::Journey InternetModel::Walk(const WireProbe& probe, std::size_t destination_index,
                                           MonoTime now) {
  const Destination& destination = scenario_.destinations[destination_index];
  Journey journey;
  walked_.clear();
  std::uint8_t ttl_left = probe.ttl;
  std::uint64_t stretch_salt = scenario_.seed;
  for (const Stretch& stretch : PathOf(destination, now)) {
    ++stretch_salt;
    const std::size_t ways = stretch.branches.size();
    const std::size_t way = ways == 1 ? 0 : FlowHash(probe, stretch_salt) % ways;
    for (const RouterId id : stretch.branches[way]) {
      if (!Enter(id, journey, ttl_left)) {
        return journey;
      }
    }
  }
  ++journey.hops;
  journey.router = nullptr;
  journey.node = scenario_.routers.size() + destination_index;
  journey.delay += destination.delay;
  journey.quoted_ttl = ttl_left;
  journey.is_lost = IsLost(destination.forward_loss, nodes_[journey.node].forward);
  return journey;
}

bool InternetModel::IsLostOnReturn(const Journey& journey, const Destination& destination) {
  if (journey.router == nullptr && IsLost(destination.return_loss, nodes_[journey.node].backward)) {
    return true;
  }
  return std::any_of(walked_.rbegin(), walked_.rend(), [this](RouterId id) {
    return IsLost(scenario_.routers[id].return_loss, nodes_[id].backward);
  });
}

Fate InternetModel::Judge(const Journey& journey, const Destination& destination, MonoTime now) {
  if (journey.is_lost) {
    return Fate::LostForward;
  }
  const bool is_silent = journey.router != nullptr ? journey.router->is_silent
                                                   : destination.answering == Answering::Silent;
  if (is_silent) {
    return Fate::Silent;
  }
  if (journey.router != nullptr && !TakeToken(*journey.router, nodes_[journey.node], now)) {
    return Fate::RateLimited;
  }
  return IsLostOnReturn(journey, destination) ? Fate::LostReturn : Fate::Answered;
}

std::size_t InternetModel::WriteAnswer(const WireProbe& probe, const Journey& journey,
                                       const Destination& destination, AnswerBuffer& buffer) const {
  const auto back = static_cast<std::uint8_t>(journey.hops - 1);
  if (journey.router != nullptr) {
    return WriteIcmpError(probe,
                          {.kind = IcmpErrorKind::TimeExceeded,
                           .responder = journey.router->address,
                           .reply_ttl = static_cast<std::uint8_t>(kRouterTtl - back),
                           .quoted_ttl = journey.quoted_ttl,
                           .quote_bytes = journey.router->quote_bytes,
                           .mpls = journey.router->mpls},
                          buffer);
  }
  const auto reply_ttl = static_cast<std::uint8_t>(kDestinationTtl - back);
  const bool is_prohibited = destination.answering == Answering::AdminProhibited;
  if (is_prohibited || probe.protocol == ProbeProtocol::Udp) {
    const IcmpErrorKind kind =
        is_prohibited ? IcmpErrorKind::AdminProhibited : IcmpErrorKind::PortUnreachable;
    return WriteIcmpError(probe,
                          {.kind = kind,
                           .responder = destination.address,
                           .reply_ttl = reply_ttl,
                           .quoted_ttl = journey.quoted_ttl,
                           .quote_bytes = kFullQuote,
                           .mpls = {}},
                          buffer);
  }
  return IsTcp(probe) ? WriteTcpAnswer(probe, destination.is_tcp_open, reply_ttl, buffer)
                      : WriteEchoReply(probe, reply_ttl, buffer);
}

// Forgeries are written from a forged probe and then forged back, because the bytes are one
// buffer; they leave at half the delay, before the true answer.
void InternetModel::Respond(WireProbe& probe, const Journey& journey,
                            const Destination& destination, ProbeRecord& record,
                            std::size_t record_index, AnswerQueue& answers) {
  const auto& misbehaviours =
      journey.router != nullptr ? journey.router->misbehaviour : destination.misbehaviour;
  Answer answer = answers.NewAnswer();
  answer.record = record_index;
  answer.size = WriteAnswer(probe, journey, destination, *answer.buffer);
  bool is_duplicated = false;
  for (const Misbehaviour& misbehaviour : misbehaviours) {
    Dice& dice = nodes_[journey.node].dice;
    if (dice.Uniform() >= misbehaviour.ratio) {
      continue;
    }
    if (IsOvertaking(misbehaviour.kind)) {
      Forge(misbehaviour.kind, probe);
      Answer forged = answers.NewAnswer();
      forged.size = WriteAnswer(probe, journey, destination, *forged.buffer);
      forged.due = record.arrived + record.delay / 2;
      answers.Push(std::move(forged));
      Forge(misbehaviour.kind, probe);  // each forgery is its own inverse
      continue;
    }
    if (misbehaviour.kind == Mischief::WrongDestination) {
      Forge(misbehaviour.kind, probe);
      answer.size = WriteAnswer(probe, journey, destination, *answer.buffer);
    }
    Spoil(misbehaviour, dice.Roll(), answer);
    record.fate = IsSpoiling(misbehaviour.kind) ? Fate::Spoiled : record.fate;
    record.delay += misbehaviour.kind == Mischief::Late ? misbehaviour.delay : Duration::zero();
    is_duplicated = is_duplicated || misbehaviour.kind == Mischief::Duplicate;
  }
  answer.due = record.arrived + record.delay;
  if (is_duplicated) {
    Answer duplicate = answers.NewAnswer();
    std::ranges::copy(answer.Packet(), duplicate.buffer->begin());
    duplicate.size = answer.size;
    duplicate.due = answer.due + kDuplicateLag;
    answers.Push(std::move(duplicate));
  }
  answers.Push(std::move(answer));
}

ProbeRecord InternetModel::Handle(WireProbe& probe, MonoTime now, std::size_t record_index,
                                  AnswerQueue& answers) {
  ProbeRecord record;
  record.protocol = probe.protocol;
  record.destination = probe.destination;
  record.ttl = probe.ttl;
  record.flow_port = probe.flow_port;
  record.token = probe.token;
  record.left = now;
  record.arrived = now;
  const auto found = destinations_.find(probe.destination);
  if (found == destinations_.end()) {
    return record;
  }
  const Destination& destination = scenario_.destinations[found->second];
  const Journey journey = Walk(probe, found->second, now);
  record.hop = static_cast<std::uint8_t>(journey.hops);
  record.is_delivered = journey.router == nullptr && !journey.is_lost;
  record.responder = journey.router != nullptr ? journey.router->address : destination.address;
  record.delay = 2 * journey.delay + journey.jitter;
  record.delay += journey.router != nullptr ? journey.router->control_plane : Duration::zero();
  record.fate = Judge(journey, destination, now);
  if (record.fate == Fate::Answered) {
    Respond(probe, journey, destination, record, record_index, answers);
  }
  return record;
}

}  // namespace pathwitness
