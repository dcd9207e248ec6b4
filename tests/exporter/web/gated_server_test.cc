#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "config/load.h"
#include "exporter/web/server.h"
#include "exporter/web/web_counters.h"
#include "exporter/web/web_gate.h"
#include "tests/exporter/web/curl_client.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_log.h"
#include "tests/support/test_certificates.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

// Of "correct horse", at the lowest cost.
constexpr const char* kUsers =
    "basic_auth_users:\n"
    "  alice: $2b$04$hW3B5mjOjhpsaLajmZBu2OxARd6YQdBnhs.rWCcK1jwW91Pl4fxia\n";

/// `text` as a block of YAML below a key.
std::string Block(const std::string& text) {
  std::string block = "|\n    ";
  for (const char character : text) {
    block += character == '\n' ? "\n    " : std::string(1, character);
  }
  return block + "\n";
}

/// A server behind a gate, with a web configuration file that may change.
class GatedServerTest : public testing::Test {
 protected:
  void WriteCertificate(const std::string& common_name) {
    const TestCertificate certificate = authority_.Issue({.common_name = common_name});
    folder_.Write("server.crt", certificate.CertificatePem());
    folder_.Write("server.key", certificate.KeyPem());
  }

  /// With a certificate of its authority; `more` stands below tls_server_config.
  void ServeTls(const std::string& more = "", const std::string& behind = "") {
    WriteCertificate("first");
    folder_.Write("clients.crt", client_authority_.CertificatePem());
    Serve("tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n" + more + behind);
  }

  void Serve(const std::string& web_config) {
    const std::string file = folder_.Write("web.yml", web_config);
    gate_.emplace(file, counters_, clock_, log_);
    server_.emplace(
        std::vector<ListenAddress>{{.host = "127.0.0.1", .port = 0}, {.host = "::1", .port = 0}},
        [](const HttpRequest& request) { return HttpResponse{.body = "page " + request.path}; },
        &*gate_);
  }

  std::string Url(std::size_t listener = 0) const {
    return (gate_->Tls() == nullptr ? "http://" : "https://") +
           server_->Addresses().at(listener).ToString() + "/yes";
  }

  CurlAnswer Get(CurlOrder order = {}) const {
    order.url = order.url.empty() ? Url() : order.url;
    order.authority = authority_.CertificatePem();
    return Ask(order);
  }

  std::uint64_t Refused(WebRefusal refusal) const {
    return counters_.Refused().at(static_cast<std::size_t>(refusal));
  }

  const TestFolder folder_;
  const TestCertificate authority_ = TestCertificate::Authority("servers");
  const TestCertificate client_authority_ = TestCertificate::Authority("clients");
  FakeClock clock_;
  RecordingLog log_;
  WebCounters counters_;
  std::optional<WebGate> gate_;
  std::optional<HttpServer> server_;
};

TEST_F(GatedServerTest, AnEmptyFileIsPlainHttpForEverybody) {
  Serve("");
  EXPECT_EQ(Get().body, "page /yes");
}

TEST_F(GatedServerTest, SpeaksTlsOverBothFamilies) {
  ServeTls();
  for (const std::size_t listener : {0U, 1U}) {
    const CurlAnswer answer = Get({.url = Url(listener)});
    EXPECT_EQ(answer.error, CURLE_OK);
    EXPECT_EQ(answer.body, "page /yes") << Url(listener);
  }
}

TEST_F(GatedServerTest, AnswersNobodyInTheClearWhereThereIsTls) {
  ServeTls();
  EXPECT_EQ(Get({.url = "http" + Url().substr(5)}).status, 0);
}

TEST_F(GatedServerTest, TakesCertificatesThatStandInTheFile) {
  const TestCertificate certificate = authority_.Issue({.common_name = "inline"});
  Serve("tls_server_config:\n  cert: " + Block(certificate.CertificatePem()) +
        "  key: " + Block(certificate.KeyPem()));
  EXPECT_EQ(Get().server_name, "inline");
}

