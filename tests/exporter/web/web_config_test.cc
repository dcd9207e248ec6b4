#include "exporter/web/web_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "config/load.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const std::filesystem::path kFolder = PATHWITNESS_SOURCE_DIR "/tests/data/web";

/// The names of tests/data/web/<name><ending>.
std::vector<std::string> NamesEnding(const std::string& ending) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const std::string file = entry.path().filename();
    if (file.ends_with(ending)) {
      names.push_back(file.substr(0, file.size() - ending.size()));
    }
  }
  std::ranges::sort(names);
  return names;
}

std::string TextOf(const std::string& file) {
  std::ifstream stream(kFolder / file);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::string ProblemsOf(const std::string& text) {
  try {
    ParseWebConfig(text, "f");
    return "";
  } catch (const ConfigError& error) {
    return std::string(error.what()) + "\n";
  }
}

class GoodWebConfig : public testing::TestWithParam<std::string> {};

TEST_P(GoodWebConfig, IsAccepted) {
  EXPECT_EQ(ProblemsOf(TextOf(GetParam() + ".good.yml")), "");
}

INSTANTIATE_TEST_SUITE_P(Files, GoodWebConfig, testing::ValuesIn(NamesEnding(".good.yml")),
                         [](const auto& test) { return test.param; });

/// The first lines of such a file are `# expect: ` and a problem.
class BadWebConfig : public testing::TestWithParam<std::string> {};

TEST_P(BadWebConfig, IsRefusedWithItsMessage) {
  const std::string text = TextOf(GetParam() + ".bad.yml");
  const std::string mark = "# expect: ";
  std::string expected;
  for (std::size_t at = 0; text.compare(at, mark.size(), mark) == 0;) {
    const std::size_t end = text.find('\n', at) + 1;
    expected += "f:" + text.substr(at + mark.size(), end - at - mark.size());
    at = end;
  }
  ASSERT_NE(expected, "");
  EXPECT_EQ(ProblemsOf(text), expected);
}

INSTANTIATE_TEST_SUITE_P(Files, BadWebConfig, testing::ValuesIn(NamesEnding(".bad.yml")),
                         [](const auto& test) { return test.param; });

TEST(WebConfig, AnEmptyFileIsPlainHttpForEverybody) {
  EXPECT_EQ(ParseWebConfig("", "f"), WebConfig());
}

TEST(WebConfig, TakesOverAllThatIsWritten) {
  const WebConfig config = ParseWebConfig(TextOf("tls_all_keys.good.yml"), "f");
  ASSERT_TRUE(config.tls);
  EXPECT_EQ(config.tls->certificate.file, "server.crt");
  EXPECT_EQ(config.tls->key.file, "server.key");
  EXPECT_EQ(config.tls->client_ca.file, "clients.crt");
  EXPECT_EQ(config.tls->client_auth, ClientAuth::RequireAndVerify);
  EXPECT_THAT(config.tls->client_allowed_sans,
              ElementsAre("scraper.example", "192.0.2.1", "ops@monitoring.example",
                          "spiffe://example/scraper"));
  EXPECT_EQ(config.tls->min_version, TlsVersion::Tls10);
  EXPECT_EQ(config.tls->max_version, TlsVersion::Tls12);
  EXPECT_THAT(config.tls->cipher_suites, ElementsAre("ECDHE-RSA-AES128-GCM-SHA256", ""));
  EXPECT_THAT(config.tls->groups, ElementsAre("X25519", "P-256", "P-384", "P-521"));
  EXPECT_FALSE(config.tls->prefer_server_cipher_suites);
  EXPECT_EQ(config.headers.size(), 5U);
  EXPECT_EQ(config.users.count("scraper"), 1U);
  EXPECT_EQ(config.rate_limit,
            (RateLimitConfig{.interval = std::chrono::milliseconds(1500), .burst = 20}));
}

TEST(WebConfig, TlsIsFrom12To13WhereNothingElseIsAskedFor) {
  const WebConfig config = ParseWebConfig(TextOf("tls_files.good.yml"), "f");
  EXPECT_EQ(config.tls->min_version, TlsVersion::Tls12);
  EXPECT_EQ(config.tls->max_version, TlsVersion::Tls13);
  EXPECT_EQ(config.tls->client_auth, ClientAuth::None);
}

TEST(WebConfig, ASectionWithoutCertificateAsksForNoTls) {
  EXPECT_FALSE(ParseWebConfig(TextOf("tls_section_without_certificate.good.yml"), "f").tls);
}

TEST(WebConfig, NamesOfFilesStartAtItsFolder) {
  const TestFolder folder;
  const std::string file = folder.Write("web/config.yml",
                                        "tls_server_config: {cert_file: ../pki/a.crt, "
                                        "key_file: /keys/a.key}\n");
  const WebConfig config = LoadWebConfig(file);
  EXPECT_EQ(config.tls->certificate.file, folder.Path() / "pki/a.crt");
  EXPECT_EQ(config.tls->key.file, "/keys/a.key");
}

TEST(WebConfig, AFileThatIsMissingIsNamed) {
  EXPECT_THROW(LoadWebConfig("/nonexistent/web.yml"), ConfigError);
}

}  // namespace
}  // namespace pathwitness
