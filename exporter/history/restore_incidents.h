#pragma once

#include <chrono>
#include <filesystem>

#include "exporter/diagnosis/incident_snapshot.h"

namespace pathwitness {

/// Puts incidents that were open a moment ago on the board, so that a restart in the middle of one
/// does not make two of it. Of their verdicts only the state is known. Pre: no engine of diagnosis
/// has been made yet. Never fails: what cannot be read is not put there.
void RestoreIncidents(const std::filesystem::path& directory, IncidentBoard& board, WallTime now);

/// Who was away longer cannot know whether it is still the same incident.
inline constexpr Duration kRestoredWithin = std::chrono::minutes(15);

}  // namespace pathwitness
