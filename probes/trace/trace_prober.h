#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "probes/base/prefetch.h"
#include "probes/trace/loss_gate.h"
#include "probes/trace/trace_engine.h"

// For the sources of TraceEngine alone.
namespace pathwitness {

/// One tracer with all that the engine knows of it.
///
/// What every probe needs comes first: see Tracer's members.
struct TraceEngine::Prober {
  std::uint32_t index = 0;
  std::uint32_t number = 0;  // of 24 bits, in the order of seating
  bool is_dirty = true;
  bool is_deferred = false;  // a hop probe is held back
  bool is_queued = false;    // stands in held_
  bool has_route = false;    // `route` is another than the kernel's choice
  MonoTime published = {};
  WallTime attempted = {};  // the last probe
  Tracer tracer;
  TraceLedger ledger;
  LossGate gate = {};
  std::optional<MonoTime> focus_began = {};  // since the gate opened
  PacketRoute route;
  std::optional<IpAddress> configured_source;
  ProberKey key;
  Done done = {};  // of a single measurement; empty for a target's own prober
  std::optional<IpAddress> destination = {};   // as it is known; the tracer's may be older
  std::vector<std::uint64_t> registered = {};  // in flows_
  bool has_path = false;                       // the members below are in use
  std::uint64_t group = 0;                     // FirstHopGroup
  SharedLimits::Id network = 0;
  SharedLimits::Id first_hop = 0;
  PathMembership paths = {};
  /// Who answered last, by TTL from 1; also where a silent hop before keeps it out of `paths`.
  std::vector<std::optional<ResponderBudget::Key>> responders = {};
};

/// With thousands of probers a visit is mostly waiting for memory. So the processor is told to
/// fetch those of a batch all at once, and then what they point to.
template <typename IndexAt>
void TraceEngine::FetchProbers(std::size_t count, IndexAt index_at) const {
  constexpr std::size_t kHotBytes = sizeof(Tracer) + 64;  // all before the ledger
  const auto prober_at = [&](std::size_t i) {
    const std::uint32_t index = index_at(i);
    return index < probers_.size() ? probers_[index].get() : nullptr;
  };
  for (std::size_t i = 0; i < count; ++i) {
    Prefetch(prober_at(i), kHotBytes);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (const Prober* prober = prober_at(i)) {
      prober->tracer.PrefetchParts();
    }
  }
}

}  // namespace pathwitness
