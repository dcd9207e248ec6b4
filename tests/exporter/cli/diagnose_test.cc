#include "exporter/cli/diagnose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "exporter/cli/diagnose_input.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using nlohmann::json;
using testing::HasSubstr;

json Diagnosed(const std::string& input) {
  return json::parse(VerdictJson(Judge(ReadObservations(input))));
}

std::string Problem(const std::string& input) {
  try {
    ReadObservations(input);
  } catch (const DiagnoseError& error) {
    return error.what();
  }
  return "";
}

json Vectors(const std::string& kind) {
  return json::parse(
             std::ifstream(std::string(PATHWITNESS_SOURCE_DIR) + "/tests/data/blame-vectors.json"))
      .at(kind);
}

TEST(Diagnose, AgreesWithTheLossVectors) {
  for (const json& vector : Vectors("loss")) {
    const json verdict = Diagnosed(vector.dump());
    for (const std::string key : {"state", "classes", "interval"}) {
      if (vector.contains(key)) {
        EXPECT_EQ(verdict.at(key), vector.at(key)) << vector.at("id") << " " << key;
      }
    }
    for (std::size_t i = 0; vector.contains("p_link") && i < vector.at("p_link").size(); ++i) {
      EXPECT_NEAR(verdict.at("p_link").at(i).get<double>(), vector.at("p_link").at(i).get<double>(),
                  0.01)
          << vector.at("id");
    }
  }
}

TEST(Diagnose, AgreesWithTheLatencyVector) {
  const json vector = Vectors("latency").at(0);
  const json verdict = Diagnosed(json{{"latency", vector.at("shift_se")}}.dump());
  EXPECT_EQ(verdict.at("state"), "latency");
  EXPECT_EQ(verdict.at("best_link"), vector.at("best_link"));
}

TEST(Diagnose, ReadsWhatMtrWrites) {
  const json verdict = Diagnosed(R"({"report": {"mtr": {"src": "a.example", "dst": "b.example"},
    "hubs": [{"count": 1, "host": "192.0.2.1", "Loss%": 0.0, "Snt": 300, "Avg": 1.2},
             {"count": 2, "host": "192.0.2.5", "Loss%": 88.0, "Snt": 300, "Avg": 2.2},
             {"count": "3", "host": "198.51.100.1", "Loss%": "10.33", "Snt": "300"},
             {"count": 4, "host": "203.0.113.9", "Loss%": 7.0, "Snt": 300}]}})");
  EXPECT_EQ(verdict.at("state"), "loss");
  EXPECT_EQ(verdict.at("classes"), json({"clean", "masked", "carries"}));
  EXPECT_NEAR(verdict.at("p_link").at(1).get<double>(), 0.502, 0.01);
  EXPECT_THAT(verdict.at("text").get<std::string>(), HasSubstr("hop 1 (192.0.2.1"));
}

TEST(Diagnose, NamesAnOwner) {
  const json verdict = Diagnosed(R"({"hops": [[300,300],[300,300],[300,270],[300,270]],
    "owners": ["office", "office", {"segment": "source_isp", "asn": 64500}, "AS64500"]})");
  EXPECT_EQ(verdict.at("owner"), "AS64500");
  EXPECT_EQ(verdict.at("segment"), "source_isp");
  EXPECT_GE(verdict.at("probability").get<double>(), 0.95);
}

TEST(Diagnose, TellsTheDirectionThatAReflectorSaw) {
  EXPECT_EQ(Diagnosed(R"({"hops": [[300,270]],
                          "one_way": {"lastq": 1000, "lastc": 889, "recv": 889}})")
                .at("direction"),
            "fwd");
}

TEST(Diagnose, ListsBadFlows) {
  const json verdict = Diagnosed(R"({"flows": [[20,20],[20,0],[20,0],[20,0],[20,0],[20,0]]})");
  EXPECT_EQ(verdict.at("state"), "flow_dependent");
  EXPECT_EQ(verdict.at("flows").at("bad"), json::array({0}));
}

struct Hostile {
  std::string name;
  std::string input;
  std::string problem;
};

class HostileInput : public testing::TestWithParam<Hostile> {};

TEST_P(HostileInput, GetsOneClearProblem) {
  const std::string problem = Problem(GetParam().input);
  EXPECT_THAT(problem, HasSubstr(GetParam().problem));
  EXPECT_EQ(problem.find('\n'), std::string::npos);
}

std::string ManyHops(std::size_t count) {
  std::string hops;
  for (std::size_t i = 0; i < count; ++i) {
    hops += (i == 0 ? "" : ",") + std::string("[1,1]");
  }
  return R"({"hops":[)" + hops + "]}";
}

