#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "exporter/diagnosis/route_snapshot.h"
#include "exporter/history/history_file.h"
#include "exporter/history/incident_log.h"
#include "exporter/history/path_recorder.h"
#include "probes/dns/ptr_snapshot.h"

namespace pathwitness {

/// Fresh: all that the probers counted so far is to be kept. TakesOver: a predecessor kept it, up
/// to the first look.
enum class RecorderStart : std::uint8_t { Fresh, TakesOver };

/// Makes of what stands on the boards what one flush writes. Pure: knows no clock and no disk.
///
/// It has to look at least as often as any prober ends a round. About 2.5 KB a path of 15 hops.
class Recorder {
 public:
  explicit Recorder(RecorderStart start) : is_taking_over_(start == RecorderStart::TakesOver) {}

  struct Sights {  // all there are, in the order of their keys
    std::vector<TraceBoard::Pointer> traces;
    std::vector<HttpsBoard::Pointer> https;
    std::vector<OneWayBoard::Pointer> one_way;
    std::vector<RouteBoard::Pointer> routes;
    std::vector<IncidentBoard::Pointer> incidents;
  };

  void Look(const Sights& sights, WallTime now);

  /// Whose the hops of the routes seen last are. Costs more than a look. `names` may be null.
  void LookAtResponders(const PtrSnapshot* names, WallTime now);

  /// The same of the paths that are new since the last look at responders.
  void LookAtNewPaths(const PtrSnapshot* names, WallTime now);

  /// All since the call before.
  HistoryBatch Take(WallTime start);

  /// As if nothing had been told yet of responders and incidents: the file is a new one.
  void TellAgain();

  /// Rounds that were over and gone before anybody looked, up to the last Take, since the call
  /// before.
  std::uint64_t TakeRoundsMissed() { return std::exchange(rounds_missed_, 0); }

 private:
  void LookAtRoutes(const std::vector<RouteBoard::Pointer>& routes);
  /// What was told of each responder, as a hash: they are many, and only a change matters.
  using Responders = std::unordered_map<IpAddress, std::uint64_t>;
  void TellOfPath(const RouteSnapshot& route, const PtrSnapshot* names, WallTime now,
                  Responders& looked_at);

  bool is_taking_over_;
  std::map<ProberKey, PathRecorder> paths_;
  std::map<ProberKey, ServiceRecorder> services_;
  std::map<ProberKey, OneWayRecorder> one_way_;
  std::vector<RouteBoard::Pointer> routes_;  // seen last, in the order of their keys
  std::vector<RouteChangeRecord> route_changes_;
  std::vector<RouteBoard::Pointer> new_paths_;
  Responders responders_;
  std::vector<ResponderFacts> new_responders_;
  IncidentLog incidents_;
  std::uint64_t rounds_missed_ = 0;
};

}  // namespace pathwitness
