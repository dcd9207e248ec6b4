#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/child_process.h"

namespace pathwitness {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct Outcome {
  std::optional<int> status;
  std::string output;
};

Outcome Trace(const std::vector<std::string>& words) {
  std::vector<std::string> arguments = {PATHWITNESS_BINARY, "trace", "--config.file=/nowhere.yaml",
                                        "--interval=200ms"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  ChildProcess program(arguments);
  const std::optional<int> status = program.AwaitExit(std::chrono::seconds(20));
  return {status, program.Output()};
}

TEST(TraceCommand, PrintsAPlainTableWhereNobodySitsBehindIt) {
  const Outcome outcome = Trace({"127.0.0.1", "--rounds=3"});

  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("  1.|-- 127.0.0.1"), HasSubstr("0.0 % lost"),
                                    Not(HasSubstr("\x1b"))));
}

TEST(TraceCommand, PrintsAReportAsJson) {
  const Outcome outcome = Trace({"127.0.0.1", "--rounds=3", "--protocol=udp", "--json"});

  const auto json = nlohmann::json::parse(outcome.output, nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << outcome.output;
  EXPECT_EQ(json["prober"], "trace_udp");
  EXPECT_GE(json["windows"][0]["rounds"], 3);
  EXPECT_EQ(json["windows"][0]["hops"][0]["responders"][0]["address"], "127.0.0.1");
}

TEST(TraceCommand, InATerminalTheTableIsPrintedAnewWithEachRound) {
  ChildProcess terminal({"script", "--quiet", "--return", "--command",
                         PATHWITNESS_BINARY
                         " trace 127.0.0.1 --config.file=/nowhere.yaml --interval=200ms --rounds=3",
                         "/dev/null"});

  EXPECT_EQ(terminal.AwaitExit(std::chrono::seconds(20)), 0) << terminal.Output();
  const std::size_t first = terminal.Output().find("\x1b[H\x1b[2J");
  ASSERT_NE(first, std::string::npos) << terminal.Output();
  EXPECT_NE(terminal.Output().find("\x1b[H\x1b[2J", first + 1), std::string::npos);
}

TEST(TraceCommand, AProtocolThatIsNoneIsExplained) {
  const Outcome outcome = Trace({"127.0.0.1", "--protocol=sctp"});

  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.output, HasSubstr("--protocol 'sctp' is not icmp, udp or tcp"));
}

}  // namespace
}  // namespace pathwitness
