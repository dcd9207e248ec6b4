#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "probes/base/time.h"
#include "probes/reflect/reflect_codec.h"
#include "probes/reflect/replay_window.h"

namespace pathwitness {

/// Packets of one direction whose fate is known. Neither number ever becomes smaller.
struct OneWayPackets {
  std::uint64_t packets = 0;
  std::uint64_t lost = 0;

  bool operator==(const OneWayPackets&) const = default;
};

struct OneWayTotals {
  OneWayPackets forward;   // requests up to the one answered last
  OneWayPackets backward;  // the answers that the reflector had sent by then

  bool operator==(const OneWayTotals&) const = default;
};

/// Why an answer counts nowhere: a closed set, the `reason` label.
enum class AnswerRefusal : std::uint8_t {
  Malformed,
  Key,
  Mac,
  Unmatched,  // of another session, to no request, or seen before
};
inline constexpr std::array<std::string_view, 4> kAnswerRefusalNames = {"malformed", "key", "mac",
                                                                        "unmatched"};

/// Tells the losses on the way there from those on the way back, by what a reflector counted.
///
/// Of n requests up to the one answered last, the reflector had seen c and so sent c answers, of
/// which r arrived: n - c were lost on the way there, c - r on the way back. What was sent since is
/// unknown and counts nowhere; when everything is lost, nothing is known until answers come again.
///
/// When the reflector counts anew, so does this: what was under way then is unknown. Pure.
class OneWayCount {
 public:
  /// Packets overtake each other: an answer that is missing may come that much later.
  static constexpr Duration kSettlesAfter = std::chrono::seconds(1);

  /// `session` is a random number. Counting goes on from `totals`.
  OneWayCount(std::uint64_t session, const OneWayTotals& totals)
      : session_(session), totals_(totals) {}

  /// The request to send next, for EncodeReflect; the same one until OnSent.
  ReflectMessage NextRequest(std::uint16_t key_id, WallTime now) const;
  void OnSent() { ++last_sequence_; }

  /// Empty when it counts.
  std::optional<AnswerRefusal> OnAnswer(const ReflectMessage& answer, MonoTime now);

  /// What is known now; answers count from kSettlesAfter after their arrival.
  const OneWayTotals& Settle(MonoTime now);

 private:
  struct Answer {
    MonoTime at;
    std::uint64_t sequence = 0;
    std::uint64_t count = 0;
  };
  /// Since the reflector began to count, or was first heard of.
  struct Span {
    std::uint64_t sequence = 0;
    std::uint64_t count = 0;
    std::uint64_t received = 0;
  };

  void Begin(const ReflectMessage& answer);
  void Book();

  std::uint64_t session_;
  std::uint64_t last_sequence_ = 0;
  ReplayWindow seen_{0};
  std::uint64_t incarnation_ = 0;
  bool has_begun_ = false;
  Span first_;   // of the answer that began the span; `received` is 0
  Span newest_;  // the greatest that is settled
  std::deque<Answer> pending_;
  OneWayTotals before_;  // `totals_` when the span began
  OneWayTotals totals_;
};

}  // namespace pathwitness
