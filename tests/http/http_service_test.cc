#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "probes/http/http_client.h"
#include "tests/http/fetch.h"
#include "tests/support/nginx_server.h"
#include "tests/support/scripted_server.h"
#include "tests/support/test_certificates.h"
#include "tests/support/test_folder.h"

// Against a real nginx, and against real time where a delay is what is looked at.
namespace pathwitness {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HttpServiceTest : public testing::Test {
 protected:
  NginxServer::Options Tls(const std::string& directives) const {
    return {.certificate_pem = leaf_.CertificatePem() + authority_.CertificatePem(),
            .key_pem = leaf_.KeyPem(),
            .directives = directives};
  }

  TestFolder folder_;
  TestCertificate authority_ = TestCertificate::Authority("Test Authority");
  TestCertificate leaf_ = authority_.Issue({});
  std::string ca_file_ = folder_.Write("ca.pem", authority_.CertificatePem());
};

TEST_F(HttpServiceTest, NginxAnswersWithItsWholeChain) {
  const NginxServer server(Tls("location / { return 200 'hello'; }"));
  const HttpResult result = Fetch(OrderOf(server.Url(), ca_file_));
  EXPECT_EQ(result.failure, std::nullopt) << result.error;
  EXPECT_EQ(result.body, "hello");
  ASSERT_EQ(result.certificates.size(), 2U);
  EXPECT_EQ(result.certificates[0].subject, "CN=localhost");
  EXPECT_EQ(result.certificates[1].subject, "CN=Test Authority");
}

TEST_F(HttpServiceTest, SpeaksHttp2WhereTheServerDoes) {
  auto options = Tls("location / { return 200 'hello'; }");
  options.has_http2 = true;
  const NginxServer server(options);
  const HttpResult result = Fetch(OrderOf(server.Url(), ca_file_));
  EXPECT_EQ(result.http_version, "2");
  EXPECT_EQ(result.body, "hello");
  EXPECT_TRUE(result.tcp_rtt.has_value());
}

TEST_F(HttpServiceTest, ReachesIpv6) {
  auto options = Tls("location / { return 200 'hello'; }");
  options.address = "::1";
  const NginxServer server(options);
  for (const std::string host : {"localhost", "[::1]"}) {
    HttpOrder order =
        OrderOf("https://" + host + ":" + std::to_string(server.Port()) + "/", ca_file_);
    order.address = *IpAddress::Parse("::1");
    const HttpResult result = Fetch(order);
    EXPECT_EQ(result.failure, std::nullopt) << result.error;
    EXPECT_EQ(result.address, "::1");
    EXPECT_EQ(result.source_address, "::1");
  }
}

TEST_F(HttpServiceTest, EveryRequestIsAFullHandshake) {
  const NginxServer server(Tls("location / { return 200 $ssl_session_reused; }"));
  const SystemClock clock;
  HttpClient client(clock);
  std::string reused;
  for (int i = 0; i < 3; ++i) {
    client.Start(OrderOf(server.Url(), ca_file_), [&reused](HttpResult result) {
      reused += result.body;
      EXPECT_FALSE(result.certificates.empty());
    });
    Finish(client);
  }
  EXPECT_EQ(reused, "...");
}

TEST_F(HttpServiceTest, FollowsRedirectsAndDescribesTheLastHop) {
  const NginxServer server(
      Tls("location /a { return 302 /b; } location /b { return 301 /c; }"
          "location /c { return 200 'end'; }"));
  HttpOrder order = OrderOf(server.Url("/a"), ca_file_);
  order.request.follow_redirects = true;
  const HttpResult result = Fetch(order);
  EXPECT_EQ(result.failure, std::nullopt) << result.error;
  EXPECT_EQ(result.redirects, 2U);
  EXPECT_EQ(result.body, "end");
  double sum = 0;
  for (const HttpPhase phase : {HttpPhase::Connect, HttpPhase::Tls, HttpPhase::Processing}) {
    EXPECT_GT(PhaseOf(result, phase), 0);
    sum += PhaseOf(result, phase);
  }
  EXPECT_LT(sum, result.duration * 0.8);  // three hops took the whole
}

TEST_F(HttpServiceTest, ARedirectThatIsNotFollowedIsTheResponse) {
  const NginxServer server(Tls("location / { return 302 /b; }"));
  const HttpResult result = Fetch(OrderOf(server.Url(), ca_file_));
  EXPECT_EQ(result.failure, std::nullopt);
  EXPECT_EQ(result.status, 302);
}

TEST_F(HttpServiceTest, EndlessAndForeignRedirectsAreRedirectFailures) {
  const NginxServer server(
      Tls("location /loop { return 302 /loop; } location /ftp { return 302 ftp://localhost/; }"
          "location /gone { return 302 https://user:canary@nowhere.invalid/; }"));
  for (const char* path : {"/loop", "/ftp", "/gone"}) {
    HttpOrder order = OrderOf(server.Url(path), ca_file_);
    order.request.follow_redirects = true;
    order.request.max_redirects = 3;
    const HttpResult result = Fetch(order);
    EXPECT_EQ(result.failure, HttpFailure::Redirect) << path << ": " << result.error;
    EXPECT_THAT(result.error, Not(HasSubstr("canary")));
  }
}

TEST_F(HttpServiceTest, SendsMethodHeadersAndBody) {
  const NginxServer server(
      Tls("location / { return 200 '$request_method $http_x_token $content_length $content_type"
          " $http_host $http_user_agent'; }"));
  HttpOrder order = OrderOf(server.Url(), ca_file_);
  order.request.method = "PUT";
  order.request.headers = {{"X-Token", "abc"}, {"Host", "service.example"}};
  order.request.body = "four";
  EXPECT_EQ(Fetch(order).body, "PUT abc 4  service.example pathwitness");
}

TEST_F(HttpServiceTest, HeadHasNoBody) {
  const NginxServer server(Tls("location / { return 200 'hello'; }"));
  HttpOrder order = OrderOf(server.Url(), ca_file_);
  order.request.method = "HEAD";
  const HttpResult result = Fetch(order);
  EXPECT_EQ(result.failure, std::nullopt) << result.error;
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.body_bytes, 0U);
}

