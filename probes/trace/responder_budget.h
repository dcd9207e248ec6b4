#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "probes/base/ip_address.h"
#include "probes/base/time.h"
#include "probes/trace/hash_index.h"

namespace pathwitness {

/// How often each responder is made to answer, whatever the number of paths that lead through it.
///
/// Routers limit how many ICMP errors they send (RFC 1812, 4.3.2.8; RFC 4443, 2.4(f)), Linux by
/// default one a second to each destination. Probing faster makes losses that are none. So each
/// responder has a token bucket, and who is refused waits in line and is served in turn.
///
/// The rate starts at one probe in 2 s with a burst of 3. It is doubled, up to 2/s, while somebody
/// waits and all answers come; the first answer that is missing then takes the step back, and the
/// next trial comes no sooner than 10 minutes later, then 20, up to 5 hours. Answers that are
/// missing while packets through the responder arrive halve it, down to one probe in 32 s.
///
/// A hop that nobody has seen yet is paced by its position, at the rate of as many responders as
/// were seen there: where all paths share one router, new paths line up for it; where paths
/// diverge, learning is soon unlimited. Pure: it is given the time.
class ResponderBudget {
 public:
  using Key = std::uint64_t;     // of a bucket; a hash, and never 0
  using Waiter = std::uint64_t;  // the caller's

  /// Who goes before whom in a responder's line.
  enum class Turn : std::uint8_t {
    Usual,
    New,  // has not seen the responder yet: goes before all Usual ones
  };

  static constexpr double kFirstRate = 0.5;  // probes per second
  static constexpr double kBurst = 3;
  static constexpr std::size_t kLimit = std::size_t{1} << 18U;  // buckets; then the idle ones go

  ResponderBudget();

  static Key OfResponder(const IpAddress& responder);

  /// The bucket for TTL `ttl` of a path whose responder there is not known. `group` stands for what
  /// leaves by the same first hop.
  Key OfUnknown(std::uint64_t group, std::uint8_t ttl) const;

  /// `responder` answered at `ttl`; new ones there widen OfUnknown's bucket.
  void OnSeen(std::uint64_t group, std::uint8_t ttl, const IpAddress& responder);

  /// Takes a token. False: there is none, or somebody else's turn is earlier, and `waiter` waits in
  /// line for Serve.
  bool Ask(Key key, MonoTime now, Waiter waiter, Turn turn = Turn::Usual);

  /// Takes a token where there is one. False: there is none, and nobody waits.
  bool TryAsk(Key key, MonoTime now);

  /// Takes a token for what was sent unasked; what is not there is owed.
  void Charge(Key key, MonoTime now);

  /// Hands tokens that have come since to those who wait: first come, first served among those of
  /// one Turn. `grant(waiter)` tells whether the waiter used it; else the next one is asked. It
  /// must not call the budget. Ends early when `may_go()` is false. `foresee(waiters)` is told who
  /// will be among those asked soon.
  template <typename Grant, typename MayGo, typename Foresee>
  void Serve(MonoTime now, Grant grant, MayGo may_go, Foresee foresee) {
    for (TakeReady(now); !turn_.empty(); TakeReady(now)) {
      foresee(std::span<const Waiter>(foreseen_));
      for (const std::uint32_t index : turn_) {
        if (!may_go()) {
          PutBack(index, now);
          continue;
        }
        ServeBucket(buckets_[index], now, grant, may_go);
        Schedule(index, now);
      }
      if (!may_go()) {
        return;
      }
    }
  }
  template <typename Grant>
  void Serve(MonoTime now, Grant grant) {
    Serve(
        now, grant, [] { return true; }, [](std::span<const Waiter>) {});
  }

  /// When Serve has work; MonoTime::max(): nobody waits.
  MonoTime NextDeadline() const { return ready_.empty() ? MonoTime::max() : ready_.top().first; }

  void OnAnswer(Key key, Duration round_trip, MonoTime now);

  /// No answer came, although packets through the responder arrive.
  void OnMasked(Key key, MonoTime now);

  /// Probes per second that a responder may be sent now.
  double RateOf(Key key) const;
  std::size_t Buckets() const { return index_.Size(); }
  std::size_t Waiting() const { return waiting_; }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Bucket {
    Key key = 0;
    MonoTime refilled{};
    MonoTime asked{};           // the last token
    MonoTime no_trial_until{};  // after a trial that failed
    double tokens = kBurst;
    float lanes = 1;       // responders that share it; more than one where they are not known
    float round_trip = 0;  // seconds, of the last answer
    std::uint32_t first = kNone;
    std::uint32_t last = kNone;      // the line, in links_
    std::uint32_t last_new = kNone;  // the last one of Turn::New, which all come first
    std::uint16_t good = 0;          // answers in a row since the last step
    std::uint16_t outcomes = 0;      // the newest in bit 0; 1: masked
    std::int8_t level = 0;           // the rate is kFirstRate x 2^level
    std::uint8_t failures = 0;       // of trials, in a row
    bool is_trial = false;           // the rate was raised and has not proved itself
    bool is_awaiting = false;        // no answer since the last token
    bool is_scheduled = false;       // stands in ready_
  };
  struct Link {
    Waiter waiter = 0;
    std::uint32_t next = kNone;
  };
  /// Which responders were seen at a TTL.
  struct Position {
    std::vector<bool> seen;  // by hash: linear counting
    std::size_t marked = 0;  // bits set in `seen`
    Key only = 0;            // the responder's while there is but one
    float responders = 1;    // estimate
  };
  using Ready = std::pair<MonoTime, std::uint32_t>;

  Bucket& Find(Key key, MonoTime now);
  std::uint32_t Room(MonoTime now);
  static double Rate(const Bucket& bucket);
  static void Refill(Bucket& bucket, MonoTime now);
  static bool Take(Bucket& bucket, MonoTime now);
  void TakeReady(MonoTime now);
  void PutBack(std::uint32_t index, MonoTime now);
  void Schedule(std::uint32_t index, MonoTime now);
  static void StepBack(Bucket& bucket, MonoTime now);
  void Enqueue(Bucket& bucket, Waiter waiter, Turn turn);
  Waiter Dequeue(Bucket& bucket);

  template <typename Grant, typename MayGo>
  void ServeBucket(Bucket& bucket, MonoTime now, Grant& grant, MayGo& may_go) {
    while (bucket.first != kNone && may_go() && Take(bucket, now)) {
      if (!grant(Dequeue(bucket))) {
        bucket.tokens += 1;
        bucket.is_awaiting = false;
      }
    }
  }

  HashIndex index_;  // of the buckets
  std::vector<Bucket> buckets_;
  std::vector<Link> links_;
  std::uint32_t free_links_ = kNone;
  std::size_t waiting_ = 0;
  std::size_t hand_ = 0;  // where the search for idle buckets goes on
  std::unordered_map<Key, Position> positions_;
  std::priority_queue<Ready, std::vector<Ready>, std::greater<>> ready_;
  std::vector<std::uint32_t> turn_;  // buckets that are being served
  std::vector<Waiter> foreseen_;     // the first in line at each of them
};

}  // namespace pathwitness
