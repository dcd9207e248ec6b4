#include "probes/dns/ptr_engine.h"

#include <algorithm>
#include <unordered_set>

namespace pathwitness {
namespace {

constexpr std::size_t kMaxInFlight = 100;
constexpr Duration kPublishesEvery = std::chrono::seconds(1);  // each time all names are copied

}  // namespace

PtrEngine::PtrEngine(std::function<std::vector<IpAddress>()> routers, PtrBoard& board)
    : routers_on_paths_(std::move(routers)), writer_(board.NewWriter()) {}

void PtrEngine::Apply(std::shared_ptr<const Config> config, MonoTime now) {
  resolver_.Configure(config->resolver);
  config_ = config->ptr;
  look_due_ = now;
  has_news_ = config_.enabled;
  if (!config_.enabled) {
    routers_.clear();
    due_.clear();
    writer_.Remove(0);
  }
}

void PtrEngine::Turn(MonoTime now) {
  resolver_.Turn(now);
  if (!config_.enabled) {
    return;
  }
  if (now >= look_due_) {
    Look(now);
  }
  while (MayAsk() && std::max(due_.begin()->first, ask_due_) <= now) {
    AskNext(now);
  }
  if (has_news_ && now >= publish_due_) {
    Publish(now);
  }
}

MonoTime PtrEngine::NextDeadline() const {
  MonoTime next = resolver_.NextDeadline();
  if (!config_.enabled) {
    return next;
  }
  next = std::min(next, look_due_);
  if (MayAsk()) {
    next = std::min(next, std::max(due_.begin()->first, ask_due_));
  }
  return has_news_ ? std::min(next, publish_due_) : next;
}

bool PtrEngine::MayAsk() const {
  return !due_.empty() && resolver_.InFlight() < kMaxInFlight;
}

void PtrEngine::Look(MonoTime now) {
  look_due_ = now + kLooksEvery;
  looked_ = now;
  std::unordered_set<IpAddress> refused;
  for (const IpAddress& address : routers_on_paths_()) {
    const auto known = routers_.find(address);
    if (known != routers_.end()) {
      known->second.seen = now;
    } else if (routers_.size() < config_.max_names) {
      routers_.emplace(address, Router{.name = "", .seen = now});
      due_.emplace(now, address);
    } else {
      refused.insert(address);
    }
  }
  has_news_ |= refused.size() != refused_;
  refused_ = refused.size();
}

// One that no path shows any longer is forgotten instead.
void PtrEngine::AskNext(MonoTime now) {
  const IpAddress address = due_.begin()->second;
  due_.erase(due_.begin());
  const auto router = routers_.find(address);
  if (router->second.seen < looked_) {
    has_news_ |= !router->second.name.empty();
    routers_.erase(router);
    return;
  }
  ask_due_ =
      std::max(ask_due_, now) + Duration(std::chrono::seconds(1)) / config_.lookups_per_second;
  resolver_.LookupName(address, now, [this, address, now](DnsAnswer answer) {
    OnAnswer(address, std::move(answer), now);
  });
}

void PtrEngine::OnAnswer(const IpAddress& address, DnsAnswer answer, MonoTime asked) {
  ++lookups_;
  const bool has_failed = answer.status == DnsAnswer::Status::Failed;
  failures_ += has_failed ? 1 : 0;
  has_news_ = true;
  const auto router = routers_.find(address);
  if (router == routers_.end()) {
    return;  // names were turned off meanwhile
  }
  if (has_failed) {
    due_.emplace(asked + kRetryInterval, address);
    return;
  }
  const Duration ttl = answer.HasNoRecord() ? kTtlWithoutName : answer.ttl;
  due_.emplace(asked + std::clamp(ttl, kShortestTtl, kLongestTtl), address);
  router->second.name = std::move(answer.name);
}

void PtrEngine::Publish(MonoTime now) {
  PtrSnapshot snapshot{
      .names = {}, .lookups = lookups_, .failures = failures_, .refused = refused_};
  for (const auto& [address, router] : routers_) {
    if (!router.name.empty()) {
      snapshot.names.emplace(address, router.name);
    }
  }
  writer_.Publish(0, std::make_shared<const PtrSnapshot>(std::move(snapshot)));
  has_news_ = false;
  publish_due_ = now + kPublishesEvery;
}

}  // namespace pathwitness
