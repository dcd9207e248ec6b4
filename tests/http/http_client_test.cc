#include "probes/http/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/http/fetch.h"
#include "tests/support/loopback.h"
#include "tests/support/scripted_server.h"
#include "tests/support/test_certificates.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Servers in this process: an authority whose certificate is trusted by TrustedOrder.
class HttpClientTest : public testing::Test {
 protected:
  TestFolder folder_;
  TestCertificate authority_ = TestCertificate::Authority("Test Authority");
  TestCertificate leaf_ = authority_.Issue({});
  std::string ca_file_ = folder_.Write("ca.pem", authority_.CertificatePem());
};

TEST_F(HttpClientTest, GivesTheBodyTheHeadersAndTheStatus) {
  const ScriptedServer server(
      {.answer = "HTTP/1.1 201 Created\r\nX-Name:  some value \r\nContent-Length: 5\r\n\r\nhe"},
      &leaf_);
  const HttpResult result = Fetch(OrderOf(server.Url(), ca_file_));
  EXPECT_EQ(result.failure, std::nullopt) << result.error;
  EXPECT_EQ(result.status, 201);
  EXPECT_EQ(result.body, "hello");
  EXPECT_EQ(result.body_bytes, 5U);
  EXPECT_THAT(result.headers, testing::Contains(testing::Pair("x-name", "some value")));
  EXPECT_EQ(result.http_version, "1.1");
  EXPECT_EQ(result.tls_version, "TLSv1.3");
  EXPECT_FALSE(result.tls_cipher.empty());
  EXPECT_EQ(result.is_verified, true);
}

TEST_F(HttpClientTest, SaysWhichAddressesItUsed) {
  const ScriptedServer server({}, nullptr);
  const HttpResult result = Fetch(OrderOf(server.Url()));
  EXPECT_EQ(result.address, "127.0.0.1");
  EXPECT_EQ(result.source_address, "127.0.0.1");
  EXPECT_EQ(result.port, server.Port());
}

TEST_F(HttpClientTest, ConnectsToTheGivenAddressWhateverTheName) {
  const ScriptedServer server({}, nullptr);
  const auto url = "http://service.invalid:" + std::to_string(server.Port()) + "/";
  EXPECT_EQ(Fetch(OrderOf(url)).status, 200);
}

TEST_F(HttpClientTest, LeavesFromTheConfiguredSourceAddress) {
  const ScriptedServer server({}, nullptr);
  HttpOrder order = OrderOf(server.Url());
  order.route.source_addresses = {*IpAddress::Parse("::1"), *IpAddress::Parse("127.0.0.9")};
  EXPECT_EQ(Fetch(order).source_address, "127.0.0.9");
}

TEST_F(HttpClientTest, AnInterfaceThatIsNotThereIsOurOwnFault) {
  const ScriptedServer server({}, nullptr);
  HttpOrder order = OrderOf(server.Url());
  order.route.interface = "no-such-if0";
  const HttpResult result = Fetch(order);
  EXPECT_EQ(result.failure, HttpFailure::Internal);
  EXPECT_THAT(result.error, HasSubstr("no-such-if0"));
}

TEST_F(HttpClientTest, APlainRequestHasNoTlsPhaseAndNoCertificate) {
  const ScriptedServer server({}, nullptr);
  const HttpResult result = Fetch(OrderOf(server.Url()));
  EXPECT_EQ(result.phases[static_cast<std::size_t>(HttpPhase::Tls)], std::nullopt);
  EXPECT_EQ(result.is_verified, std::nullopt);
  EXPECT_EQ(result.tls_version, "");
}

TEST_F(HttpClientTest, TheResolvePhaseIsWhatTheResolverTook) {
  const ScriptedServer server({}, nullptr);
  HttpOrder order = OrderOf(server.Url());
  order.resolve_seconds = 0.125;
  const HttpResult result = Fetch(order);
  EXPECT_EQ(PhaseOf(result, HttpPhase::Resolve), 0.125);
  EXPECT_GE(result.duration, 0.125);
}

TEST_F(HttpClientTest, PhasesDoNotOverlap) {
  const ScriptedServer server({}, &leaf_);
  HttpOrder order = OrderOf(server.Url(), ca_file_);
  order.resolve_seconds = 0.125;
  const HttpResult result = Fetch(order);
  double sum = 0;
  for (const auto& phase : result.phases) {
    ASSERT_TRUE(phase.has_value());
    sum += *phase;
  }
  EXPECT_LE(sum, result.duration + 1e-5);
  EXPECT_GE(sum, result.duration * 0.5);
}

