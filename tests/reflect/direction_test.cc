#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>

#include "probes/base/time.h"
#include "tests/reflect/keys.h"
#include "tests/support/child_process.h"
#include "tests/support/namespaces.h"
#include "tests/support/running_server.h"

// Two pathwitness, one of them at the end of a chain of routers that loses packets one way:
//
//   here -- 1 -- 2 -- 3 -- 4 (198.51.100.14, --responder)
namespace pathwitness {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

bool Shell(const std::string& command) {
  return std::system(command.c_str()) == 0;  // NOLINT(concurrency-mt-unsafe): no other thread
}

bool RunScript(const std::string& shape, const std::string& prefix) {
  return Shell(PATHWITNESS_SOURCE_DIR "/tests/net/router_chain.sh " + shape + " " + prefix);
}

/// A pathwitness with --responder in the namespace, and the UDP port that it has there.
class Peer {
 public:
  Peer(const std::string& netns, const std::string& key_file)
      : process_({"ip", "netns", "exec", netns, PATHWITNESS_BINARY,
                  "--config.file=" + place_.ConfigFile().string(),
                  "--web.listen-address=127.0.0.1:0", "--responder",
                  "--responder.listen-address=:0", "--responder.key-file=" + key_file}) {
    const std::string mark = "udp=:";
    const std::string& log = process_.ReadUntil(mark, seconds(20));
    const std::size_t found = log.find(mark);
    if (found == std::string::npos) {
      ADD_FAILURE() << "does not reflect: " << log;
      return;
    }
    port_ = log.substr(found + mark.size(), log.find('\n', found) - found - mark.size());
  }

  const std::string& Port() const { return port_; }

 private:
  Workplace place_;
  ChildProcess process_;
  std::string port_;
};

class DirectionOfLoss : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = EnterFreshNamespace(); !why.empty()) {
      GTEST_SKIP() << why;
    }
    ASSERT_TRUE(RunScript("chain", prefix_));
    place_.Write("key", kLineOfOnes);
    peer_ = std::make_unique<Peer>(prefix_ + "4", place_.File("key").string());
    place_.Configure(
        "targets: [{name: here-to-peer, host: 198.51.100.14, trace: {protocols: [icmp], "
        "interval: 2s, end_to_end_interval: 100ms, timeout: 200ms}, reflector: "
        "{key_file: key, interval: 100ms, port: " +
        peer_->Port() + "}}]\n");
    server_ = std::make_unique<Server>(place_);
    ASSERT_THAT(Await("pathwitness_oneway_last_answer_timestamp_seconds{"),
                HasSubstr("pathwitness_oneway_last_answer_timestamp_seconds{"));
  }

  void TearDown() override {
    server_ = nullptr;
    peer_ = nullptr;
    RunScript("down", prefix_);
  }

  /// The second router loses a tenth of what comes in by `device`.
  bool LoseATenth(const std::string& device) const {
    return Shell(
        "ip netns exec " + prefix_ +
        "2 nft 'add table ip t; add chain ip t c { type filter hook forward priority 0; }; "
        "add rule ip t c iifname " +
        device + " numgen random mod 10 == 0 drop'");
  }

  /// For a minute at most.
  std::string Await(const std::string& wanted) const {
    const std::string page = server_->GetUntil("/metrics", wanted);
    return page.find(wanted) != std::string::npos ? page : server_->GetUntil("/metrics", wanted);
  }

  /// The sample of a counter, as text.
  static std::string ValueOf(const std::string& page, const std::string& series) {
    const std::size_t found = page.find(series);
    const std::size_t end = page.find('\n', found);
    return found == std::string::npos
               ? ""
               : page.substr(found + series.size() + 1, end - found - series.size() - 1);
  }

  /// The log may come a moment after the page.
  void ExpectLogged(const std::string& text) {
    EXPECT_THAT(server_->Process().ReadUntil(text, std::chrono::seconds(10)), HasSubstr(text));
  }

  std::string prefix_ = "pwd" + std::to_string(getpid()) + "-";
  Workplace place_;
  std::unique_ptr<Peer> peer_;
  std::unique_ptr<Server> server_;
};

const std::string kSaid =
    "pathwitness_verdict_info{target=\"here-to-peer\",prober=\"trace_icmp\",family=\"ipv4\","
    "state=\"loss\"";
const std::string kLost =
    "pathwitness_oneway_packets_lost_total{target=\"here-to-peer\",prober=\"reflector\","
    "family=\"ipv4\",direction=";

TEST_F(DirectionOfLoss, OnTheWayThereIsNamed) {
  ASSERT_TRUE(LoseATenth("left"));
  const auto start = std::chrono::steady_clock::now();
  const std::string page = Await("direction=\"fwd\",hop_from");
  RecordProperty("seconds", std::to_string(ToSeconds(std::chrono::steady_clock::now() - start)));
  EXPECT_THAT(page, HasSubstr(kSaid));
  EXPECT_EQ(ValueOf(page, kLost + "\"rev\"}"), "0");
  ExpectLogged("Forward direction (reflector: forward ");
}

TEST_F(DirectionOfLoss, OnTheWayBackIsNamed) {
  ASSERT_TRUE(LoseATenth("right"));
  const auto start = std::chrono::steady_clock::now();
  const std::string page = Await("direction=\"rev\",hop_from");
  RecordProperty("seconds", std::to_string(ToSeconds(std::chrono::steady_clock::now() - start)));
  EXPECT_THAT(page, HasSubstr(kSaid));
  EXPECT_EQ(ValueOf(page, kLost + "\"fwd\"}"), "0");
  ExpectLogged("Return direction (reflector: forward ");
}

}  // namespace
}  // namespace pathwitness
