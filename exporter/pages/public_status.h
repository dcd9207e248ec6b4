#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/history/history_values.h"
#include "exporter/pages/pages.h"
#include "probes/base/time.h"

// What everybody may see: which targets do well, and what was wrong. No address, path or verdict
// gets here, and no owner or note of people unless the configuration (status_page) says so.
namespace pathwitness {

/// How a target does; the worst first.
enum class PublicState : std::uint8_t { Down, Impaired, Unknown, Up };
inline constexpr std::array<std::string_view, 4> kPublicStateNames = {"down", "impaired", "unknown",
                                                                      "up"};

struct PublicTarget {
  std::string name;
  PublicState state = PublicState::Unknown;
};

/// An incident, as far as it concerns targets that are shown.
struct PublicIncident {
  WallTime since;
  std::optional<WallTime> closed;  // empty: open
  std::string kind;                // the newest verdict's state, as "loss"
  std::vector<std::string> targets;
  std::string owner;                 // empty: nobody is named, or not here
  std::vector<FollowUp> follow_ups;  // empty: nobody wrote any, or not for here
};

struct PublicStatus {
  std::string title;
  WallTime now;
  std::vector<PublicTarget> targets;      // the worst first, then by name
  std::vector<PublicIncident> incidents;  // the newest first
};

/// A target is judged by its service when it has one, else by its path, else by its pulse: down
/// when none of those probers gets through, impaired when some do not or a verdict says that
/// packets are lost or late.
PublicStatus GatherPublicStatus(const PageSources& sources);

/// The page at `/status/`. It needs nothing but itself and links to nothing but `status.json`
/// beside it, so that it can be put anywhere.
std::string PublicStatusPage(const PublicStatus& status);

/// The same at `/status/status.json`, with all targets.
std::string PublicStatusDocument(const PublicStatus& status);

/// Further targets are counted on the page and not named.
inline constexpr std::size_t kMostPublicTargets = 1000;

}  // namespace pathwitness
