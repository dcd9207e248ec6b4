#include "probes/reflect/reflector.h"

#include <algorithm>

namespace pathwitness {
namespace {

ReflectRefusal RefusalOf(ReflectFlaw flaw) {
  switch (flaw) {
    case ReflectFlaw::Key:
      return ReflectRefusal::Key;
    case ReflectFlaw::Mac:
      return ReflectRefusal::Mac;
    case ReflectFlaw::Malformed:
      break;
  }
  return ReflectRefusal::Malformed;
}

// Whoever has one IPv6 address has its /64.
IpAddress NetworkOf(const IpAddress& source) {
  if (source.Family() == IpFamily::Ipv4) {
    return source;
  }
  std::array<std::byte, 16> bytes{};
  std::ranges::copy(source.Bytes().first(8), bytes.begin());
  return IpAddress::FromBytes(IpFamily::Ipv6, bytes);
}

}  // namespace

Reflector::Reflector(std::uint64_t incarnation, MonoTime now)
    : total_(kInTotal, now), incarnation_(incarnation), sweep_due_(now + kSweepsEvery) {}

std::variant<ReflectMessage, ReflectRefusal> Reflector::OnRequest(const Arrival& arrival,
                                                                  const KeyRing& keys,
                                                                  MonoTime now) {
  if (now >= sweep_due_) {
    Sweep(now);
  }
  if (const std::optional<ReflectRefusal> refusal = Limit(arrival.source, now)) {
    return *refusal;
  }
  const auto decoded = DecodeReflect(arrival.bytes, ReflectKind::Request, keys);
  if (const auto* flaw = std::get_if<ReflectFlaw>(&decoded)) {
    return RefusalOf(*flaw);
  }
  ReflectMessage answer = std::get<ReflectMessage>(decoded);
  Session* const session = FindSession(answer, now);
  if (session == nullptr) {
    return ReflectRefusal::Sessions;
  }
  if (!session->window.Take(answer.sequence)) {
    return ReflectRefusal::Replay;
  }
  session->last = now;
  answer.kind = ReflectKind::Answer;
  answer.received = arrival.at;
  answer.incarnation = session->incarnation;
  answer.count = ++session->count;
  return answer;
}

std::optional<ReflectRefusal> Reflector::Limit(const IpAddress& source, MonoTime now) {
  const IpAddress network = NetworkOf(source);
  const auto known = sources_.find(network);
  if (known == sources_.end() && sources_.size() >= kMostSources) {
    return ReflectRefusal::SourceRate;
  }
  TokenBucket& bucket = sources_.try_emplace(network, kPerSource, now).first->second;
  if (!bucket.Take(now)) {
    return ReflectRefusal::SourceRate;
  }
  return total_.Take(now) ? std::nullopt : std::optional(ReflectRefusal::TotalRate);
}

void Reflector::Sweep(MonoTime now) {
  sweep_due_ = now + kSweepsEvery;
  std::erase_if(sources_, [now](const auto& entry) { return entry.second.IsFull(now); });
  std::erase_if(sessions_,
                [now](const auto& entry) { return now - entry.second.last >= kForgetsAfter; });
}

/// Null when there are too many. What was sent before the first request that is seen counts as
/// seen: it may be a recording.
Reflector::Session* Reflector::FindSession(const ReflectMessage& request, MonoTime now) {
  const auto known = sessions_.find(request.session);
  if (known != sessions_.end()) {
    return &known->second;
  }
  if (sessions_.size() >= kMostSessions) {
    return nullptr;
  }
  const Session fresh{
      .window = ReplayWindow(request.sequence - 1), .incarnation = ++incarnation_, .last = now};
  return &sessions_.emplace(request.session, fresh).first->second;
}

}  // namespace pathwitness
