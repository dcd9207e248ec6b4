#include "probes/reflect/one_way_count.h"

#include <algorithm>

namespace pathwitness {
namespace {

// A packet that came later than anybody waits was counted as lost already, and stays so.
void Raise(OneWayPackets& known, std::uint64_t packets, std::uint64_t lost) {
  known.packets = std::max(known.packets, packets);
  known.lost = std::max(known.lost, lost);
}

}  // namespace

ReflectMessage OneWayCount::NextRequest(std::uint16_t key_id, WallTime now) const {
  return {.kind = ReflectKind::Request,
          .key_id = key_id,
          .session = session_,
          .sequence = last_sequence_ + 1,
          .sent = now};
}

std::optional<AnswerRefusal> OneWayCount::OnAnswer(const ReflectMessage& answer, MonoTime now) {
  const bool is_ours = answer.session == session_ && answer.sequence <= last_sequence_;
  if (!is_ours || !seen_.Take(answer.sequence)) {
    return AnswerRefusal::Unmatched;
  }
  if (!has_begun_ || answer.incarnation != incarnation_) {
    Begin(answer);
    return std::nullopt;
  }
  pending_.push_back({.at = now, .sequence = answer.sequence, .count = answer.count});
  return std::nullopt;
}

void OneWayCount::Begin(const ReflectMessage& answer) {
  has_begun_ = true;
  incarnation_ = answer.incarnation;
  first_ = {.sequence = answer.sequence, .count = answer.count};
  newest_ = first_;
  pending_.clear();
  before_ = totals_;
}

const OneWayTotals& OneWayCount::Settle(MonoTime now) {
  while (!pending_.empty() && now - pending_.front().at >= kSettlesAfter) {
    newest_.sequence = std::max(newest_.sequence, pending_.front().sequence);
    newest_.count = std::max(newest_.count, pending_.front().count);
    ++newest_.received;
    pending_.pop_front();
  }
  // Those that were overtaken belong to what is settled now.
  newest_.received += std::erase_if(pending_, [this](const Answer& answer) {
    return answer.sequence <= newest_.sequence && answer.count <= newest_.count;
  });
  Book();
  return totals_;
}

void OneWayCount::Book() {
  const std::uint64_t sent = newest_.sequence - first_.sequence;
  const std::uint64_t arrived = std::min(newest_.count - first_.count, sent);
  const std::uint64_t received = std::min(newest_.received, arrived);
  Raise(totals_.forward, before_.forward.packets + sent, before_.forward.lost + sent - arrived);
  Raise(totals_.backward, before_.backward.packets + arrived,
        before_.backward.lost + arrived - received);
}

}  // namespace pathwitness
