#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "probes/base/time.h"
#include "tests/support/wire_packets.h"

namespace pathwitness {

/// An answer on its way back to the prober.
struct Answer {
  static constexpr std::size_t kNoRecord = static_cast<std::size_t>(-1);

  std::unique_ptr<AnswerBuffer> buffer;
  std::size_t size = 0;
  MonoTime due;
  std::uint64_t order = 0;         // of two that are due together the older goes first
  std::size_t record = kNoRecord;  // the probe whose true answer this is

  std::span<std::byte> Packet() const { return std::span<std::byte>(*buffer).first(size); }
};

/// Answers in the order in which they are due. Buffers are used again and again, so that nothing
/// is allocated once the traffic is steady.
class AnswerQueue {
 public:
  Answer NewAnswer() {
    Answer answer;
    if (spare_.empty()) {
      answer.buffer = std::make_unique<AnswerBuffer>();
      return answer;
    }
    answer.buffer = std::move(spare_.back());
    spare_.pop_back();
    return answer;
  }

  void Push(Answer answer) {
    answer.order = next_order_++;
    heap_.push_back(std::move(answer));
    std::ranges::push_heap(heap_, IsLater);
  }

  /// Pre: not Empty().
  Answer Pop() {
    std::ranges::pop_heap(heap_, IsLater);
    Answer answer = std::move(heap_.back());
    heap_.pop_back();
    return answer;
  }

  void Recycle(Answer answer) { spare_.push_back(std::move(answer.buffer)); }

  bool Empty() const { return heap_.empty(); }
  MonoTime NextDue() const { return Empty() ? MonoTime::max() : heap_.front().due; }

 private:
  static bool IsLater(const Answer& left, const Answer& right) {
    return std::pair(left.due, left.order) > std::pair(right.due, right.order);
  }

  std::vector<Answer> heap_;
  std::vector<std::unique_ptr<AnswerBuffer>> spare_;
  std::uint64_t next_order_ = 0;
};

}  // namespace pathwitness
