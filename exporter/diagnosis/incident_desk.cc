#include "exporter/diagnosis/incident_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "exporter/rfc3339.h"

namespace pathwitness {
namespace {

using Members = std::vector<const VerdictSnapshot*>;

bool IsNamed(const VerdictSnapshot& said) {
  return said.verdict->attribution.owner.has_value();
}

/// The verdict that explains most: one that names somebody, and is surest.
const VerdictSnapshot& SurestOf(const Members& members) {
  return **std::ranges::max_element(members, {}, [](const VerdictSnapshot* said) {
    return std::tuple(IsNamed(*said), said->verdict->attribution.probability);
  });
}

/// Nobody when two are named: one cause has one owner, so at least one of the two is wrong.
std::optional<HopOwner> OwnerOf(const Members& members) {
  std::optional<HopOwner> owner;
  for (const VerdictSnapshot* said : members) {
    if (!IsNamed(*said)) {
      continue;
    }
    if (owner && owner->name != said->verdict->attribution.owner->name) {
      return std::nullopt;
    }
    owner = said->verdict->attribution.owner;
  }
  return owner;
}

IncidentBook::Incident Resumed(const IncidentSnapshot& left, WallTime now) {
  return {.id = left.id,
          .cause = {.kind = left.cause,
                    .at = left.at,
                    .links = {},
                    .targets = left.targets,
                    .since = left.since,
                    .last_seen = left.last_seen},
          .targets = left.targets,
          .opened = left.opened,
          .sighting = std::nullopt,
          .closed = std::nullopt,
          .merged_into = {},
          .last_update = now};
}

void TakeSeen(IncidentSnapshot& incident, const SeenCause& seen) {
  const CauseSighting& sighting = seen.sighting;
  const VerdictSnapshot& witness = SurestOf(seen.members);
  incident.cause = sighting.kind;
  incident.at = sighting.at;
  incident.scope = {.bad = static_cast<unsigned>(sighting.targets.size()),
                    .total = seen.total,
                    .via = sighting.links.empty() ? "" : DescribeLink(sighting.links.front())};
  incident.witness = witness.status.key;
  incident.verdict = *witness.verdict;
  incident.owner = OwnerOf(seen.members);
  incident.text = fmt::format("{}. {}", seen.scope, witness.verdict->text);
}

bool SaysTheSame(const IncidentSnapshot& a, const IncidentSnapshot& b) {
  const auto told = [](const IncidentSnapshot& one) {
    return std::tie(one.cause, one.at, one.scope.via, one.targets, one.owner, one.verdict.state);
  };
  return told(a) == told(b);
}

}  // namespace

IncidentDesk::IncidentDesk(IncidentBoard& board, const Clock& clock, EventLog& log)
    : writer_(board.NewWriter()), clock_(clock), log_(log) {
  for (const IncidentBoard::Pointer& left : board.All()) {
    if (left->IsOpen()) {
      book_.Resume(Resumed(*left, clock_.WallNow()));
      open_.emplace(left->id, left);
    } else {
      closed_.push_back(left);
    }
  }
}

void IncidentDesk::Update(const std::vector<JudgedPath>& paths,
                          const std::vector<VerdictBoard::Pointer>& services) {
  const WallTime now = clock_.WallNow();
  const std::vector<SeenCause> seen = SeeCauses(paths, services, now);
  std::vector<CauseSighting> sightings;
  sightings.reserve(seen.size());
  for (const SeenCause& cause : seen) {
    sightings.push_back(cause.sighting);
  }
  for (const IncidentBook::Incident& incident : book_.Update(sightings, now)) {
    Publish(incident, incident.sighting ? &seen[*incident.sighting] : nullptr);
  }
  ForgetClosed(now);
}

void IncidentDesk::Publish(const IncidentBook::Incident& incident, const SeenCause* seen) {
  const auto found = open_.find(incident.id);
  const IncidentBoard::Pointer before = found == open_.end() ? nullptr : found->second;
  if (seen == nullptr && !incident.closed) {
    return;  // it may go on or not
  }
  IncidentSnapshot now = before ? *before : IncidentSnapshot();
  now.id = incident.id;
  now.opened = incident.opened;
  now.since = std::min(incident.cause.since, incident.opened);
  now.last_seen = incident.cause.last_seen;
  now.closed = incident.closed;
  now.merged_into = incident.merged_into;
  now.targets = incident.targets;
  if (seen != nullptr) {
    TakeSeen(now, *seen);
  }
  if (now.closed || !before || !SaysTheSame(*before, now)) {
    Log(now.closed ? "incident closed" : before ? "incident changed" : "incident opened", now);
  }
  const auto published = std::make_shared<const IncidentSnapshot>(std::move(now));
  writer_.Publish(published->id, published);
  if (published->closed) {
    open_.erase(published->id);
    closed_.push_back(published);
  } else {
    open_[published->id] = published;
  }
}

void IncidentDesk::Log(std::string_view message, const IncidentSnapshot& incident) {
  const WallTime until = incident.closed.value_or(incident.last_seen);
  log_.Write(incident.IsOpen() ? LogLevel::Warn : LogLevel::Info, message,
             {{"incident", incident.id},
              {"cause", std::string(CauseKindName(incident.cause))},
              {"at", incident.at},
              {"state", std::string(VerdictStateName(incident.verdict.state))},
              {"owner", incident.owner ? incident.owner->name : ""},
              {"targets", fmt::format("{} of {}", incident.scope.bad, incident.scope.total)},
              {"via", incident.scope.via},
              {"since", FormatRfc3339(incident.since, TimePrecision::Seconds)},
              {"until", FormatRfc3339(until, TimePrecision::Seconds)},
              {"merged_into", incident.merged_into},
              {"text", incident.text}});
}

void IncidentDesk::ForgetClosed(WallTime now) {
  while (!closed_.empty() &&
         (closed_.size() > kMostClosed || now - *closed_.front()->closed > kShowsClosed)) {
    writer_.Remove(closed_.front()->id);
    closed_.pop_front();
  }
}

}  // namespace pathwitness
