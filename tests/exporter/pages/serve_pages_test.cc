#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/running_server.h"

// The pages of the real program, measuring the loopback.
namespace pathwitness {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST(ServedPages, ATargetsPageHasItsHopsAndComesToHaveItsHistory) {
  Server server;
  const std::string page =
      server.GetUntil("/targets/here-to-loopback", "aria-label=\"Last hour: lost 0/");
  EXPECT_THAT(page, AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("<td>127.0.0.1</td>"),
                          HasSubstr("Content-Security-Policy: default-src 'none'")));
  EXPECT_THAT(server.Get("/compare?target=here-to-loopback&at1=-1m&at2=-10m"),
              HasSubstr("127.0.0.1"));
  EXPECT_THAT(BodyOf(server.Get("/api/v1/targets/here-to-loopback")), StartsWith("{\n"));
}

TEST(ServedPages, EveryPageAnswersAndWhatIsNotThereIs404) {
  const Server server;
  for (const char* const path : {"/", "/?q=night&page=7", "/compare", "/incidents", "/reports/",
                                 "/api/v1/targets", "/api/v1/incidents"}) {
    EXPECT_THAT(server.Get(path), StartsWith("HTTP/1.1 200 ")) << path;
  }
  for (const char* const path :
       {"/targets/elsewhere", "/incidents/0", "/reports/..%2f..%2fetc/passwd", "/reports/%2e%2e/",
        "/api/v1/", "/api/v1/reports/", "/api/v1/targets/elsewhere"}) {
    EXPECT_THAT(server.Get(path), StartsWith("HTTP/1.1 404 ")) << path;
  }
}

TEST(ServedPages, LinksOfAlertsLeadToThePageOfTheirTarget) {
  const Server server;
  EXPECT_THAT(server.Get("/?target=here%20to%22"),
              AllOf(StartsWith("HTTP/1.1 302 "), HasSubstr("Location: /targets/here%20to%22\r\n")));
}

}  // namespace
}  // namespace pathwitness
