#include <gtest/gtest.h>

#include <map>
#include <string>

#include "diagnosis/route_watch.h"
#include "tests/diagnosis/path_text.h"
#include "tests/diagnosis/route_day.h"

namespace pathwitness {
namespace {

TEST(RouteWatch, ManyDaysHaveOneRouteChangeEach) {
  std::map<std::string, unsigned> counts;
  for (unsigned seed = 0; seed < 50; ++seed) {
    Day day(seed);
    RouteWatch watch;
    for (unsigned i = 0; i < 2880; ++i) {
      Round round = RoundOf(day.Path(i >= 1440), static_cast<std::uint16_t>(i % 4));
      round.number = i;
      for (const RouteEvent& event : watch.OnRound(round)) {
        const bool is_expected = event.ttl == 9 && i >= 1440 && i < 1440 + 12;
        ++counts[event.kind == RouteEventKind::RouteChanged ? is_expected ? "right" : "wrong"
                                                            : "other"];
      }
    }
  }
  EXPECT_EQ(counts["right"], 50U);
  EXPECT_EQ(counts["wrong"], 0U);
  EXPECT_LE(counts["other"], 5U);  // equal hops first seen after 6 samples: 1 in 32 a flow
  RecordProperty("other", static_cast<int>(counts["other"]));
}

}  // namespace
}  // namespace pathwitness