INSTANTIATE_TEST_SUITE_P(
    All, HostileInput,
    testing::Values(
        Hostile{"Empty", "", "is no JSON"}, Hostile{"Nan", R"({"hops":[[10,NaN]]})", "is no JSON"},
        Hostile{"Infinite", R"({"hops":[[10,1e999]]})", "is no JSON"},
        Hostile{"NanAsText", R"({"hops":[["nan",1]]})", "hops[0]: a number is needed"},
        Hostile{"Negative", R"({"hops":[[10,10],[10,-1]]})", "hops[1]: -1 is not between"},
        Hostile{"Fraction", R"({"hops":[[10.5,1]]})", "hops[0]: 10.5 is no whole number"},
        Hostile{"TooMany", R"({"hops":[[1e12,1]]})", "is not between 0 and 1000000000"},
        Hostile{"MoreReceived", R"({"hops":[[10,11]]})", "hops[0]: received 11 of 10 sent"},
        Hostile{"MoreLost", R"({"flows":[[10,11]]})", "flows[0]: lost 11 of 10 sent"},
        Hostile{"Deep", std::string(100'000, '['), "is nested deeper than 8"},
        Hostile{"ManyHops", ManyHops(300), "hops: 300 elements, 255 are the most"},
        Hostile{"ManyMoreHops", ManyHops(100'000), "has more than 50000 values"},
        Hostile{"NoMap", "[1,2]", "is no map"}, Hostile{"NoList", R"({"hops":7})", "hops: a list"},
        Hostile{"Triple", R"({"hops":[[1,2,3]]})", "hops[0]: a list of two numbers"},
        Hostile{"NullCount", R"({"hops":[[null,2]]})", "hops[0]: a number is needed"},
        Hostile{"Nothing", "{}", "is needed"},
        Hostile{"OtherLength", R"({"hops":[[1,1]],"ref":[[1,1],[1,1]]})",
                "ref: 2 elements for 1 hops"},
        Hostile{"FlagAsNumber", R"({"hops":[[1,1]],"service_answers":1})",
                "service_answers: true or false"},
        Hostile{"UnknownSegment", R"({"hops":[[1,1]],"owners":[{"segment":"moon"}]})",
                "owners[0]: \"moon\" is no segment"},
        Hostile{"MtrWithoutHops", R"({"report":{}})", "report: \"hubs\" is missing"},
        Hostile{"MtrLoss", R"({"report":{"hubs":[{"host":"h","Snt":10,"Loss%":101}]}})",
                "report.hubs[0].Loss%: 101 is not between 0 and 100"}),
    [](const auto& test) { return test.param.name; });

TEST(Diagnose, JudgesABillionProbes) {
  EXPECT_EQ(Diagnosed(R"({"hops":[[1000000000,1000000000],[1000000000,500000000]]})").at("state"),
            "loss");
}

const char* const kHere = R"({"hops": [[300,300],[300,0],[300,270],[300,270]],
    "ref": [[300,300],[300,0],[300,300],[300,300]],
    "owners": ["AS64500","AS64500","AS64501","AS64502"]})";
const char* const kThere = R"({"hops": [[300,300],[300,0],[300,270],[300,270]],
    "ref": [[300,300],[300,0],[300,300],[300,300]],
    "owners": ["AS64502","AS64501","AS64501","AS64500"]})";

TEST(Diagnose, PutsTheViewsOfBothEndsTogether) {
  TestFolder folder;
  const std::string here = folder.Write("here.json", kHere);
  const std::string there = folder.Write("there.json", kThere);
  std::ostringstream out;
  std::ostringstream err;
  ASSERT_EQ(Diagnose({.file = here, .other_end = there, .as_json = true}, out, err), 0);
  const json said = json::parse(out.str());
  EXPECT_EQ(said.at("owner"), nullptr);
  EXPECT_EQ(said.at("other_end").at("state"), "loss");
  EXPECT_EQ(said.at("together").at("owner"), "AS64501");
  EXPECT_NEAR(said.at("together").at("probability"), 1, 0.01);
}

TEST(Diagnose, SaysBothViewsInWordsAndWhatTheyMeanTogether) {
  TestFolder folder;
  const std::string here = folder.Write("here.json", kHere);
  const std::string there = folder.Write("there.json", kThere);
  std::ostringstream out;
  std::ostringstream err;
  ASSERT_EQ(Diagnose({.file = here, .other_end = there}, out, err), 0);
  EXPECT_THAT(out.str(), HasSubstr("Here: 10.0 % of probes"));
  EXPECT_THAT(out.str(), HasSubstr("\nThere: 10.0 % of probes"));
  EXPECT_THAT(out.str(),
              HasSubstr("\nBoth ends together: P=1.00 AS64501 (here 0.50, there 1.00).\n"));
}

TEST(Diagnose, AnOtherEndThatCannotBeReadIsNamed) {
  TestFolder folder;
  const std::string here = folder.Write("here.json", kHere);
  const std::string there = folder.Write("there.json", "[]");
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(Diagnose({.file = here, .other_end = there}, out, err), 1);
  EXPECT_THAT(err.str(), HasSubstr("there.json: "));
  EXPECT_EQ(out.str(), "");
}

TEST(Diagnose, KeepsControlCharactersOffTheTerminal) {
  const json verdict = Diagnosed(R"({"hops":[[300,300],[300,270]],"owners":["a\u001b[2J","b"]})");
  EXPECT_EQ(verdict.at("text").get<std::string>().find('\x1b'), std::string::npos);
}

TEST(Diagnose, NamesTheFileItCannotRead) {
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(Diagnose({.file = "/nonexistent/report.json", .as_json = true}, out, err), 1);
  EXPECT_EQ(err.str(), "/nonexistent/report.json: cannot be read\n");
  EXPECT_EQ(out.str(), "");
}

TEST(Diagnose, RefusesAFolder) {
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(Diagnose({.file = "/"}, out, err), 1);
  EXPECT_EQ(err.str(), "/: cannot be read\n");
}

}  // namespace
}  // namespace pathwitness