TEST_F(HttpServiceTest, TheServerSeesTheUrlsHostWhateverServerNameSays) {
  const NginxServer server(Tls("location / { return 200 '$http_host $ssl_server_name'; }"));
  HttpOrder order =
      OrderOf("https://service.invalid:" + std::to_string(server.Port()) + "/", ca_file_);
  order.request.tls.server_name = "localhost";
  const HttpResult result = Fetch(order);
  EXPECT_EQ(result.body, "service.invalid:" + std::to_string(server.Port()) + " localhost")
      << result.error;
}

TEST_F(HttpServiceTest, BasicAuthComesFromAFileReadForEachRequest) {
  // nginx's {PLAIN} scheme stands for a hashed password.
  const std::string users = folder_.Write("users", "user:{PLAIN}canary\n");
  const NginxServer server(Tls("auth_basic x; auth_basic_user_file " + users +
                               "; location / { root " + folder_.Path().string() + "; }"));
  folder_.Write("page", "secret page");
  HttpOrder order = OrderOf(server.Url("/page"), ca_file_);
  order.request.basic_auth_username = "user";
  order.request.basic_auth_password_file = folder_.Write("password", "wrong\n");
  EXPECT_EQ(Fetch(order).status, 401);
  folder_.Write("password", "canary\n");
  const HttpResult result = Fetch(order);
  EXPECT_EQ(result.body, "secret page");
  EXPECT_EQ(result.error, "");
}

TEST_F(HttpServiceTest, BearerTokensComeFromAFileAndAreInNoError) {
  const NginxServer server(
      Tls("location / { return 200 '$http_authorization'; } location /cut { return 444; }"));
  HttpOrder order = OrderOf(server.Url(), ca_file_);
  order.request.bearer_token_file = folder_.Write("token", "canary\n");
  EXPECT_EQ(Fetch(order).body, "Bearer canary");
  order.request.url = server.Url("/cut");
  const HttpResult cut = Fetch(order);
  EXPECT_EQ(cut.failure, HttpFailure::SendRecv);
  EXPECT_THAT(cut.error, Not(HasSubstr("canary")));
}

TEST_F(HttpServiceTest, ShowsAClientCertificate) {
  const NginxServer server(
      Tls("ssl_client_certificate " + ca_file_ +
          "; ssl_verify_client on; location / { return 200 $ssl_client_s_dn; }"));
  const TestCertificate client =
      authority_.Issue({.common_name = "prober", .dns_names = {}, .addresses = {}});
  HttpOrder order = OrderOf(server.Url(), ca_file_);
  EXPECT_EQ(Fetch(order).status, 400);
  order.request.tls.cert_file = folder_.Write("client.pem", client.CertificatePem());
  order.request.tls.key_file = folder_.Write("client.key", client.KeyPem());
  EXPECT_EQ(Fetch(order).body, "CN=prober");
}

constexpr Duration kDelay = std::chrono::milliseconds(500);

/// Every phase but resolve, which is not measured here.
void ExpectOnlySlow(const HttpResult& result, HttpPhase slow) {
  ASSERT_EQ(result.failure, std::nullopt) << result.error;
  for (const HttpPhase phase :
       {HttpPhase::Connect, HttpPhase::Tls, HttpPhase::Processing, HttpPhase::Transfer}) {
    const bool is_slow = PhaseOf(result, phase) >= ToSeconds(kDelay) * 0.98;
    EXPECT_EQ(is_slow, phase == slow)
        << kHttpPhaseNames[static_cast<std::size_t>(phase)] << PhaseOf(result, phase);
  }
}

TEST_F(HttpServiceTest, ASlowHandshakeMovesTheTlsPhaseAlone) {
  const ScriptedServer server({.before_handshake = kDelay}, &leaf_);
  ExpectOnlySlow(Fetch(OrderOf(server.Url(), ca_file_)), HttpPhase::Tls);
}

TEST_F(HttpServiceTest, ASlowAnswerMovesTheProcessingPhaseAlone) {
  const ScriptedServer server({.before_answer = kDelay}, &leaf_);
  ExpectOnlySlow(Fetch(OrderOf(server.Url(), ca_file_)), HttpPhase::Processing);
}

TEST_F(HttpServiceTest, ASlowBodyMovesTheTransferPhaseAlone) {
  const ScriptedServer server({.before_rest = kDelay}, &leaf_);
  ExpectOnlySlow(Fetch(OrderOf(server.Url(), ca_file_)), HttpPhase::Transfer);
}

}  // namespace
}  // namespace pathwitness
