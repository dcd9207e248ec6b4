#include "diagnosis/burst_meter.h"

#include <chrono>

namespace pathwitness {
namespace {

constexpr std::size_t kMostBlocks = 2 * kFewestBlocks;
constexpr unsigned kLongest = 4;
constexpr Duration kUnitOfTime = std::chrono::seconds(10);
constexpr double kUnitOfProbes = 10;

void Add(Counts& sum, const Counts& counts) {
  sum.sent += counts.sent;
  sum.received += counts.received;
}

}  // namespace

void BurstMeter::OnProbes(const Counts& probes, MonoTime at) {
  if (filling_.sent <= 0) {
    filling_since_ = at;
  }
  if (at - filling_since_ >= length_ * kUnitOfTime && filling_.sent >= length_ * kUnitOfProbes) {
    CloseBlock();
    filling_since_ = at;
  }
  Add(filling_, probes);
}

void BurstMeter::CloseBlock() {
  blocks_.push_back(filling_);
  filling_ = {};
  if (blocks_.size() < kMostBlocks) {
    return;
  }
  if (length_ >= kLongest) {
    blocks_.erase(blocks_.begin(), blocks_.begin() + kFewestBlocks);
    return;
  }
  for (std::size_t i = 0; i < kFewestBlocks; ++i) {
    blocks_[i] = blocks_[2 * i];
    Add(blocks_[i], blocks_[2 * i + 1]);
  }
  blocks_.resize(kFewestBlocks);
  length_ *= 2;
}

}  // namespace pathwitness
