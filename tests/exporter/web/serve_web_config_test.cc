#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/exporter/web/curl_client.h"
#include "tests/support/running_server.h"
#include "tests/support/test_certificates.h"

// The real program with a --web.config.file.
namespace pathwitness {
namespace {

using testing::HasSubstr;

class ServeWebConfigTest : public testing::Test {
 protected:
  ServeWebConfigTest() {
    const TestCertificate certificate = authority_.Issue({});
    place_.Write("server.crt", certificate.CertificatePem());
    place_.Write("server.key", certificate.KeyPem());
    place_.Write("ca.crt", authority_.CertificatePem());
    place_.Write("password", "correct horse\n");
    place_.Write("web.yml", WebConfig("alice"));
  }

  /// The password is "correct horse".
  static std::string WebConfig(const std::string& user) {
    return "tls_server_config: {cert_file: server.crt, key_file: server.key}\n"
           "basic_auth_users:\n  " +
           user + ": $2b$04$hW3B5mjOjhpsaLajmZBu2OxARd6YQdBnhs.rWCcK1jwW91Pl4fxia\n";
  }

  std::string WebConfigFlag() const { return "--web.config.file=" + File("web.yml"); }
  std::string File(const std::string& name) const { return place_.File(name).string(); }

  CurlAnswer Get(const Server& server, const std::string& path, const std::string& user) const {
    return Ask({.url = Url(server) + path,
                .authority = authority_.CertificatePem(),
                .user_and_password = user.empty() ? "" : user + ":correct horse"});
  }

  static std::string Url(const Server& server) {
    return "https://127.0.0.1:" + std::to_string(server.Port());
  }

  const TestCertificate authority_ = TestCertificate::Authority("servers");
  const Workplace place_;
};

TEST_F(ServeWebConfigTest, OnlyThoseWithAPasswordAreServedAndOnlyOverTls) {
  const Server server(place_, {WebConfigFlag()});
  EXPECT_EQ(Get(server, "/metrics", "").status, 401);
  EXPECT_EQ(server.Get("/metrics"), "");
  const CurlAnswer metrics = Get(server, "/metrics", "alice");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_THAT(metrics.body, HasSubstr("pathwitness_web_config_last_read_successful 1\n"));
  EXPECT_THAT(metrics.body, HasSubstr("pathwitness_web_refused_total{reason=\"credentials\"} 1\n"));
}

TEST_F(ServeWebConfigTest, AChangedFileHoldsWithoutARestart) {
  const Server server(place_, {WebConfigFlag()});
  EXPECT_EQ(Get(server, "/yes", "carol").status, 401);
  place_.Write("web.yml", WebConfig("carol"));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (Get(server, "/yes", "carol").status != 200 && std::chrono::steady_clock::now() < end) {
  }
  EXPECT_EQ(Get(server, "/yes", "carol").status, 200);
  EXPECT_EQ(Get(server, "/yes", "alice").status, 401);
}

TEST_F(ServeWebConfigTest, TheHealthCommandCanBeToldWhatTheServerWants) {
  const Server server(place_, {WebConfigFlag()});
  const auto check = [&](const std::vector<std::string>& more) {
    std::vector<std::string> command = {PATHWITNESS_BINARY, "check", "health", "--url",
                                        Url(server)};
    command.insert(command.end(), more.begin(), more.end());
    return RunToEnd(command);
  };
  const Ended told = check({"--wait=20s", "--ca-file", File("ca.crt"), "--username=alice",
                            "--password-file", File("password")});
  EXPECT_EQ(told.status, 0) << told.output;
  const Ended untold = check({"--ca-file", File("ca.crt")});
  EXPECT_EQ(untold.status, 1);
  EXPECT_THAT(untold.output, HasSubstr("401"));
}

TEST_F(ServeWebConfigTest, ABrokenFileIsTheProgramsErrorWithItsLine) {
  place_.Write("web.yml", "\ntls_config: {}\n");
  for (const char* flag : {"--config.check", "--log.level=error"}) {
    const Ended ended = RunToEnd(Command(place_, {WebConfigFlag(), flag}));
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.output, HasSubstr("web.yml:2:1: unknown key 'tls_config'"));
  }
}

}  // namespace
}  // namespace pathwitness
