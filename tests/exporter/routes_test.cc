#include "exporter/web/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace pathwitness {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using namespace std::chrono_literals;

class RoutesTest : public testing::Test {
 protected:
  Views Quiet() {
    return {
        .metrics = [](const BodySink& sink) { return sink("plain"); },
        .metrics_gzip = [](const BodySink& sink) { return sink("packed"); },
        .page =
            [](const HttpRequest& request) { return HttpResponse{.body = "page " + request.path}; },
        .stuck_engines = [this] { return stuck_; },
        .has_stored_round = [this] { return has_stored_round_; },
        .probe =
            [this](const ProbeOrder& order) {
              order_ = order;
              return outcome_;
            },
        .on_heartbeat =
            [](const std::string& name) {
              return name == "nightly backup" ? HeartbeatOutcome::Stored
                     : name == "full disk"    ? HeartbeatOutcome::NotStored
                                              : HeartbeatOutcome::UnknownName;
            },
        .config_text = [] { return "targets: []\n"; },
        .runbook_names = [] { return std::vector<std::string>{"PathwitnessAbsent"}; },
        .runbook =
            [](const std::string& alert) {
              return alert == "PathwitnessAbsent" ? std::optional<std::string>("# Absent\n")
                                                  : std::nullopt;
            },
        .reload = [this] { return reload_result_; },
    };
  }

  static std::string BodyOf(const HttpResponse& response) {
    std::string body;
    response.write_body([&](std::string_view piece) {
      body += piece;
      return true;
    });
    return body;
  }

  HttpResponse Get(const std::string& path, const std::string& query = "") {
    return routes_.Handle({.method = "GET", .path = path, .query = query});
  }

  HttpResponse Send(const std::string& method, const std::string& path) {
    return routes_.Handle({.method = method, .path = path});
  }

  std::vector<std::string> stuck_;
  bool has_stored_round_ = false;
  ProbeOrder order_;
  ProbeOutcome outcome_{ProbeVerdict::Measured, "probe_success 1\n"};
  std::optional<ReloadResult> reload_result_ = ReloadResult{.is_applied = true};
  Routes routes_{"/metrics", Quiet()};
};

TEST_F(RoutesTest, MetricsAreExpositionText) {
  const HttpResponse response = Get("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(BodyOf(response), "plain");
}

TEST_F(RoutesTest, MetricsAreCompressedOnlyForThoseWhoTakeIt) {
  HttpRequest request{.method = "GET", .path = "/metrics"};
  request.headers["accept-encoding"] = "gzip";
  const HttpResponse packed = routes_.Handle(request);
  EXPECT_EQ(BodyOf(packed), "packed");
  EXPECT_THAT(packed.headers, Contains(Pair("Content-Encoding", "gzip")));
  request.headers["accept-encoding"] = "gzip;q=0";
  EXPECT_EQ(BodyOf(routes_.Handle(request)), "plain");
}

TEST_F(RoutesTest, PagesAnswerWhatIsTheirs) {
  for (const std::string path : {"/", "/compare", "/incidents", "/incidents/1", "/targets/a",
                                 "/reports/", "/api/v1/targets"}) {
    EXPECT_EQ(Get(path).body, "page " + path);
    EXPECT_EQ(Send("POST", path).status, 405) << path;
    EXPECT_FALSE(IsUsableTelemetryPath(path)) << path;
  }
}

TEST_F(RoutesTest, SaysYesToWhoeverAsks) {
  EXPECT_EQ(Get("/yes").status, 200);
  EXPECT_EQ(Get("/yes").body, "yes\n");
}

TEST_F(RoutesTest, HealthNamesTheEnginesThatAreStuck) {
  EXPECT_EQ(Get("/-/healthy").status, 200);
  stuck_ = {"trace", "https"};
  const HttpResponse response = Get("/-/healthy");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, "engines that no longer turn: trace, https\n");
}

TEST_F(RoutesTest, ReadyOnceARoundIsStored) {
  EXPECT_EQ(Get("/-/ready").status, 503);
  has_stored_round_ = true;
  EXPECT_EQ(Get("/-/ready").status, 200);
}

