#include "exporter/metrics/incident_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "exporter/metrics/text_writer.h"

namespace pathwitness {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

IncidentSnapshot Incident(const std::string& id, CauseKind cause, std::size_t targets) {
  IncidentSnapshot incident;
  incident.id = id;
  incident.cause = cause;
  incident.scope.bad = static_cast<unsigned>(targets);
  for (std::size_t i = 0; i < targets; ++i) {
    incident.targets.push_back("target-" + std::to_string(i));
  }
  return incident;
}

std::string TextOf(const std::vector<IncidentSnapshot>& incidents) {
  std::vector<IncidentBoard::Pointer> pointers;
  for (const IncidentSnapshot& incident : incidents) {
    pointers.push_back(std::make_shared<const IncidentSnapshot>(incident));
  }
  std::string text;
  AppendText(IncidentCollector(std::move(pointers)).Collect(), text);
  return text;
}

std::ptrdiff_t CountLines(const std::string& text, const std::string& start) {
  std::ptrdiff_t count = 0;
  for (auto at = text.find("\n" + start); at != std::string::npos;
       at = text.find("\n" + start, at + 1)) {
    ++count;
  }
  return count;
}

TEST(IncidentCollector, WithoutIncidentsEveryCauseIsAtZero) {
  EXPECT_THAT(TextOf({}), AllOf(HasSubstr("pathwitness_incidents{cause=\"own\"} 0\n"),
                                HasSubstr("pathwitness_incidents{cause=\"service\"} 0\n"),
                                HasSubstr("pathwitness_incidents_without_series 0\n")));
}

TEST(IncidentCollector, AnOpenIncidentIsJoinedWithItsTargets) {
  EXPECT_THAT(TextOf({Incident("a", CauseKind::Link, 2)}),
              AllOf(HasSubstr("pathwitness_incidents{cause=\"link\"} 1\n"),
                    HasSubstr("pathwitness_incident_targets{incident=\"a\"} 2\n"),
                    HasSubstr("{incident=\"a\",target=\"target-1\"} 1\n")));
}

TEST(IncidentCollector, OfAClosedIncidentNothingIsShown) {
  IncidentSnapshot closed = Incident("a", CauseKind::Link, 2);
  closed.closed = WallTime();
  EXPECT_THAT(TextOf({closed}), Not(HasSubstr("incident=\"a\"")));
}

TEST(IncidentCollector, OfTooManyIncidentsThoseThatReachMostHaveSeries) {
  std::vector<IncidentSnapshot> many(IncidentCollector::kMostIncidents + 5,
                                     Incident("small", CauseKind::Path, 1));
  many.push_back(Incident("large", CauseKind::Link, 9));
  const std::string text = TextOf(many);
  EXPECT_THAT(text, AllOf(HasSubstr("pathwitness_incident_targets{incident=\"large\"} 9\n"),
                          HasSubstr("pathwitness_incidents_without_series 6\n")));
  EXPECT_EQ(CountLines(text, "pathwitness_incident_info{"), 100);
}

TEST(IncidentCollector, TargetsOfAllIncidentsTogetherAreBounded) {
  const std::string text =
      TextOf({Incident("a", CauseKind::Link, 900), Incident("b", CauseKind::Link, 900)});
  EXPECT_EQ(CountLines(text, "pathwitness_incident_target_info{"), 1000);
}

}  // namespace
}  // namespace pathwitness