TEST_F(GatedServerTest, SpeaksTls12And13AndNothingOlder) {
  ServeTls();
  EXPECT_EQ(Get({.tls_version = CURL_SSLVERSION_TLSv1_3}).status, 200);
  EXPECT_EQ(Get({.tls_version = CURL_SSLVERSION_TLSv1_2}).status, 200);
  EXPECT_EQ(Get({.tls_version = CURL_SSLVERSION_TLSv1_1, .ciphers = "DEFAULT@SECLEVEL=0"}).status,
            0);
  server_.reset();  // which counts a connection when it is over
  EXPECT_EQ(Refused(WebRefusal::Handshake), 1U);
}

TEST_F(GatedServerTest, SpeaksAnOlderVersionWhereThatIsAskedFor) {
  ServeTls("  min_version: TLS11\n  max_version: TLS12\n");
  EXPECT_EQ(Get({.tls_version = CURL_SSLVERSION_TLSv1_1, .ciphers = "DEFAULT@SECLEVEL=0"}).status,
            200);
  EXPECT_EQ(Get({.tls_version = CURL_SSLVERSION_TLSv1_3}).status, 0);
}

TEST_F(GatedServerTest, TakesNoOtherCipherSuiteThanThoseAskedFor) {
  ServeTls("  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n  max_version: TLS12\n");
  EXPECT_EQ(Get({.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384"}).status, 200);
  EXPECT_EQ(Get({.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"}).status, 0);
}

TEST_F(GatedServerTest, SuitesOfTls13AloneLeaveNothingOlder) {
  ServeTls("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n");
  EXPECT_EQ(Get({.tls_version = CURL_SSLVERSION_TLSv1_3}).status, 200);
  EXPECT_EQ(Get({.tls_version = CURL_SSLVERSION_TLSv1_2}).status, 0);
}

/// Who gets an answer with which client certificate: none, one of the authority, one of another.
struct ClientCase {
  std::string auth;
  bool none;
  bool known;
  bool stranger;
};

class ClientAuthTest : public GatedServerTest, public testing::WithParamInterface<ClientCase> {};

TEST_P(ClientAuthTest, LetsInWhomItSays) {
  ServeTls("  client_auth_type: " + GetParam().auth + "\n" +
           (GetParam().auth == "NoClientCert" ? "" : "  client_ca_file: clients.crt\n"));
  const TestCertificate known = client_authority_.Issue({.common_name = "scraper"});
  const TestCertificate stranger = TestCertificate::SelfSigned({.common_name = "stranger"});
  EXPECT_EQ(Get().status, GetParam().none ? 200 : 0);
  EXPECT_EQ(Get({.certificate = known}).status, GetParam().known ? 200 : 0);
  EXPECT_EQ(Get({.certificate = stranger}).status, GetParam().stranger ? 200 : 0);
}

INSTANTIATE_TEST_SUITE_P(Types, ClientAuthTest,
                         testing::Values(ClientCase{"NoClientCert", true, true, true},
                                         ClientCase{"RequestClientCert", true, true, true},
                                         ClientCase{"RequireAnyClientCert", false, true, true},
                                         ClientCase{"VerifyClientCertIfGiven", true, true, false},
                                         ClientCase{"RequireAndVerifyClientCert", false, true,
                                                    false}),
                         [](const auto& test) { return test.param.auth; });

TEST_F(GatedServerTest, OnlyCertificatesWithAnAllowedNameAreLetIn) {
  ServeTls(
      "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients.crt\n"
      "  client_allowed_sans: [scraper.example, 192.0.2.7, '2001:db8::7']\n");
  const auto with_names = [this](std::vector<std::string> names,
                                 std::vector<std::string> addresses) {
    return Get({.certificate = client_authority_.Issue(
                    {.dns_names = std::move(names), .addresses = std::move(addresses)})})
        .status;
  };
  EXPECT_EQ(with_names({"other.example", "scraper.example"}, {}), 200);
  EXPECT_EQ(with_names({}, {"192.0.2.7"}), 200);
  EXPECT_EQ(with_names({}, {"2001:db8::7"}), 200);
  EXPECT_EQ(with_names({"a.scraper.example"}, {"192.0.2.8"}), 0);
  EXPECT_EQ(with_names({}, {}), 0);
}

TEST_F(GatedServerTest, ANewCertificateNeedsNoRestart) {
  ServeTls();
  EXPECT_EQ(Get().server_name, "first");
  WriteCertificate("second");
  gate_->Refresh();
  EXPECT_EQ(Get().server_name, "second");
}

TEST_F(GatedServerTest, ABrokenCertificateLeavesTheLastGoodOne) {
  ServeTls();
  folder_.Write("server.key", "no key");
  gate_->Refresh();
  EXPECT_EQ(Get().server_name, "first");
  EXPECT_EQ(gate_->IsConfigGood(), false);
  EXPECT_THAT(log_.Lines(), Contains(HasSubstr("holds no private key")));
  WriteCertificate("second");
  gate_->Refresh();
  EXPECT_EQ(Get().server_name, "second");
  EXPECT_EQ(gate_->IsConfigGood(), true);
}

TEST_F(GatedServerTest, NewDemandsOnClientsHoldForTheNextConnection) {
  ServeTls();
  EXPECT_EQ(Get().status, 200);
  folder_.Write("web.yml",
                "tls_server_config: {cert_file: server.crt, key_file: server.key, "
                "client_auth_type: RequireAnyClientCert}\n");
  gate_->Refresh();
  EXPECT_EQ(Get().status, 0);
}

TEST_F(GatedServerTest, ABrokenFileClosesTheGateUntilItIsMended) {
  ServeTls("", kUsers);
  folder_.Write("web.yml", "nonsense: true\n");
  gate_->Refresh();
  EXPECT_EQ(Get({.user_and_password = "alice:correct horse"}).status, 500);
  EXPECT_EQ(Refused(WebRefusal::Config), 1U);
  EXPECT_EQ(gate_->IsConfigGood(), false);
  EXPECT_THAT(log_.Lines(), Contains(HasSubstr("web.yml:1:1: unknown key 'nonsense'")));
  folder_.Write("web.yml", "tls_server_config: {cert_file: server.crt, key_file: server.key}\n");
  gate_->Refresh();
  EXPECT_EQ(Get().status, 200);
}

TEST_F(GatedServerTest, AsksForAPassword) {
  Serve(kUsers);
  const CurlAnswer refused = Get();
  EXPECT_EQ(refused.status, 401);
  EXPECT_THAT(refused.headers, HasSubstr("WWW-Authenticate: Basic"));
  EXPECT_EQ(Get({.user_and_password = "alice:wrong"}).status, 401);
  EXPECT_EQ(Get({.user_and_password = "bob:correct horse"}).status, 401);
  EXPECT_EQ(Get({.user_and_password = "alice:correct horse"}).body, "page /yes");
  EXPECT_EQ(Refused(WebRefusal::Credentials), 3U);
}

TEST_F(GatedServerTest, AUserWhoIsTakenOutIsOutAtOnce) {
  Serve(kUsers);
  EXPECT_EQ(Get({.user_and_password = "alice:correct horse"}).status, 200);
  std::string other = kUsers;
  folder_.Write("web.yml", other.replace(other.find("alice"), 5, "carol"));
  gate_->Refresh();
  EXPECT_EQ(Get({.user_and_password = "alice:correct horse"}).status, 401);
}

TEST_F(GatedServerTest, NewUsersHeadersAndRatesHoldForTheNextRequest) {
  Serve("");
  EXPECT_TRUE(gate_->IsOpen());
  EXPECT_EQ(Get().status, 200);
  folder_.Write("web.yml", std::string(kUsers) +
                               "http_server_config: {headers: {X-Frame-Options: sameorigin}}\n"
                               "rate_limit: {interval: 1h, burst: 2}\n");
  gate_->Refresh();
  EXPECT_FALSE(gate_->IsOpen());
  EXPECT_EQ(Get().status, 401);
  EXPECT_THAT(Get({.user_and_password = "alice:correct horse"}).headers,
              HasSubstr("X-Frame-Options: sameorigin\r\n"));
  EXPECT_EQ(Get({.user_and_password = "alice:correct horse"}).status, 429);
  EXPECT_EQ(gate_->IsConfigGood(), true);
}

TEST_F(GatedServerTest, AnotherAuthorityOfClientsHoldsForTheNextConnection) {
  ServeTls("  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients.crt\n");
  const TestCertificate old = client_authority_.Issue({.common_name = "old"});
  const TestCertificate next_authority = TestCertificate::Authority("next clients");
  const TestCertificate next = next_authority.Issue({.common_name = "next"});
  EXPECT_EQ(Get({.certificate = old}).status, 200);
  EXPECT_EQ(Get({.certificate = next}).status, 0);
  folder_.Write("clients.crt", next_authority.CertificatePem());
  gate_->Refresh();
  EXPECT_EQ(Get({.certificate = old}).status, 0);
  EXPECT_EQ(Get({.certificate = next}).status, 200);
}

TEST_F(GatedServerTest, TlsThatIsTakenOutOfTheFileStaysUntilARestart) {
  ServeTls();
  folder_.Write("web.yml", kUsers);
  gate_->Refresh();
  EXPECT_EQ(Get({.user_and_password = "alice:correct horse"}).server_name, "first");
  EXPECT_FALSE(gate_->IsOpen());
  EXPECT_THAT(log_.Lines(), Contains(HasSubstr("restart")));
}

TEST_F(GatedServerTest, RequestsBeyondTheRateAre429) {
  Serve("rate_limit: {interval: 1h, burst: 2}\n");
  EXPECT_EQ(Get().status, 200);
  EXPECT_EQ(Get().status, 200);
  EXPECT_EQ(Get().status, 429);
  EXPECT_EQ(Refused(WebRefusal::RateLimit), 1U);
}

TEST_F(GatedServerTest, EveryAnswerHasHeadersThatForbidMostThings) {
  Serve(kUsers);
  for (const CurlAnswer& answer : {Get(), Get({.user_and_password = "alice:correct horse"})}) {
    EXPECT_THAT(answer.headers, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
    EXPECT_THAT(answer.headers, HasSubstr("X-Frame-Options: deny\r\n"));
    EXPECT_THAT(answer.headers, HasSubstr("Referrer-Policy: no-referrer\r\n"));
    EXPECT_THAT(answer.headers, HasSubstr("Content-Security-Policy: default-src 'none'"));
  }
}

TEST_F(GatedServerTest, HeadersOfTheFileReplaceTheUsualOnes) {
  Serve("http_server_config: {headers: {X-Frame-Options: sameorigin}}\n");
  const CurlAnswer answer = Get();
  EXPECT_THAT(answer.headers, HasSubstr("X-Frame-Options: sameorigin\r\n"));
  EXPECT_THAT(answer.headers, Not(HasSubstr("deny")));
}

TEST_F(GatedServerTest, AFileThatCannotBeUsedIsAnErrorAtTheStart) {
  EXPECT_THROW(Serve("junk: 1\n"), ConfigError);
  EXPECT_THROW(Serve("tls_server_config: {cert_file: none.crt, key_file: none.key}\n"),
               ConfigError);
}

/// What a certificate's problem says.
std::string ProblemOf(const WebTlsConfig& config) {
  try {
    TlsSettings::Load(config, "web.yml");
    return "";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

TEST(TlsSettings, SayWhatIsWrongAndWhere) {
  const TestCertificate one = TestCertificate::SelfSigned({});
  const TestCertificate other = TestCertificate::SelfSigned({});
  WebTlsConfig config{.certificate = {.text = one.CertificatePem()}, .key = {.text = one.KeyPem()}};
  EXPECT_EQ(ProblemOf(config), "");
  config.key.text = other.KeyPem();
  EXPECT_EQ(ProblemOf(config), "web.yml: tls_server_config.key: is not the key of the certificate");
  config.key.text = one.CertificatePem();
  EXPECT_THAT(ProblemOf(config), HasSubstr("tls_server_config.key: holds no private key"));
  config.certificate.text = "text";
  EXPECT_EQ(ProblemOf(config), "web.yml: tls_server_config.cert: holds no certificate in PEM");
  config.certificate.file = "/nonexistent/server.crt";
  EXPECT_EQ(
      ProblemOf(config),
      "web.yml: tls_server_config.cert_file: /nonexistent/server.crt No such file or directory");
}

}  // namespace
}  // namespace pathwitness
