#include "probes/trace/responder_budget.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>

#include "probes/base/prefetch.h"

namespace pathwitness {
namespace {

constexpr int kLowestLevel = -4;  // one probe in 32 s
constexpr int kHighestLevel = 2;  // 2 a second
// kFirstRate x 2^level, from kLowestLevel to kHighestLevel.
constexpr std::array<double, kHighestLevel - kLowestLevel + 1> kRates = {
    ResponderBudget::kFirstRate / 16, ResponderBudget::kFirstRate / 8,
    ResponderBudget::kFirstRate / 4,  ResponderBudget::kFirstRate / 2,
    ResponderBudget::kFirstRate,      ResponderBudget::kFirstRate * 2,
    ResponderBudget::kFirstRate * 4};
constexpr unsigned kProof = 20;  // answers in a row that prove a rate; Linux's burst is 6
constexpr unsigned kMasked = 4;  // of the last 16 answers: too many are missing
constexpr Duration kFirstPause = std::chrono::minutes(10);  // between a failed trial and the next
constexpr unsigned kLongestPause = 5;                       // doublings of it
constexpr Duration kSoon = std::chrono::milliseconds(250);  // an answer may take this long anyway
constexpr Duration kIdle = std::chrono::minutes(2);
constexpr std::size_t kSeenBits = 4096;  // tells up to about 20,000 responders apart
constexpr std::size_t kPositions = 4096;

std::uint64_t Mix(std::uint64_t value) {
  value = (value ^ (value >> 32U)) * 0xd6e8feb86659fd93ULL;
  value = (value ^ (value >> 32U)) * 0xd6e8feb86659fd93ULL;
  return value ^ (value >> 32U);
}

ResponderBudget::Key OfPosition(std::uint64_t group, std::uint8_t ttl) {
  return Mix(group + (std::uint64_t{ttl} << 56U) + 0x706f736974696f6eULL);
}

}  // namespace

// The bucket of those for whom there is no room: all share it.
ResponderBudget::ResponderBudget() : buckets_(1) {}

ResponderBudget::Key ResponderBudget::OfResponder(const IpAddress& responder) {
  return Mix(std::hash<IpAddress>()(responder) +
             (static_cast<std::uint64_t>(responder.Family()) << 63U));
}

ResponderBudget::Key ResponderBudget::OfUnknown(std::uint64_t group, std::uint8_t ttl) const {
  const Key key = OfPosition(group, ttl);
  const auto known = positions_.find(key);
  return known != positions_.end() && known->second.marked == 1 ? known->second.only : key;
}

// Linear counting (Whang et al., "A linear-time probabilistic counting algorithm for database
// applications", ACM TODS 1990): bounded memory, whoever answers.
void ResponderBudget::OnSeen(std::uint64_t group, std::uint8_t ttl, const IpAddress& responder) {
  const Key position_key = OfPosition(group, ttl);
  if (positions_.size() >= kPositions && !positions_.contains(position_key)) {
    return;
  }
  Position& position = positions_[position_key];
  position.seen.resize(kSeenBits);
  const Key key = OfResponder(responder);
  const std::size_t bit = key % kSeenBits;
  if (position.seen[bit]) {
    return;
  }
  position.seen[bit] = true;
  position.only = key;
  ++position.marked;
  const double unmarked = std::max(1.0, static_cast<double>(kSeenBits - position.marked));
  position.responders =
      std::max(1.0F, static_cast<float>(kSeenBits * std::log(kSeenBits / unmarked)));
  if (const auto bucket = index_.Find(position_key)) {
    Bucket& unknown = buckets_[*bucket];
    unknown.lanes = position.responders;
    // A new responder has a burst of its own: another one may be looked for at once.
    unknown.tokens += 1;
    ready_.emplace(MonoTime::min(), *bucket);
  }
}

bool ResponderBudget::Ask(Key key, MonoTime now, Waiter waiter, Turn turn) {
  Bucket& bucket = Find(key, now);
  if (bucket.first == kNone && Take(bucket, now)) {
    return true;
  }
  Enqueue(bucket, waiter, turn);
  Schedule(static_cast<std::uint32_t>(&bucket - buckets_.data()), now);
  return false;
}

bool ResponderBudget::TryAsk(Key key, MonoTime now) {
  Bucket& bucket = Find(key, now);
  return bucket.first == kNone && Take(bucket, now);
}

void ResponderBudget::Charge(Key key, MonoTime now) {
  Bucket& bucket = Find(key, now);
  Refill(bucket, now);
  bucket.tokens = std::max(bucket.tokens - 1, -kBurst);
}

void ResponderBudget::OnAnswer(Key key, Duration round_trip, MonoTime now) {
  Bucket& bucket = Find(key, now);
  bucket.round_trip = static_cast<float>(ToSeconds(round_trip));
  bucket.is_awaiting = false;
  bucket.outcomes = static_cast<std::uint16_t>(bucket.outcomes << 1U);
  if (++bucket.good < kProof) {
    return;
  }
  bucket.failures = bucket.is_trial ? std::uint8_t{0} : bucket.failures;
  bucket.is_trial = false;
  bucket.good = kProof;
  if (bucket.first != kNone && bucket.level < kHighestLevel && now >= bucket.no_trial_until) {
    Refill(bucket, now);
    ++bucket.level;
    bucket.is_trial = true;
    bucket.good = 0;
  }
}

void ResponderBudget::OnMasked(Key key, MonoTime now) {
  Bucket& bucket = Find(key, now);
  bucket.good = 0;
  if (bucket.is_trial) {
    return StepBack(bucket, now);
  }
  bucket.outcomes = static_cast<std::uint16_t>(bucket.outcomes * 2U + 1U);
  if (std::popcount(bucket.outcomes) < static_cast<int>(kMasked)) {
    return;
  }
  bucket.outcomes = 0;
  Refill(bucket, now);
  bucket.level = static_cast<std::int8_t>(std::max(bucket.level - 1, kLowestLevel));
  bucket.no_trial_until = now + kFirstPause;
}

double ResponderBudget::RateOf(Key key) const {
  const auto known = index_.Find(key);
  return known ? Rate(buckets_[*known]) : kFirstRate;
}

ResponderBudget::Bucket& ResponderBudget::Find(Key key, MonoTime now) {
  if (const auto known = index_.Find(key)) {
    return buckets_[*known];
  }
  const std::uint32_t index = Room(now);
  if (index != 0) {
    const auto position = positions_.find(key);
    index_.Add(key, index);
    buckets_[index] = {.key = key,
                       .refilled = now,
                       .asked = now,
                       .lanes = position == positions_.end() ? 1 : position->second.responders};
  }
  return buckets_[index];
}

/// A bucket to be used anew; 0 when all are in use.
std::uint32_t ResponderBudget::Room(MonoTime now) {
  constexpr int kLooks = 64;  // so that one new responder never costs a walk over all
  if (buckets_.size() <= kLimit) {
    buckets_.emplace_back();
    return static_cast<std::uint32_t>(buckets_.size() - 1);
  }
  for (int i = 0; i < kLooks; ++i) {
    hand_ = hand_ % (buckets_.size() - 1) + 1;
    const Bucket& bucket = buckets_[hand_];
    if (bucket.first == kNone && bucket.asked + kIdle <= now) {
      index_.Remove(bucket.key, static_cast<std::uint32_t>(hand_));
      return static_cast<std::uint32_t>(hand_);
    }
  }
  return 0;
}

double ResponderBudget::Rate(const Bucket& bucket) {
  return kRates.at(static_cast<std::size_t>(bucket.level - kLowestLevel)) * bucket.lanes;
}

void ResponderBudget::Refill(Bucket& bucket, MonoTime now) {
  const double rate = Rate(bucket);
  const double most = std::max(kBurst, rate);
  bucket.tokens = std::min(most, bucket.tokens + rate * ToSeconds(now - bucket.refilled));
  bucket.refilled = now;
}

// In a trial the next token is the time to look whether the last one was answered: waiting until a
// loss is certain would cost several more.
bool ResponderBudget::Take(Bucket& bucket, MonoTime now) {
  const Duration patience = std::max(
      kSoon,
      std::chrono::duration_cast<Duration>(std::chrono::duration<float>(2 * bucket.round_trip)));
  if (bucket.is_trial && bucket.is_awaiting && now - bucket.asked >= patience) {
    StepBack(bucket, now);
  }
  Refill(bucket, now);
  if (bucket.tokens < 1) {
    return false;
  }
  bucket.tokens -= 1;
  bucket.asked = now;
  bucket.is_awaiting = true;
  return true;
}

void ResponderBudget::StepBack(Bucket& bucket, MonoTime now) {
  Refill(bucket, now);
  --bucket.level;
  bucket.tokens = std::min(bucket.tokens, 0.0);
  bucket.is_trial = false;
  bucket.good = 0;
  bucket.no_trial_until =
      now + kFirstPause * (1U << std::min<unsigned>(bucket.failures, kLongestPause));
  bucket.failures = static_cast<std::uint8_t>(std::min<unsigned>(bucket.failures + 1U, 99));
}

/// Takes some buckets whose time has come out of ready_. Several at once, as buckets, lines and
/// those who wait in them lie far apart: the processor fetches them all while it waits for one.
void ResponderBudget::TakeReady(MonoTime now) {
  constexpr std::size_t kMost = 32;
  turn_.clear();
  while (!ready_.empty() && ready_.top().first <= now && turn_.size() < kMost) {
    turn_.push_back(ready_.top().second);
    ready_.pop();
    Prefetch(&buckets_[turn_.back()], sizeof(Bucket));
  }
  for (const std::uint32_t index : turn_) {
    buckets_[index].is_scheduled = false;
    if (buckets_[index].first != kNone) {
      Prefetch(&links_[buckets_[index].first]);
    }
  }
  foreseen_.clear();
  for (const std::uint32_t index : turn_) {
    if (buckets_[index].first != kNone) {
      foreseen_.push_back(links_[buckets_[index].first].waiter);
    }
  }
}

void ResponderBudget::PutBack(std::uint32_t index, MonoTime now) {
  if (!std::exchange(buckets_[index].is_scheduled, true)) {
    ready_.emplace(now, index);
  }
}

void ResponderBudget::Schedule(std::uint32_t index, MonoTime now) {
  Bucket& bucket = buckets_[index];
  if (bucket.first == kNone || bucket.is_scheduled) {
    return;
  }
  bucket.is_scheduled = true;
  const double missing = std::max(0.0, 1 - bucket.tokens) / Rate(bucket);
  const Duration wait = std::chrono::ceil<Duration>(std::chrono::duration<double>(missing));
  ready_.emplace(now + wait + Duration(1), index);
}

void ResponderBudget::Enqueue(Bucket& bucket, Waiter waiter, Turn turn) {
  if (free_links_ == kNone) {
    free_links_ = static_cast<std::uint32_t>(links_.size());
    links_.emplace_back();
  }
  const std::uint32_t link = std::exchange(free_links_, links_[free_links_].next);
  const std::uint32_t before = turn == Turn::New ? bucket.last_new : bucket.last;
  std::uint32_t& place = before == kNone ? bucket.first : links_[before].next;
  links_[link] = {waiter, place};
  place = link;
  bucket.last = before == bucket.last ? link : bucket.last;
  bucket.last_new = turn == Turn::New ? link : bucket.last_new;
  ++waiting_;
}

ResponderBudget::Waiter ResponderBudget::Dequeue(Bucket& bucket) {
  const std::uint32_t link = bucket.first;
  bucket.first = links_[link].next;
  bucket.last = bucket.last == link ? kNone : bucket.last;
  bucket.last_new = bucket.last_new == link ? kNone : bucket.last_new;
  links_[link].next = std::exchange(free_links_, link);
  --waiting_;
  return links_[link].waiter;
}

}  // namespace pathwitness
