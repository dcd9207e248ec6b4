#include "exporter/diagnosis/diagnosis_engine.h"

#include <algorithm>
#include <string>
#include <utility>

#include "probes/trace/rounds_since.h"

namespace pathwitness {
namespace {

std::string AddressesText(const PathView& path, std::uint8_t ttl) {
  std::string text;
  if (ttl > 0 && ttl <= path.size()) {
    for (const IpAddress& address : path[ttl - 1U]) {
      text += (text.empty() ? "" : " ") + address.ToString();
    }
  }
  return text.empty() ? "*" : text;
}

bool HasSameOwners(const Config& a, const Config& b) {
  return a.owners == b.owners && a.exchanges == b.exchanges;
}

}  // namespace

DiagnosisEngine::DiagnosisEngine(const DiagnosisBoards& boards, const Clock& clock, EventLog& log)
    : boards_(boards),
      route_writer_(boards.routes.NewWriter()),
      asn_writer_(boards.asn.NewWriter()),
      clock_(clock),
      log_(log),
      verdicts_(boards.https, boards.one_way, boards.verdicts, clock, log),
      incidents_(boards.incidents, clock, log) {}

void DiagnosisEngine::Apply(std::shared_ptr<const Config> config, MonoTime now) {
  const std::shared_ptr<const Config> before = std::exchange(config_, std::move(config));
  verdicts_.Apply(*config_);
  if (!before || before->asn_database.path != config_->asn_database.path) {
    database_ = AsnDatabase(config_->asn_database.path);
    asn_writer_.Remove(0);
    RefreshDatabase(now);
    RebuildTable();
  } else if (!HasSameOwners(*before, *config_)) {
    RebuildTable();
  }
}

void DiagnosisEngine::Turn(MonoTime now) {
  if (now >= database_due_) {
    RefreshDatabase(now);
  }
  if (now >= look_due_) {
    look_due_ = now + kLooksEvery;
    LookAtBoards(now);
  }
}

MonoTime DiagnosisEngine::NextDeadline() const {
  return std::min(look_due_, database_due_);
}

void DiagnosisEngine::RefreshDatabase(MonoTime now) {
  const AsnDatabaseConfig& configured = config_->asn_database;
  if (configured.path.empty()) {
    database_due_ = MonoTime::max();
    return;
  }
  database_due_ = now + configured.check_interval;
  if (!database_.Refresh()) {
    return;
  }
  AsnSnapshot snapshot = {.path = configured.path, .failure = database_.Failure()};
  if (const auto& current = database_.Current()) {
    snapshot.built = current->Built();
  }
  if (snapshot.failure) {
    log_.Write(LogLevel::Warn, "ASN database cannot be used",
               {{"path", configured.path},
                {"reason",
                 std::string(kMmdbFailureNames.at(static_cast<std::size_t>(*snapshot.failure)))}});
  } else {
    log_.Write(LogLevel::Info, "ASN database in use",
               {{"path", configured.path}, {"type", database_.Current()->Type()}});
    RebuildTable();
  }
  asn_writer_.Publish(0, std::make_shared<const AsnSnapshot>(std::move(snapshot)));
}

void DiagnosisEngine::RebuildTable() {
  owners_ = OwnerTable(config_->owners, config_->exchanges, database_.Current());
  ++table_;
}

void DiagnosisEngine::LookAtBoards(MonoTime now) {
  const std::vector<TraceBoard::Pointer> traces = boards_.traces.All();
  if (now >= own_due_) {
    own_due_ = now + kLooksAtItselfEvery;
    verdicts_.SetOwnFault(
        own_.Look(traces, boards_.trace_self.Find(0), boards_.dns.All(), SeeAnchors(), clock_));
    verdicts_.LookAtAll();
  }
  for (const TraceBoard::Pointer& trace : traces) {
    const ProberKey& key = trace->status.key;
    const auto [path, is_new] = paths_.try_emplace(key);
    if (is_new) {
      path->second.said = boards_.routes.Find(key);  // of the engine before
    }
    if (path->second.trace != trace || path->second.table != table_) {
      Look(path->second, trace);
    }
  }
  ForgetOthers(traces);
  verdicts_.LookAtServices();
  LookForCauses(now);
}

// An anchor is down when no path to it answers that ever did.
OwnWatch::AnchorSight DiagnosisEngine::SeeAnchors() const {
  OwnWatch::AnchorSight seen;
  for (const std::string& anchor : config_->anchors) {
    bool is_known = false;
    bool is_up = false;
    for (auto path = paths_.lower_bound({.target = anchor});
         path != paths_.end() && path->first.target == anchor; ++path) {
      is_known |= path->second.sight.has_answered;
      is_up |= path->second.sight.has_answered && !path->second.sight.IsDown();
    }
    seen.known += is_known ? 1U : 0U;
    seen.down += is_known && !is_up ? 1U : 0U;
  }
  return seen;
}

// While all is well this costs a glance at each path.
void DiagnosisEngine::LookForCauses(MonoTime now) {
  if (now < incidents_due_) {
    return;
  }
  incidents_due_ = now + kLooksForCausesEvery;
  if (verdicts_.IsAnythingSaid() || !incidents_.IsIdle()) {
    incidents_.Update(verdicts_.Paths(), verdicts_.Services());
  }
}

void DiagnosisEngine::ForgetOthers(const std::vector<TraceBoard::Pointer>& traces) {
  if (paths_.size() == traces.size()) {
    return;  // all of `traces` are among them
  }
  for (auto path = paths_.begin(); path != paths_.end();) {
    const bool is_there = std::any_of(traces.begin(), traces.end(), [&](const auto& trace) {
      return trace->status.key == path->first;
    });
    if (!is_there) {
      route_writer_.Remove(path->first);
      verdicts_.Forget(path->first);
      own_.Forget(path->second.sight);
    }
    path = is_there ? std::next(path) : paths_.erase(path);
  }
}

void DiagnosisEngine::Look(Path& path, const TraceBoard::Pointer& trace) {
  RouteSnapshot snapshot = path.said ? *path.said : RouteSnapshot();
  const Round* const seen = path.trace == nullptr ? nullptr : path.trace->last_round.get();
  const std::vector<std::shared_ptr<const Round>> rounds = RoundsSince(seen, *trace);
  if (path.trace != trace) {
    own_.OnTrace(path.trace.get(), *trace, clock_.WallNow(), path.sight);
  }
  path.trace = trace;
  snapshot.status = trace->status;
  TellOwners(path, *trace, snapshot);
  for (const std::shared_ptr<const Round>& round : rounds) {
    for (const RouteEvent& event : path.watch.OnRound(*round)) {
      Take(snapshot, event);
    }
  }
  if (!rounds.empty()) {
    snapshot.ecmp_width = path.watch.EcmpWidth();
    snapshot.is_looping = path.watch.IsLooping();
  }
  path.said = std::make_shared<const RouteSnapshot>(std::move(snapshot));
  route_writer_.Publish(trace->status.key, path.said);
  verdicts_.OnTrace(*trace, owners_);
}

void DiagnosisEngine::Take(RouteSnapshot& snapshot, const RouteEvent& event) {
  switch (event.kind) {
    case RouteEventKind::RouteChanged:
      snapshot.last_change = event;
      snapshot.last_located = LocateChange(event, owners_);
      ++snapshot.changes.at(static_cast<std::size_t>(snapshot.last_located.kind));
      LogChange(snapshot);
      verdicts_.OnRouteChange(snapshot.status.key, DescribeChange(event, snapshot.last_located));
      break;
    case RouteEventKind::EcmpChanged:
      ++snapshot.ecmp_changes;
      break;
    case RouteEventKind::HopWentSilent:
      ++snapshot.hop_silences;
      break;
  }
}

void DiagnosisEngine::TellOwners(Path& path, const TraceSnapshot& trace,
                                 RouteSnapshot& snapshot) const {
  std::vector<std::optional<IpAddress>> hops;
  for (const HopCounters& hop : trace.hops) {
    hops.push_back(hop.address);
  }
  if (path.table == table_ && hops == snapshot.path) {
    return;
  }
  path.table = table_;
  snapshot.path = std::move(hops);
  snapshot.networks.clear();
  for (const std::optional<IpAddress>& address : snapshot.path) {
    snapshot.networks.push_back(address ? owners_.Of(*address) : AddressOwner());
  }
  snapshot.owners = owners_.OwnersOf(
      snapshot.path, trace.last_round ? trace.last_round->destination : IpAddress());
}

void DiagnosisEngine::LogChange(const RouteSnapshot& snapshot) {
  const RouteEvent& change = *snapshot.last_change;
  const ProberKey& key = snapshot.status.key;
  log_.Write(LogLevel::Info, "route changed",
             {{"target", key.target},
              {"prober", std::string(ProberName(key.prober))},
              {"family", std::string(ProberFamilyName(key.family))},
              {"class", std::string(RouteChangeClassName(snapshot.last_located.kind))},
              {"from_hop", std::to_string(change.ttl)},
              {"last_common", change.last_common ? change.last_common->ToString() : "*"},
              {"before", AddressesText(change.before, change.ttl)},
              {"after", AddressesText(change.after, change.ttl)},
              {"loop", change.is_loop ? "true" : "false"}});
}

}  // namespace pathwitness
