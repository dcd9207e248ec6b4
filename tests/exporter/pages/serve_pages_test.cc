#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/running_server.h"
#include "tests/support/test_folder.h"

// The pages of the real program, measuring the loopback.
namespace pathwitness {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string ReadAll(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

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
  for (const char* const path :
       {"/", "/?q=night&page=7", "/compare", "/incidents", "/reports/", "/api/v1/targets",
        "/api/v1/incidents", "/status/", "/status/status.json"}) {
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

TEST(ServedPages, WhatEverybodyMaySeeIsPublishedAsFiles) {
  Server server;
  server.GetUntil("/status/", "<td class=\"up\">up</td>");
  const TestFolder folder;
  const std::string url = "http://127.0.0.1:" + std::to_string(server.Port());
  const Ended ended =
      RunToEnd({PATHWITNESS_BINARY, "publish", folder.Path().string(), "--url", url});
  EXPECT_EQ(ended.status, 0) << ended.output;
  EXPECT_THAT(ReadAll(folder.Path() / "index.html"),
              AllOf(StartsWith("<!DOCTYPE html>"), HasSubstr("href=\"status.json\"")));
  EXPECT_THAT(ReadAll(folder.Path() / "status.json"), HasSubstr("\"name\": \"nightly-backup\""));
  EXPECT_EQ(RunToEnd({PATHWITNESS_BINARY, "publish", "/nowhere", "--url", url}).status, 1);
}

TEST(ServedPages, WithoutTheFlagNobodyMayWriteAboutAnIncident) {
  const Server server;
  EXPECT_THAT(server.Post("/incidents/20260101T000000Z-0001/follow-ups"),
              AllOf(StartsWith("HTTP/1.1 403 "), HasSubstr("--web.enable-follow-ups")));
  EXPECT_THAT(server.Post("/incidents/20260101T000000Z-0001"), StartsWith("HTTP/1.1 405 "));
}

}  // namespace
}  // namespace pathwitness
