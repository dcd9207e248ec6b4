#include "exporter/pages/compare_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace pathwitness {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

const std::string kHostile = "<script>alert(\"x\")</script>&'";

CompareView View() {
  return {.frame = {.version = "0.1.0",
                    .environment = "default",
                    .telemetry_path = "/metrics",
                    .now = FakeClock().WallNow()},
          .target = kHostile,
          .at = {kHostile, "now", ""}};
}

MomentFacts Moment(WallTime from, const std::string& second_hop) {
  TraceStats stats;
  stats.hops.resize(2);
  stats.hops[1].sent = 30;
  stats.hops[1].received = 27;
  stats.end_to_end = {.sent = 100, .lost = 4};
  stats.AddRoute(std::make_shared<Route>(
      Route{.hops = {IpAddress::Parse("192.0.2.1"), IpAddress::Parse(second_hop)}}));
  return {.from = from, .to = from + 5min, .stats = stats};
}

Comparison Compared(const std::string& then, const std::string& now) {
  const WallTime end = FakeClock().WallNow();
  const IpAddress hop = *IpAddress::Parse("198.51.100.2");
  const Responders responders = {
      {hop, {.address = hop, .host_name = kHostile, .owner_name = kHostile, .as_name = kHostile}}};
  return Compare({kHostile, ProberKind::TraceUdp, ProberFamily::Ipv4},
                 {Moment(end - 1h, then), Moment(end, now)}, responders,
                 OwnerTable({}, {}, nullptr));
}

TEST(ComparePage, HostileTextIsNeverMarkup) {
  CompareView view = View();
  view.comparison = Compared("198.51.100.2", "203.0.113.2");
  const std::string html = ComparePage(view);
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("alert(\"x\")")));
  EXPECT_THAT(html, HasSubstr("value=\"&lt;script&gt;"));
}

TEST(ComparePage, MarksTheHopThatIsAnotherAndNamesTheLastCommonOne) {
  CompareView view = View();
  view.comparison = Compared("198.51.100.2", "203.0.113.2");
  const std::string html = ComparePage(view);
  EXPECT_THAT(html, HasSubstr("<span class=\"changed\">exchanged</span>"));
  EXPECT_THAT(html, HasSubstr("last common hop 1, 192.0.2.1"));
  EXPECT_THAT(html, HasSubstr("lost 3/30 (10.0 %)"));
}

TEST(ComparePage, TheSamePathHasNoMarks) {
  CompareView view = View();
  view.comparison = Compared("198.51.100.2", "198.51.100.2");
  const std::string html = ComparePage(view);
  EXPECT_THAT(html, Not(HasSubstr("class=\"changed\"")));
  EXPECT_THAT(html, HasSubstr("The path is the same at all moments"));
}

TEST(ComparePage, AProblemIsShownBesideTheFormAsItWasFilledIn) {
  CompareView view = View();
  view.problem = "The moment \"" + kHostile + "\" cannot be read.";
  const std::string html = ComparePage(view);
  EXPECT_THAT(html, HasSubstr("The moment &quot;&lt;script&gt;"));
  EXPECT_THAT(html, HasSubstr("name=\"at2\" value=\"now\""));
}

}  // namespace
}  // namespace pathwitness
