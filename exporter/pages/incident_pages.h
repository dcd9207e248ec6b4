#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/archive/manifest.h"
#include "exporter/history/history_values.h"
#include "exporter/pages/html.h"

namespace pathwitness {

/// The incidents that are not over, each with what is said of it now; a sentence when there are
/// none. A part of a page.
std::string OpenIncidents(const std::vector<IncidentRecord>& open, WallTime now);

/// What the list of incidents shows.
struct IncidentsView {
  PageFrame frame;
  std::vector<IncidentRecord> incidents;  // the newest first
  std::string history_problem;            // why older ones are missing; empty: they are not
};

/// The page at `/incidents`.
std::string IncidentsPage(const IncidentsView& view);

/// What the page of an incident shows.
struct IncidentView {
  PageFrame frame;
  IncidentRecord incident;
  std::vector<Manifest> reports;  // of its witness while it lasted, the newest first
  std::string form_token;         // of the form to write on; empty: nobody may write here
  FollowUp draft;                 // what the form has in it
  std::string_view refusal;       // why that was not taken; empty: nothing was sent
};

/// The page at `/incidents/<id>`: what was said and when, whom it concerned, its reports, what
/// people wrote.
std::string IncidentPage(const IncidentView& view);

}  // namespace pathwitness
