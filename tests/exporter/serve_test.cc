#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/loopback.h"
#include "tests/support/running_server.h"

// The real program, from its flags to its exit, measuring the loopback.
namespace pathwitness {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

class ServeTest : public testing::Test {
 protected:
  Server server_;
};

TEST_F(ServeTest, BecomesReadyAndHealthy) {
  EXPECT_THAT(server_.GetUntil("/-/ready", " 200 "), HasSubstr("ready\n"));
  EXPECT_THAT(server_.Get("/-/healthy"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServeTest, MetricsSatisfyPromtool) {
  const std::string page =
      BodyOf(server_.GetUntil("/metrics", "pathwitness_path_reached{target=\"here-to-loopback\""));
  EXPECT_THAT(page, HasSubstr("pathwitness_path_probes_total{target=\"here-to-loopback\""));
  const std::string file = server_.Place().File("metrics.txt").string();
  std::ofstream(file) << page;
  ChildProcess promtool({"promtool", "check", "metrics"}, file);
  const std::optional<int> status = promtool.AwaitExit(20s);
  EXPECT_EQ(status, 0) << promtool.Output();
}

TEST_F(ServeTest, MetricsComeCompressedToThoseWhoAsk) {
  const std::string answer = server_.Get("/metrics", "Accept-Encoding: gzip\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Encoding: gzip\r\n"));
  EXPECT_THAT(BodyOf(answer), StartsWith("\x1f\x8b"));
}

TEST_F(ServeTest, TheStatusPageShowsEveryTarget) {
  EXPECT_THAT(server_.GetUntil("/", "class=\"up\">up"),
              AllOf(HasSubstr("here-to-loopback"), HasSubstr("nightly-backup")));
}

TEST_F(ServeTest, AConfiguredTargetIsMeasuredOnDemand) {
  server_.GetUntil("/-/ready", " 200 ");
  EXPECT_THAT(BodyOf(server_.Get("/probe?target=here-to-loopback&family=ipv4")),
              HasSubstr("probe_success 1\n"));
}

TEST_F(ServeTest, AnAllowedAddressIsMeasuredOnDemand) {
  server_.GetUntil("/-/ready", " 200 ");
  EXPECT_THAT(BodyOf(server_.Get("/probe?target=127.0.0.1&prober=trace_udp")),
              HasSubstr("probe_success 1\n"));
}

TEST_F(ServeTest, AServiceThatIsDownIsAMeasurementToo) {
  server_.GetUntil("/-/ready", " 200 ");
  const std::string answer = server_.Get("/probe?target=127.0.0.9&prober=https");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(BodyOf(answer), HasSubstr("probe_success 0\n"));
}

TEST_F(ServeTest, WhatCannotBeMeasuredIsRefused) {
  server_.GetUntil("/-/ready", " 200 ");
  EXPECT_THAT(server_.Get("/probe?target=192.0.2.1"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(server_.Get("/probe?target=here-to-loopback&prober=https"),
              AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("it has: trace_udp\n")));
  EXPECT_THAT(server_.Get("/probe?target=127.0.0.1&family=ipv6"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(server_.Get("/probe?target=%zz"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(ServeTest, AHeartbeatShowsInTheMetrics) {
  EXPECT_THAT(server_.Post("/pulse/nightly-backup"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(server_.GetUntil("/metrics", "pathwitness_pulse_timestamp_seconds{"),
              HasSubstr("pathwitness_pulse_timestamp_seconds{target=\"nightly-backup\""));
}

TEST_F(ServeTest, AHeartbeatNeedsAKnownNameAndPost) {
  EXPECT_THAT(server_.Post("/pulse/other"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(server_.Get("/pulse/nightly-backup"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: POST\r\n")));
}

TEST_F(ServeTest, UnknownPathsAndMethodsAreRefused) {
  EXPECT_THAT(server_.Get("/nothing"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(server_.Post("/metrics"), StartsWith("HTTP/1.1 405 "));
}

TEST_F(ServeTest, SurvivesHostileRequests) {
  using std::string_view_literals::operator""sv;
  EXPECT_THAT(server_.Get("/", "X-Huge: " + std::string(100'000, 'x') + "\r\n"),
              Not(HasSubstr(" 200 ")));
  EXPECT_THAT(server_.Get("/%zz%"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(server_.Get("/metrics%00"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(server_.Send("GET /\0metrics HTTP/1.1\r\n\r\n"sv), Not(HasSubstr(" 200 ")));
  EXPECT_THAT(server_.Send("\r\n\r\n\xff\xfe\r\n\r\n"sv), Not(HasSubstr(" 200 ")));
  EXPECT_THAT(server_.Get("/-/healthy"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServeTest, SigtermEndsItWithinASecond) {
  server_.GetUntil("/-/ready", " 200 ");
  const auto start = std::chrono::steady_clock::now();
  server_.Process().Signal(SIGTERM);
  EXPECT_EQ(server_.Process().AwaitExit(20s), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1500ms);  // with leave for a busy machine
  EXPECT_THAT(server_.Process().Output(), HasSubstr("msg=\"stopping\" signal=TERM"));
}

TEST_F(ServeTest, HasNoPrivilegesLeft) {
  std::ifstream status("/proc/" + std::to_string(server_.Process().Id()) + "/status");
  const std::string text{std::istreambuf_iterator<char>(status), {}};
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
    EXPECT_THAT(text, HasSubstr(std::string(set) + ":\t0000000000000000\n"));
  }
  EXPECT_THAT(text, HasSubstr("NoNewPrivs:\t1\n"));
}

TEST_F(ServeTest, ASecondOneOnTheSamePortFailsInOneLine) {
  const std::string address = "127.0.0.1:" + std::to_string(server_.Port());
  const Workplace workplace;
  const Ended ended =
      RunToEnd(Command(workplace, {"--web.listen-address=" + address, "--log.level=error"}));
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.output, AllOf(StartsWith("pathwitness: cannot listen on " + address),
                                  HasSubstr("Address already in use")));
  EXPECT_EQ(std::ranges::count(ended.output, '\n'), 1) << ended.output;
}

/// The program as systemd starts it once `socket` is open: it is descriptor 3, and for this
/// process.
std::vector<std::string> Activated(const Workplace& workplace, int socket) {
  ::fcntl(socket, F_SETFD, 0);  // to be inherited
  std::vector<std::string> command = {
      "bash", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\" 3<&" + std::to_string(socket), "bash"};
  const std::vector<std::string> program = Command(workplace, {"--web.systemd-socket"});
  command.insert(command.end(), program.begin(), program.end());
  return command;
}

TEST(Serve, AnswersAtTheSocketThatSystemdOpened) {
  const auto [socket, port] = ListenOnLoopback();
  const Workplace workplace;
  ChildProcess process(Activated(workplace, socket));
  EXPECT_THAT(Exchange(port, "GET /yes HTTP/1.1\r\nHost: h\r\n\r\n"), HasSubstr(" 200 "));
  EXPECT_THAT(process.Output() + process.ReadUntil("listening", 20s),
              HasSubstr("address=127.0.0.1:" + std::to_string(port)));
  process.Signal(SIGTERM);
  EXPECT_EQ(process.AwaitExit(20s), 0);
  ::close(socket);
}

TEST(Serve, ASocketThatSystemdDidNotOpenIsOneLine) {
  const Workplace workplace;
  const Ended none = RunToEnd(Command(workplace, {"--web.systemd-socket", "--log.level=error"}));
  EXPECT_EQ(none.status, 1);
  EXPECT_THAT(none.output, StartsWith("pathwitness: --web.systemd-socket: systemd has opened no "));
  const int no_socket = ::open("/dev/null", O_RDONLY);
  const Ended other = RunToEnd(Activated(workplace, no_socket));
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.output, HasSubstr("descriptor 3 is not a TCP socket that listens"));
  ::close(no_socket);
}

TEST(Serve, AMeasurementLongerThanTheScrapeIs504) {
  const auto [silent, port] = ListenOnLoopback();
  Server server(
      "targets:\n  - name: mute\n    host: 127.0.0.1\n    https: {url: \"https://127.0.0.1:" +
      std::to_string(port) + "/\", timeout: 10s}\n");
  EXPECT_THAT(server.GetUntil("/probe?target=mute", "no result within",
                              "X-Prometheus-Scrape-Timeout-Seconds: 0.8\r\n"),
              StartsWith("HTTP/1.1 504 "));
  ::close(silent);
}

TEST(CommandLine, AValidConfigurationIsSaidToBeValid) {
  const Workplace workplace;
  const Ended ended = RunToEnd(Command(workplace, {"--config.check"}));
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.output, "configuration is valid\n");
}

TEST(CommandLine, EveryProblemOfAConfigurationIsALine) {
  const Workplace workplace("targets:\n  - {name: a, host: 127.0.0.1, trase: {}}\n  - {hots: b}\n");
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{"--config.check"}, std::vector<std::string>{}}) {
    const Ended ended = RunToEnd(Command(workplace, flags));
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.output, AllOf(HasSubstr("test.yaml:3:"), HasSubstr("trase"),
                                    HasSubstr("test.yaml:4:"), HasSubstr("hots")));
  }
}

TEST(CommandLine, AMissingFileIsOneLineThatNamesIt) {
  const Ended ended = RunToEnd({PATHWITNESS_BINARY, "--config.file=/nonexistent/x.yaml"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.output, HasSubstr("/nonexistent/x.yaml"));
  EXPECT_EQ(std::ranges::count(ended.output, '\n'), 1) << ended.output;
}

TEST(CommandLine, AnUnknownFlagIsOneLine) {
  const Ended ended = RunToEnd({PATHWITNESS_BINARY, "--config.fiel=x"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.output, HasSubstr("--config.fiel=x"));
  EXPECT_EQ(std::ranges::count(ended.output, '\n'), 1) << ended.output;
}

TEST(CommandLine, TheVersionNamesWhatItIsBuiltOf) {
  const Ended ended = RunToEnd({PATHWITNESS_BINARY, "--version"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.output,
              AllOf(StartsWith("pathwitness, version "), HasSubstr("(branch: "),
                    HasSubstr("libcurl: "), HasSubstr("civetweb: "), HasSubstr("compiler: ")));
}

TEST(CommandLine, HelpListsTheFlags) {
  const Ended ended = RunToEnd({PATHWITNESS_BINARY, "--help"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.output, AllOf(HasSubstr("--config.file"), HasSubstr("--log.format")));
}

TEST(CommandLine, AnUnknownEnvironmentIsAnError) {
  const Workplace workplace;
  const Ended ended = RunToEnd(Command(workplace, {"--environment=stagign"}));
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.output, HasSubstr("unknown environment 'stagign'; known: default"));
}

}  // namespace
}  // namespace pathwitness
