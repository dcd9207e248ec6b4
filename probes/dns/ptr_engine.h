#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/config.h"
#include "probes/dns/ptr_snapshot.h"
#include "probes/dns/resolver.h"
#include "probes/engine.h"

namespace pathwitness {

/// Keeps the names of the routers on all paths, asked for in the background and slowly: a name is
/// for people and can wait.
///
/// A name is asked for again when its TTL ends, as long as a path shows the router; then it is
/// forgotten. A name stays while lookups fail.
class PtrEngine final : public Engine {
 public:
  /// `routers` tells who stands on paths now, in any order and perhaps more than once. It and the
  /// board must outlive the engine.
  PtrEngine(std::function<std::vector<IpAddress>()> routers, PtrBoard& board);

  void Apply(std::shared_ptr<const Config> config, MonoTime now) override;
  void Turn(MonoTime now) override;
  MonoTime NextDeadline() const override;
  int Descriptor() const override { return resolver_.Descriptor(); }

  static constexpr Duration kLooksEvery = std::chrono::seconds(10);
  static constexpr Duration kShortestTtl = std::chrono::minutes(5);
  static constexpr Duration kLongestTtl = std::chrono::hours(24);
  static constexpr Duration kTtlWithoutName = std::chrono::hours(1);
  static constexpr Duration kRetryInterval = std::chrono::minutes(10);

 private:
  struct Router {
    std::string name;  // empty: none, or not known
    MonoTime seen;     // on a path
  };

  void Look(MonoTime now);
  void AskNext(MonoTime now);
  void OnAnswer(const IpAddress& address, DnsAnswer answer, MonoTime asked);
  void Publish(MonoTime now);
  bool MayAsk() const;

  std::function<std::vector<IpAddress>()> routers_on_paths_;
  PtrBoard::Writer writer_;
  PtrConfig config_;
  std::unordered_map<IpAddress, Router> routers_;
  std::set<std::pair<MonoTime, IpAddress>> due_;  // each router but those asked for now
  std::uint64_t lookups_ = 0;
  std::uint64_t failures_ = 0;
  std::uint64_t refused_ = 0;
  bool has_news_ = false;
  MonoTime looked_;
  MonoTime look_due_;
  MonoTime ask_due_;
  MonoTime publish_due_;
  Resolver resolver_;
};

}  // namespace pathwitness