TEST_F(HttpClientTest, GivesTheKernelsRoundTripTime) {
  const ScriptedServer server({}, &leaf_);
  const HttpResult result = Fetch(OrderOf(server.Url(), ca_file_));
  ASSERT_TRUE(result.tcp_rtt.has_value());
  EXPECT_GT(*result.tcp_rtt, 0);
  EXPECT_LT(*result.tcp_rtt, 10);
}

TEST_F(HttpClientTest, AClosedPortIsRefused) {
  const auto [listener, port] = ListenOnLoopback();
  close(listener);
  const HttpResult result = Fetch(OrderOf("https://localhost:" + std::to_string(port), ca_file_));
  EXPECT_EQ(result.failure, HttpFailure::ConnectRefused) << result.error;
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.address, "127.0.0.1");
  EXPECT_EQ(result.port, port);
  EXPECT_EQ(result.tcp_rtt, std::nullopt);
  for (const HttpPhase phase : {HttpPhase::Connect, HttpPhase::Tls, HttpPhase::Processing}) {
    EXPECT_EQ(result.phases[static_cast<std::size_t>(phase)], std::nullopt);
  }
}

TEST_F(HttpClientTest, AFullQueueIsAConnectTimeout) {
  const auto [listener, port] = ListenOnLoopback("127.0.0.1", 0);
  std::vector<int> queued;  // fill the accept queue: the kernel then drops further SYNs
  for (int i = 0; i < 4; ++i) {
    queued.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    ConnectToLoopback(queued.back(), port);
  }
  HttpOrder order = OrderOf("http://localhost:" + std::to_string(port));
  order.request.timeout = std::chrono::milliseconds(200);
  const HttpResult result = Fetch(order);
  EXPECT_EQ(result.failure, HttpFailure::ConnectTimeout) << result.error;
  EXPECT_GE(result.duration, 0.199);
  EXPECT_EQ(result.phases[static_cast<std::size_t>(HttpPhase::Connect)], std::nullopt);
  for (const int descriptor : queued) {
    close(descriptor);
  }
  close(listener);
}

TEST_F(HttpClientTest, ASilentServerIsATimeoutAfterTheConnection) {
  const ScriptedServer server({.before_answer = std::chrono::seconds(30)}, nullptr);
  HttpOrder order = OrderOf(server.Url());
  order.request.timeout = std::chrono::milliseconds(200);
  const HttpResult result = Fetch(order);
  EXPECT_EQ(result.failure, HttpFailure::Timeout) << result.error;
  EXPECT_TRUE(result.phases[static_cast<std::size_t>(HttpPhase::Connect)].has_value());
  EXPECT_EQ(result.phases[static_cast<std::size_t>(HttpPhase::Processing)], std::nullopt);
}

TEST_F(HttpClientTest, AResetInTheBodyIsSendRecv) {
  const ScriptedServer server({.rest = "", .has_reset = true}, &leaf_);
  EXPECT_EQ(Fetch(OrderOf(server.Url(), ca_file_)).failure, HttpFailure::SendRecv);
}

TEST_F(HttpClientTest, ABodyCutShortIsSendRecvWithTheStatusKept) {
  const ScriptedServer server({.rest = ""}, &leaf_);
  const HttpResult result = Fetch(OrderOf(server.Url(), ca_file_));
  EXPECT_EQ(result.failure, HttpFailure::SendRecv) << result.error;
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.phases[static_cast<std::size_t>(HttpPhase::Transfer)], std::nullopt);
}

TEST_F(HttpClientTest, AServerThatSpeaksNoTlsIsAHandshakeFailure) {
  const ScriptedServer server({.greeting = "220 mail.invalid ESMTP\r\n"}, nullptr);
  const HttpResult result =
      Fetch(OrderOf("https://localhost:" + std::to_string(server.Port()), ca_file_));
  EXPECT_EQ(result.failure, HttpFailure::TlsHandshake) << result.error;
  EXPECT_EQ(result.is_verified, std::nullopt);
}

