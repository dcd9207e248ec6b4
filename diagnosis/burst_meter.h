#pragma once

#include <vector>

#include "diagnosis/statistics.h"
#include "probes/base/time.h"

namespace pathwitness {

/// Learns how much losses that go on come in bursts.
///
/// Counts are added up to blocks of ten seconds and ten probes at least. The longer the losses go
/// on, the longer the blocks get, up to four times that, as short ones do not see long bursts; the
/// last 30 to 60 blocks are kept, in 1 KiB. Start anew (`meter = {}`) with each onset, else the
/// time before it makes one great burst.
class BurstMeter {
 public:
  /// What became known of probes to the destination between the call before and `at`.
  void OnProbes(const Counts& probes, MonoTime at);

  /// What counts are to be divided by: as Dispersion has it, kDefaultDispersion for the first 30
  /// blocks.
  double Value() const { return Dispersion(blocks_); }

 private:
  void CloseBlock();

  std::vector<Counts> blocks_;
  unsigned length_ = 1;  // of a block, in tens of seconds and of probes
  Counts filling_;
  MonoTime filling_since_;
};

}  // namespace pathwitness
