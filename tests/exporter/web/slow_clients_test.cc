#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/web/server.h"
#include "exporter/web/web_counters.h"
#include "exporter/web/web_gate.h"
#include "probes/base/time.h"
#include "tests/support/exchange.h"
#include "tests/support/recording_log.h"
#include "tests/support/test_certificates.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// A connection from an address of this machine's loopback network; closed at the end.
class Client {
 public:
  Client(std::uint16_t port, const char* from) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    inet_pton(AF_INET, from, &address.sin_addr);
    bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    address.sin_port = htons(port);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    is_connected_ =
        connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() {
    if (socket_ >= 0) {
      close(socket_);
    }
  }
  Client(Client&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), is_connected_(other.is_connected_) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Client& operator=(Client&&) = delete;

  bool IsConnected() const { return is_connected_; }
  void Send(std::string_view text) const { send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }

  /// Whether the server closes within `patience`; whatever it says before is skipped.
  bool IsClosedWithin(std::chrono::milliseconds patience) const {
    const auto end = std::chrono::steady_clock::now() + patience;
    pollfd readable{.fd = socket_, .events = POLLIN, .revents = 0};
    std::array<char, 4096> skipped{};
    while (std::chrono::steady_clock::now() < end) {
      if (poll(&readable, 1, 10) == 1 && recv(socket_, skipped.data(), skipped.size(), 0) <= 0) {
        return true;
      }
    }
    return false;
  }

 private:
  int socket_;
  bool is_connected_ = false;
};

std::string WebConfigWithTls(const TestFolder& folder) {
  const TestCertificate certificate = TestCertificate::SelfSigned({});
  folder.Write("server.crt", certificate.CertificatePem());
  folder.Write("server.key", certificate.KeyPem());
  return folder.Write("web.yml",
                      "tls_server_config: {cert_file: server.crt, key_file: server.key}\n");
}

class SlowClientsTest : public testing::Test {
 protected:
  static HttpResponse Answer(const HttpRequest&) { return {.body = "page"}; }
  std::uint16_t Port() const { return server_.Addresses().front().port; }
  std::uint16_t TlsPort() const { return tls_server_.Addresses().front().port; }

  const TestFolder folder_;
  SystemClock clock_;
  RecordingLog log_;
  WebCounters counters_;
  WebGate gate_{WebConfigWithTls(folder_), counters_, clock_, log_};
  HttpServer server_{{{.host = "127.0.0.1", .port = 0}}, Answer};
  HttpServer tls_server_{{{.host = "127.0.0.1", .port = 0}}, Answer, &gate_};
};

/// One way of being slow: what is sent at first, and then every 100 ms.
struct Dawdler {
  std::string_view name;
  Client client;
  std::string_view drop;
  bool is_cut_off = false;
};

TEST_F(SlowClientsTest, WhoeverTakesTooLongIsCutOff) {
  std::vector<Dawdler> dawdlers;
  dawdlers.push_back({"silent", Client(Port(), "127.0.0.1"), ""});
  dawdlers.push_back({"headers", Client(Port(), "127.0.0.1"), "X: y\r\n"});
  dawdlers.back().client.Send("GET / HTTP/1.1\r\nHost: h\r\n");
  dawdlers.push_back({"body", Client(Port(), "127.0.0.1"), "x"});
  dawdlers.back().client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n");
  // Refused at once; what follows is read for a moment, so that it gets to see why.
  dawdlers.push_back({"unwanted body", Client(Port(), "127.0.0.1"), "x"});
  dawdlers.back().client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n");
  dawdlers.push_back({"handshake", Client(TlsPort(), "127.0.0.1"), ""});
  dawdlers.back().client.Send("\x16\x03\x01");
  const auto end = std::chrono::steady_clock::now() + 10s;  // the server's are 5 s, and 1 s to look
  while (std::chrono::steady_clock::now() < end &&
         !std::ranges::all_of(dawdlers, &Dawdler::is_cut_off)) {
    for (Dawdler& dawdler : dawdlers) {
      dawdler.client.Send(dawdler.drop);
      dawdler.is_cut_off = dawdler.is_cut_off || dawdler.client.IsClosedWithin(25ms);
    }
  }
  for (const Dawdler& dawdler : dawdlers) {
    EXPECT_TRUE(dawdler.is_cut_off) << dawdler.name;
  }
}

TEST_F(SlowClientsTest, TwoHundredSlowOnesDoNotKeepOthersWaiting) {
  std::vector<Client> crowd;
  for (int i = 0; i < 200; ++i) {
    crowd.emplace_back(Port(), "127.0.0.1");
    ASSERT_TRUE(crowd.back().IsConnected()) << i;
    crowd.back().Send("GET / HTTP/1.1\r\nX: ");
  }
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(Exchange(Port(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n"), HasSubstr(" 200 "));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);  // well below the patience
}

TEST_F(SlowClientsTest, OneAddressCannotTakeAllPlaces) {
  std::vector<Client> crowd;
  for (std::size_t i = 0; i < HttpServer::kMostConnections; ++i) {
    crowd.emplace_back(Port(), "127.0.0.2");
  }
  EXPECT_TRUE(crowd.back().IsClosedWithin(2s));
  EXPECT_FALSE(crowd.front().IsClosedWithin(0s));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(Exchange(Port(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n"), HasSubstr(" 200 "));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
}

}  // namespace
}  // namespace pathwitness
