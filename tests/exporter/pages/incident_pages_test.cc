#include "exporter/pages/incident_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "exporter/evidence/incident_json.h"
#include "tests/support/fake_clock.h"

namespace pathwitness {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

const std::string kHostile = "<script>alert(\"x\")</script>&'";

WallTime Now() {
  return FakeClock().WallNow();
}

PageFrame Frame() {
  return {.version = "0.1.0", .environment = "default", .telemetry_path = "/metrics", .now = Now()};
}

IncidentRecord Incident() {
  return {.id = "20251231T230000Z-0001",
          .opened = Now() - 1h,
          .since = Now() - 70min,
          .last_seen = Now(),
          .cause = "link",
          .witness = {kHostile, ProberKind::Https, ProberFamily::Ipv4},
          .targets = {kHostile, "office-to-web"},
          .updates = {{.at = Now() - 1h, .bad = 1, .total = 5, .text = "first"},
                      {.at = Now() - 30min,
                       .bad = 3,
                       .total = 5,
                       .via = kHostile,
                       .state = "loss",
                       .owner = kHostile,
                       .probability = 0.93,
                       .text = "3 of 5 targets. " + kHostile}},
          .follow_ups = {{.at = Now(), .author = kHostile, .text = kHostile}}};
}

IncidentView View() {
  return {.frame = Frame(),
          .incident = Incident(),
          .reports = {},
          .form_token = "",
          .draft = {},
          .refusal = {}};
}

TEST(IncidentPage, HostileTextIsNeverMarkup) {
  const std::string html = IncidentPage(View());
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("alert(\"x\")")));
}

TEST(IncidentPage, ShowsHowFarItReachedOverTimeAndWhatIsSaidNow) {
  const std::string html = IncidentPage(View());
  EXPECT_THAT(html, HasSubstr("<p class=\"said\">3 of 5 targets."));
  EXPECT_THAT(html, HasSubstr("<td>2025-12-31T23:00:00Z</td><td>1 of 5</td>"));
  EXPECT_THAT(html, HasSubstr("<td>2025-12-31T23:30:00Z</td><td>3 of 5</td>"));
  EXPECT_THAT(html, HasSubstr("<a href=\"/targets/office-to-web\">"));
}

TEST(IncidentPage, LeadsToTheWitnessesPathBeforeAndDuring) {
  EXPECT_THAT(IncidentPage(View()),
              HasSubstr("at1=2025-12-31T22%3A45%3A00Z&amp;at2=2025-12-31T23%3A25%3A00Z\">"));
}

TEST(IncidentPage, LeadsToItsReports) {
  IncidentView view = View();
  view.reports = {{.name = {.target = "web", .day = "2026-01-01", .stem = "000000Z__a_to_b"},
                   .entries = {{.file = "000000Z__a_to_b.txt", .sha256 = ""}}}};
  EXPECT_THAT(IncidentPage(view),
              HasSubstr("<a href=\"/reports/web/2026-01-01/000000Z__a_to_b.txt\">txt</a>"));
}

TEST(IncidentPage, WhatPeopleWroteKeepsItsLines) {
  IncidentView view = View();
  view.incident.follow_ups[0].text = "rang lab-cloud\n<b>ticket 7";
  EXPECT_THAT(IncidentPage(view), HasSubstr("rang lab-cloud<br>&lt;b&gt;ticket 7</p>"));
}

TEST(IncidentsPage, SaysWhichAreOpenAndWhyOlderOnesAreMissing) {
  IncidentRecord closed = Incident();
  closed.id = "20251230T000000Z-0001";
  closed.closed = Now() - 10h;
  const IncidentsView view{.frame = Frame(),
                           .incidents = {Incident(), closed},
                           .history_problem = "the history cannot be read (corrupt)"};
  const std::string html = IncidentsPage(view);
  EXPECT_THAT(html, HasSubstr("<td class=\"down\">open</td>"));
  EXPECT_THAT(html, HasSubstr("<td>closed 2025-12-31T14:00:00Z</td>"));
  EXPECT_THAT(html, HasSubstr("Only those of now: the history cannot be read (corrupt)."));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
}

TEST(IncidentsPage, OneOfWhichNothingWasSaidIsShownToo) {
  IncidentRecord silent = Incident();
  silent.updates.clear();
  EXPECT_THAT(IncidentsPage({.frame = Frame(), .incidents = {silent}}), HasSubstr(silent.id));
}

TEST(IncidentsDocument, HasAllThatWasSaid) {
  const auto json = nlohmann::json::parse(IncidentsDocument({Incident()}));
  EXPECT_EQ(json["incidents"][0]["updates"][1]["bad"], 3);
  EXPECT_EQ(json["incidents"][0], nlohmann::json::parse(IncidentDocument(Incident())));
}

}  // namespace
}  // namespace pathwitness
