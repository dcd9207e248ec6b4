#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "exporter/web/server.h"
#include "exporter/web/web_counters.h"
#include "exporter/web/web_gate.h"
#include "probes/base/time.h"
#include "tests/support/exchange.h"
#include "tests/support/recording_log.h"
#include "tests/support/test_certificates.h"
#include "tests/support/test_folder.h"

// What a client may not do with TLS itself, asked by OpenSSL as a client.
namespace pathwitness {
namespace {

using testing::HasSubstr;

std::string WebConfigWithTls(const TestFolder& folder) {
  const TestCertificate certificate = TestCertificate::SelfSigned({});
  folder.Write("server.crt", certificate.CertificatePem());
  folder.Write("server.key", certificate.KeyPem());
  return folder.Write("web.yml",
                      "tls_server_config: {cert_file: server.crt, key_file: server.key}\n");
}

/// A connection over TLS that does not ask who the server is.
class TlsClient {
 public:
  TlsClient(SSL_CTX* context, std::uint16_t port)
      : socket_(ConnectToLoopback(port)), tls_(SSL_new(context), &SSL_free) {
    SSL_set_fd(tls_.get(), socket_);
  }
  ~TlsClient() { close(socket_); }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  SSL* Get() const { return tls_.get(); }

  bool Handshake() const { return SSL_connect(tls_.get()) == 1; }

  void Send(std::string_view text) const {
    SSL_write(tls_.get(), text.data(), static_cast<int>(text.size()));
  }

  /// All until the server closes.
  std::string Receive() const {
    std::string answer;
    std::array<char, 4096> chunk{};
    int count = 0;
    while ((count = SSL_read(tls_.get(), chunk.data(), static_cast<int>(chunk.size()))) > 0) {
      answer.append(chunk.data(), static_cast<std::size_t>(count));
    }
    return answer;
  }

 private:
  int socket_;
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_;
};

class TlsHandshakeTest : public testing::TestWithParam<int> {
 protected:
  TlsHandshakeTest() {
    SSL_CTX_set_max_proto_version(context_.get(), GetParam());
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT);
  }

  std::uint16_t Port() const { return server_.Addresses().front().port; }

  const TestFolder folder_;
  SystemClock clock_;
  RecordingLog log_;
  WebCounters counters_;
  WebGate gate_{WebConfigWithTls(folder_), counters_, clock_, log_};
  HttpServer server_{{{.host = "127.0.0.1", .port = 0}},
                     [](const HttpRequest&) { return HttpResponse{.body = "page"}; },
                     &gate_};
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{SSL_CTX_new(TLS_client_method()),
                                                             &SSL_CTX_free};
};

TEST_P(TlsHandshakeTest, ASessionIsNotResumed) {
  std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> session(nullptr, &SSL_SESSION_free);
  for (int visit = 0; visit < 2; ++visit) {
    const TlsClient client(context_.get(), Port());
    if (session != nullptr) {
      SSL_set_session(client.Get(), session.get());
    }
    ASSERT_TRUE(client.Handshake());
    client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(client.Receive(), HasSubstr("page"));
    EXPECT_EQ(SSL_session_reused(client.Get()), 0) << visit;
    session.reset(SSL_get1_session(client.Get()));
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsHandshakeTest,
                         testing::Values(TLS1_2_VERSION, TLS1_3_VERSION), [](const auto& test) {
                           return test.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
                         });

class Tls12Test : public TlsHandshakeTest {};

TEST_P(Tls12Test, RenegotiationIsRefused) {
  const TlsClient client(context_.get(), Port());
  ASSERT_TRUE(client.Handshake());
  client.Send("GET / HTTP/1.1\r\n");
  ERR_clear_error();
  ASSERT_EQ(SSL_renegotiate(client.Get()), 1);
  EXPECT_LE(SSL_do_handshake(client.Get()), 0);
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_NO_RENEGOTIATION);
}

INSTANTIATE_TEST_SUITE_P(Version, Tls12Test, testing::Values(TLS1_2_VERSION),
                         [](const auto&) { return "Tls12"; });

}  // namespace
}  // namespace pathwitness