TEST_F(RoutesTest, AnUnknownPathIs404) {
  for (const char* path : {"/metrics/", "/Metrics", "//", "", "/pulse", "/../etc/passwd"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
}

TEST_F(RoutesTest, ABrokenPathIs400) {
  EXPECT_EQ(Get("/%zz").status, 400);
  EXPECT_EQ(Get("/metrics%00").status, 400);
}

TEST_F(RoutesTest, TheWrongMethodIs405AndSaysTheRightOne) {
  const HttpResponse post = Send("POST", "/metrics");
  EXPECT_EQ(post.status, 405);
  EXPECT_THAT(post.headers, Contains(Pair("Allow", "GET, HEAD")));
  const HttpResponse get = Send("GET", "/pulse/nightly%20backup");
  EXPECT_EQ(get.status, 405);
  EXPECT_THAT(get.headers, Contains(Pair("Allow", "POST")));
}

TEST_F(RoutesTest, HeadIsAnsweredLikeGet) {
  EXPECT_EQ(Send("HEAD", "/metrics").status, 200);
}

TEST_F(RoutesTest, AHeartbeatIsStoredOrUnknown) {
  EXPECT_EQ(Send("POST", "/pulse/nightly%20backup").status, 200);
  EXPECT_EQ(Send("POST", "/pulse/nightly").status, 404);
  EXPECT_EQ(Send("POST", "/pulse/").status, 404);
}

TEST_F(RoutesTest, AHeartbeatThatIsNotStoredIsToBeSentAgain) {
  const HttpResponse response = Send("POST", "/pulse/full%20disk");
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.headers, Contains(Pair("Retry-After", "1")));
}

TEST_F(RoutesTest, TheConfigurationInForceIsPlainText) {
  const HttpResponse response = Get("/config");
  EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(response.body, "targets: []\n");
}

TEST_F(RoutesTest, AReloadSaysWhatNeedsARestart) {
  reload_result_->warnings = {"mark 8"};
  const HttpResponse response = Send("POST", "/-/reload");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "reloaded\nwarning: mark 8\n");
}

TEST_F(RoutesTest, AReloadThatIsRefusedIs500WithAllProblems) {
  reload_result_ = {.is_applied = false, .problems = {"a.yaml:1: x", "a.yaml:2: y"}};
  const HttpResponse response = Send("POST", "/-/reload");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body,
            "not reloaded, the old configuration stays in force:\na.yaml:1: x\na.yaml:2: y\n");
}

TEST_F(RoutesTest, AReloadThatTakesTooLongIs504) {
  reload_result_.reset();
  EXPECT_EQ(Send("POST", "/-/reload").status, 504);
}

TEST_F(RoutesTest, AReloadNeedsPost) {
  const HttpResponse response = Get("/-/reload");
  EXPECT_EQ(response.status, 405);
  EXPECT_THAT(response.headers, Contains(Pair("Allow", "POST")));
}

TEST_F(RoutesTest, AReloadThatIsNotAllowedIs403AndSaysHow) {
  Views views = Quiet();
  views.reload = nullptr;
  Routes routes("/metrics", views);
  const HttpResponse response = routes.Handle({.method = "POST", .path = "/-/reload"});
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(response.body, HasSubstr("--web.enable-lifecycle"));
}

TEST_F(RoutesTest, ARunbookIsServedByTheNameOfItsAlert) {
  EXPECT_EQ(Get("/runbooks/PathwitnessAbsent").body, "# Absent\n");
  EXPECT_EQ(Get("/runbooks/PathwitnessAbsent").content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(Get("/runbooks/..%2f..%2fetc%2fpasswd").status, 404);
  EXPECT_EQ(Get("/runbooks/").status, 404);
}

TEST_F(RoutesTest, RunbooksAreListed) {
  EXPECT_EQ(Get("/runbooks").body, "/runbooks/PathwitnessAbsent\n");
}

TEST_F(RoutesTest, ARunbookCannotBePosted) {
  EXPECT_EQ(Send("POST", "/runbooks/PathwitnessAbsent").status, 405);
}

TEST_F(RoutesTest, ProbePassesOnWhatWasAsked) {
  EXPECT_EQ(Get("/probe", "target=a-to-b&prober=trace_tcp&family=ipv6").body, "probe_success 1\n");
  EXPECT_EQ(order_.target, "a-to-b");
  EXPECT_EQ(order_.prober, ProberKind::TraceTcp);
  EXPECT_EQ(order_.family, IpFamily::Ipv6);
  EXPECT_EQ(order_.timeout, 10s);
}

TEST_F(RoutesTest, ProbeLeavesTheChoiceOpen) {
  Get("/probe", "target=a-to-b");
  EXPECT_EQ(order_.prober, std::nullopt);
  EXPECT_EQ(order_.family, std::nullopt);
}

TEST_F(RoutesTest, ABadProbeParameterIs400WithWhatIsAllowed) {
  EXPECT_EQ(Get("/probe", "target=a&prober=icmp").body,
            "prober must be trace_icmp, trace_udp, trace_tcp, https or pulse\n");
  EXPECT_EQ(Get("/probe", "target=a&family=4").body, "family must be ipv4 or ipv6\n");
  EXPECT_THAT(Get("/probe", "target=a&module=http").body, HasSubstr("allowed are target, prober"));
  EXPECT_THAT(Get("/probe").body, HasSubstr("target is missing"));
  EXPECT_EQ(Get("/probe", "target=").status, 400);
  EXPECT_EQ(Get("/probe", "target=%").status, 400);
}

TEST_F(RoutesTest, EveryProbeVerdictHasItsStatus) {
  for (const auto& [verdict, status] :
       std::vector<std::pair<ProbeVerdict, int>>{{ProbeVerdict::Measured, 200},
                                                 {ProbeVerdict::UnknownTarget, 404},
                                                 {ProbeVerdict::NotPossible, 400},
                                                 {ProbeVerdict::TimedOut, 504},
                                                 {ProbeVerdict::Interrupted, 503}}) {
    outcome_.verdict = verdict;
    EXPECT_EQ(Get("/probe", "target=a").status, status);
  }
}

TEST_F(RoutesTest, AScrapeHoldsItsPlaceUntilItsAnswerIsGone) {
  std::vector<ScrapeEnd> ends;
  Views views = Quiet();
  views.on_scrape = [&](ScrapeEnd end) { ends.push_back(end); };
  Routes routes("/metrics", views, 2);
  const HttpRequest request{.method = "GET", .path = "/metrics"};
  std::optional<HttpResponse> first = routes.Handle(request);
  const HttpResponse second = routes.Handle(request);
  const HttpResponse refused = routes.Handle(request);
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.headers, Contains(Pair("Retry-After", "1")));
  BodyOf(*first);
  first.reset();
  EXPECT_EQ(routes.Handle(request).status, 200);
  EXPECT_THAT(ends, testing::ElementsAre(ScrapeEnd::Refused, ScrapeEnd::Served));
}

