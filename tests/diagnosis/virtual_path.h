#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <random>
#include <vector>

#include "diagnosis/diagnostician.h"

namespace pathwitness {

/// A path of six hops in virtual time, probed as the trace engine does: an end-to-end probe a
/// second over four flows, each given up after six seconds, told of every five seconds; and a round
/// of hop probes every ten, which is known when its last probe is given up.
class VirtualPath {
 public:
  static constexpr std::size_t kHops = 6;
  static constexpr Duration kUntilLost = std::chrono::seconds(6);

  explicit VirtualPath(std::uint64_t seed) : random_(seed) {}

  std::array<double, kHops> link_loss{};  // of the link to each hop, forward
  std::array<double, kHops> unwilling{};  // answers that a hop leaves out
  std::array<Duration, kHops> delay{};    // that the link to each hop adds
  std::array<Duration, kHops> queue{};    // and at most adds, to some more and to some less
  std::array<bool, 4> is_flow_dead{};     // at the last link
  Surroundings surroundings{.until_lost = kUntilLost, .unsent = {}, .service = {}};

  /// Lives on for so long. Stops early when `until` holds after an evaluation.
  void Live(Duration duration, const std::function<bool()>& until = nullptr) {
    for (const MonoTime end = now_ + duration; now_ < end;) {
      now_ += std::chrono::seconds(1);
      ++second_;
      SendEndToEnd();
      if (second_ % 10 == 0) {
        rounds_.push_back({.known = now_ + std::chrono::seconds(16), .began = now_});
        rounds_.back().round = TraceRound();
      }
      Deliver();
      if (second_ % 5 == 0) {
        spoken_ = diagnostician_.Evaluate(surroundings, now_);
        if (until && until()) {
          return;
        }
      }
    }
  }

  const SpokenVerdict* Spoken() const { return spoken_; }
  Diagnostician& Judge() { return diagnostician_; }
  MonoTime Now() const { return now_; }

 private:
  struct PendingRound {
    MonoTime known;
    MonoTime began;
    Round round;
  };
  struct PendingLoss {
    MonoTime known;
    std::size_t flow = 0;
  };

  bool Happens(double probability) {
    return std::uniform_real_distribution<double>(0, 1)(random_) < probability;
  }

  Duration Wait(Duration most) {
    return Duration(std::uniform_int_distribution<Duration::rep>(0, most.count())(random_));
  }

  bool Arrives(std::size_t hops) {
    for (std::size_t i = 0; i < hops; ++i) {
      if (Happens(link_loss[i])) {
        return false;
      }
    }
    return true;
  }

  void SendEndToEnd() {
    const auto flow = static_cast<std::size_t>(second_ % 4);
    if (Arrives(kHops) && !is_flow_dead[flow]) {
      ++train_[flow].sent;
      ++train_[flow].received;
    } else {
      losses_.push_back({.known = now_ + kUntilLost, .flow = flow});
    }
  }

  Round TraceRound() {
    Round round;
    round.flow = static_cast<std::uint16_t>(second_ / 10 % 4);
    round.destination = IpAddress::Parse("192.0.2.6").value();
    Duration round_trip{};
    for (std::uint8_t ttl = 1; ttl <= kHops; ++ttl) {
      round_trip += std::chrono::milliseconds(4) + delay[ttl - 1U] + Wait(queue[ttl - 1U]);
      const bool is_dead = ttl == kHops && is_flow_dead[round.flow];
      Hop hop{.ttl = ttl, .sent = 1};
      if (Arrives(ttl) && !is_dead && !Happens(unwilling[ttl - 1U])) {
        round.last_responding_hop = ttl;
        round.destination_hop = ttl == kHops ? ttl : std::uint8_t{0};
        const auto jitter = std::chrono::microseconds(random_() % 400);
        hop.replies.push_back(
            {.responder = IpAddress::Parse("192.0.2." + std::to_string(ttl)).value(),
             .round_trip = round_trip + jitter,
             .reply_ttl = static_cast<std::uint8_t>(64 - ttl)});
      }
      round.hops.push_back(std::move(hop));
    }
    return round;
  }

  void Deliver() {
    for (; !losses_.empty() && losses_.front().known <= now_; losses_.pop_front()) {
      ++train_[losses_.front().flow].sent;
    }
    for (; !rounds_.empty() && rounds_.front().known <= now_; rounds_.pop_front()) {
      diagnostician_.OnRound(rounds_.front().round, rounds_.front().began);
    }
    if (second_ % 5 == 0) {
      diagnostician_.OnEndToEnd(train_, now_);
      train_.fill({});
    }
  }

  std::mt19937_64 random_;
  Diagnostician diagnostician_;
  const SpokenVerdict* spoken_ = nullptr;
  MonoTime now_{std::chrono::hours(1)};
  std::uint64_t second_ = 0;
  std::array<Counts, 4> train_{};
  std::deque<PendingLoss> losses_;
  std::deque<PendingRound> rounds_;
};

}  // namespace pathwitness