TEST_F(HttpClientTest, ReadsNoMoreThanTheLimitAndIsContent) {
  const std::string body(100'000, 'x');
  const ScriptedServer server(
      {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", .rest = body}, nullptr);
  HttpOrder order = OrderOf(server.Url());
  order.request.max_body_bytes = 1000;
  const HttpResult result = Fetch(order);
  EXPECT_EQ(result.failure, std::nullopt) << result.error;
  EXPECT_EQ(result.body, std::string(1000, 'x'));
  EXPECT_EQ(result.body_bytes, 1000U);
}

TEST_F(HttpClientTest, EndlessHeadersAreRefused) {
  std::string answer = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 100; ++i) {
    answer += "X-" + std::to_string(i) + ": " + std::string(1000, 'x') + "\r\n";
  }
  const ScriptedServer server({.answer = answer + "\r\n", .rest = ""}, nullptr);
  const HttpResult result = Fetch(OrderOf(server.Url()));
  EXPECT_EQ(result.failure, HttpFailure::SendRecv);
  EXPECT_THAT(result.error, HasSubstr("64 KiB"));
}

TEST_F(HttpClientTest, ReadsRetryAfter) {
  const ScriptedServer server(
      {.answer = "HTTP/1.1 429 Slow down\r\nRetry-After: 17\r\nContent-Length: 5\r\n\r\nhe"},
      nullptr);
  const HttpResult result = Fetch(OrderOf(server.Url()));
  EXPECT_EQ(result.status, 429);
  EXPECT_EQ(result.retry_after, std::chrono::seconds(17));
}

TEST_F(HttpClientTest, AnUnreadableSecretFileIsOurOwnFaultAndNamesTheFile) {
  const ScriptedServer server({}, nullptr);
  HttpOrder order = OrderOf(server.Url());
  order.request.bearer_token_file = "/nowhere/token";
  const HttpResult result = Fetch(order);
  EXPECT_EQ(result.failure, HttpFailure::Internal);
  EXPECT_THAT(result.error, HasSubstr("/nowhere/token"));
}

TEST_F(HttpClientTest, AnUnreadableAuthorityFileIsOurOwnFaultAndNamesTheFile) {
  const ScriptedServer server({}, &leaf_);
  const HttpResult result = Fetch(OrderOf(server.Url(), "/nowhere/ca.pem"));
  EXPECT_EQ(result.failure, HttpFailure::Internal);
  EXPECT_THAT(result.error, HasSubstr("/nowhere/ca.pem"));
}

TEST_F(HttpClientTest, AnUnreadableClientCertificateIsOurOwnFault) {
  const ScriptedServer server({}, &leaf_);
  HttpOrder order = OrderOf(server.Url(), ca_file_);
  order.request.tls.cert_file = "/nowhere/client.pem";
  order.request.tls.key_file = "/nowhere/client.key";
  EXPECT_EQ(Fetch(order).failure, HttpFailure::Internal);
}

TEST_F(HttpClientTest, AProxysPasswordIsInNoError) {
  HttpOrder order = OrderOf("https://localhost/", ca_file_);
  for (const char* proxy : {"ftp://user:canary@127.0.0.1:1", "http://user:canary@[bad"}) {
    order.request.proxy = proxy;
    const HttpResult result = Fetch(order);
    EXPECT_TRUE(result.failure.has_value());
    EXPECT_THAT(result.error, Not(HasSubstr("canary")));
  }
}

TEST_F(HttpClientTest, AProxyThatRefusesIsTheProxysFault) {
  const ScriptedServer proxy({.answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nhe"},
                             nullptr);
  HttpOrder order = OrderOf("https://service.invalid/", ca_file_);
  order.request.proxy = "http://127.0.0.1:" + std::to_string(proxy.Port());
  const HttpResult result = Fetch(order);
  EXPECT_EQ(result.failure, HttpFailure::Proxy) << result.error;
}

TEST_F(HttpClientTest, TheServiceBehindAWorkingProxyAnswers) {
  const ScriptedServer proxy({}, nullptr);
  HttpOrder order = OrderOf("http://service.invalid/");
  order.request.proxy = "http://127.0.0.1:" + std::to_string(proxy.Port());
  EXPECT_EQ(Fetch(order).status, 200);
}

struct BadChain {
  const char* name;
  TestCertificate certificate;
};

TEST_F(HttpClientTest, ARefusedCertificateIsStillShownWithItsDates) {
  const auto hours = [](int count) { return std::chrono::hours(count); };
  const std::vector<BadChain> chains = {
      {"expired", authority_.Issue({.valid_from = -hours(48), .valid_to = -hours(24)})},
      {"not yet valid", authority_.Issue({.valid_from = hours(24), .valid_to = hours(48)})},
      {"another host", authority_.Issue({.dns_names = {"other.invalid"}, .addresses = {}})},
      {"self-signed", TestCertificate::SelfSigned({})},
      {"unknown authority", TestCertificate::Authority("Stranger").Issue({})}};
  for (const auto& [name, certificate] : chains) {
    SCOPED_TRACE(name);
    const ScriptedServer server({}, &certificate);
    const HttpResult result = Fetch(OrderOf(server.Url(), ca_file_));
    EXPECT_EQ(result.failure, HttpFailure::TlsVerify) << result.error;
    EXPECT_EQ(result.is_verified, false);
    ASSERT_EQ(result.certificates.size(), 1U);
    EXPECT_EQ(result.certificates[0].not_before, certificate.NotBefore());
    EXPECT_EQ(result.certificates[0].not_after, certificate.NotAfter());
    EXPECT_EQ(result.status, 0);
  }
}

TEST_F(HttpClientTest, SkippingVerificationStillTellsTheTruth) {
  const TestCertificate stranger = TestCertificate::SelfSigned({});
  const TestCertificate misnamed =
      authority_.Issue({.dns_names = {"other.invalid"}, .addresses = {}});
  const auto verified = [this](const TestCertificate& certificate) {
    const ScriptedServer server({}, &certificate);
    HttpOrder order = OrderOf(server.Url(), ca_file_);
    order.request.tls.insecure_skip_verify = true;
    const HttpResult result = Fetch(order);
    EXPECT_EQ(result.failure, std::nullopt) << result.error;
    return result.is_verified;
  };
  EXPECT_EQ(verified(stranger), false);
  EXPECT_EQ(verified(misnamed), false);
  EXPECT_EQ(verified(leaf_), true);
}

TEST_F(HttpClientTest, TheServerNameReplacesTheHostInTheHandshakeOnly) {
  const TestCertificate named = authority_.Issue({.dns_names = {"inner.invalid"}, .addresses = {}});
  const ScriptedServer server({}, &named);
  HttpOrder order = OrderOf(server.Url(), ca_file_);
  order.request.tls.server_name = "inner.invalid";
  const HttpResult result = Fetch(order);
  EXPECT_EQ(result.failure, std::nullopt) << result.error;
  EXPECT_EQ(result.is_verified, true);
}

TEST_F(HttpClientTest, AnAuthorityFileThatWasReplacedIsReadAgain) {
  const SystemClock clock;
  HttpClient client(clock);
  const TestCertificate stranger = TestCertificate::Authority("Stranger");
  const std::string file = folder_.Write("rotated.pem", stranger.CertificatePem());
  const ScriptedServer server({}, &leaf_);
  std::vector<std::optional<HttpFailure>> failures;
  const auto note = [&failures](HttpResult result) { failures.push_back(result.failure); };
  client.Start(OrderOf(server.Url(), file), note);
  Finish(client);
  folder_.Write("rotated.pem", authority_.CertificatePem());
  const auto later = std::filesystem::last_write_time(file) + std::chrono::seconds(1);
  std::filesystem::last_write_time(file, later);  // file times tick in milliseconds
  client.Start(OrderOf(server.Url(), file), note);
  Finish(client);
  EXPECT_THAT(failures, testing::ElementsAre(HttpFailure::TlsVerify, std::nullopt));
}

TEST_F(HttpClientTest, StartNeverCallsBackItself) {
  const SystemClock clock;
  HttpClient client(clock);
  int calls = 0;
  client.Start(OrderOf("no url at all"), [&calls](HttpResult) { ++calls; });
  EXPECT_EQ(calls, 0);
  EXPECT_LE(client.NextDeadline(), clock.Now());
  client.Turn(clock.Now());
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(client.InFlight(), 0U);
  EXPECT_EQ(client.NextDeadline(), MonoTime::max());
}

TEST_F(HttpClientTest, ADestroyedClientCallsNobody) {
  const ScriptedServer server({.before_answer = std::chrono::seconds(30)}, nullptr);
  int calls = 0;
  {
    const SystemClock clock;
    HttpClient client(clock);
    client.Start(OrderOf(server.Url()), [&calls](HttpResult) { ++calls; });
    client.Turn(clock.Now());
    EXPECT_EQ(client.InFlight(), 1U);
  }
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace pathwitness