TEST_F(RoutesTest, AScrapeThatIsNotReadToTheEndIsAbandoned) {
  std::vector<ScrapeEnd> ends;
  Views views = Quiet();
  views.on_scrape = [&](ScrapeEnd end) { ends.push_back(end); };
  Routes routes("/metrics", views);
  routes.Handle({.method = "GET", .path = "/metrics"}).write_body([](std::string_view) {
    return false;
  });
  EXPECT_THAT(ends, testing::ElementsAre(ScrapeEnd::Abandoned));
}

TEST(ProbeTimeout, IsHalfASecondLessThanTheScrapes) {
  EXPECT_EQ(ProbeTimeout("5"), 4500ms);
  EXPECT_EQ(ProbeTimeout("2.5"), 2s);
}

TEST(ProbeTimeout, IsBoundedAndSurvivesNonsense) {
  EXPECT_EQ(ProbeTimeout("0.2"), 100ms);
  EXPECT_EQ(ProbeTimeout("1e300"), 60s);
  for (const char* text : {"", "-1", "0", "nan", "inf", "5s", "0x5", " 5"}) {
    EXPECT_EQ(ProbeTimeout(text), 10s) << text;
  }
}

TEST_F(RoutesTest, AnotherSitesPageMayReadButNotChangeAnything) {
  const auto ask = [this](const std::string& method, const std::string& path) {
    return routes_.Handle(
        {.method = method, .path = path, .headers = {{"sec-fetch-site", "cross-site"}}});
  };
  EXPECT_EQ(ask("POST", "/-/reload").status, 403);
  EXPECT_EQ(ask("POST", "/pulse/nightly backup").status, 403);
  EXPECT_EQ(ask("DELETE", "/-/drill").status, 403);
  EXPECT_EQ(ask("GET", "/yes").status, 200);
}

TEST_F(RoutesTest, AStrangersNameForUsReadsButChangesNothing) {
  const auto ask = [this](const std::string& method) {
    return routes_.Handle(
        {.method = method,
         .path = method == "GET" ? "/yes" : "/-/reload",
         .headers = {{"host", "evil.example"}, {"origin", "http://evil.example"}}});
  };
  EXPECT_EQ(ask("POST").status, 403);
  EXPECT_EQ(ask("GET").status, 200);
}

TEST_F(RoutesTest, AnotherSitesBrowserIsAllowedNothingInAdvance) {
  const HttpResponse answer =
      routes_.Handle({.method = "OPTIONS",
                      .path = "/-/reload",
                      .headers = {{"host", "exporter"}, {"origin", "http://evil.example"}}});
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.headers, testing::IsEmpty());
  EXPECT_THAT(Send("OPTIONS", "/metrics").headers, ElementsAre(Pair("Allow", "GET, HEAD")));
}

}  // namespace
}  // namespace pathwitness
