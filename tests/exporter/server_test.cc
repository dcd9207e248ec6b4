#include "exporter/web/server.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/exchange.h"

namespace pathwitness {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

struct CurlAnswer {
  long status = 0;
  std::string body;
};

CurlAnswer Fetch(const std::string& url) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 &curl_easy_cleanup);
  CurlAnswer answer;
  const auto append = +[](char* bytes, std::size_t size, std::size_t count, std::string* body) {
    body->append(bytes, size * count);
    return size * count;
  };
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 10L);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_perform(curl.get());
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

HttpResponse Echo(const HttpRequest& request) {
  return {.body = request.method + "|" + request.path + "|" + request.query + "|" +
                  request.Header("x-test") + "|" + request.body,
          .headers = {{"X-Answer", "yes"}}};
}

class HttpServerTest : public testing::Test {
 protected:
  std::uint16_t Port() const { return server_.Addresses().front().port; }

  HttpServer server_{{{.host = "127.0.0.1", .port = 0}}, Echo};
};

TEST_F(HttpServerTest, TellsThePortThatTheKernelChose) {
  EXPECT_NE(Port(), 0);
}

TEST(HttpServer, LeavesTheCoresToThoseWhoMeasure) {
  const HttpServer server({{.host = "127.0.0.1", .port = 0}}, [](const HttpRequest&) {
    const int nice = getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
    return HttpResponse{.body = std::to_string(nice)};
  });
  const std::string url =
      "http://127.0.0.1:" + std::to_string(server.Addresses().front().port) + "/";
  EXPECT_EQ(Fetch(url).body, "10");
}

TEST_F(HttpServerTest, HandsOverTheRequestAsItWasSent) {
  const std::string answer = Exchange(Port(),
                                      "POST /a%20b/../c?x=%41 HTTP/1.1\r\nHost: h\r\nX-TEST: v\r\n"
                                      "Content-Length: 4\r\n\r\nbody");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("X-Answer: yes\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\nPOST|/a%20b/../c|x=%41|v|body"));
}

TEST_F(HttpServerTest, AClientLibraryIsServed) {
  const CurlAnswer answer =
      Fetch("http://" + server_.Addresses().front().ToString() + "/metrics?a=b");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "GET|/metrics|a=b||");
}

TEST_F(HttpServerTest, HeadHasTheLengthButNoBody) {
  const std::string answer = Exchange(Port(), "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 9\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

/// Answers every request with these pieces.
HttpHandler InPieces(std::vector<std::string> pieces) {
  return [pieces = std::move(pieces)](const HttpRequest&) {
    return HttpResponse{.write_body = [pieces](const BodySink& sink) {
      for (const std::string& piece : pieces) {
        sink(piece);
      }
    }};
  };
}

std::string Answer(HttpHandler handler, std::string_view request) {
  const HttpServer server({{.host = "127.0.0.1", .port = 0}}, std::move(handler));
  return Exchange(server.Addresses().front().port, request);
}

TEST(HttpServerPieces, ManyGoInChunks) {
  const std::string answer =
      Answer(InPieces({"first", " and ", "last"}), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n5\r\nfirst\r\n5\r\n and \r\n4\r\nlast\r\n0\r\n\r\n"));
}

TEST(HttpServerPieces, OneHasItsLength) {
  const std::string answer = Answer(InPieces({"all"}), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 3\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nall"));
}

TEST(HttpServerPieces, AnOldClientGetsNoChunks) {
  const std::string answer = Answer(InPieces({"first", "last"}), "GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nfirstlast"));
}

TEST(HttpServerPieces, HeadHasNone) {
  const std::string answer =
      Answer(InPieces({"first", "last"}), "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST(HttpServerPieces, AreNoLongerAskedForWhenTheClientIsGone) {
  std::promise<void> stopped;
  const auto endless = [&](const HttpRequest&) {
    return HttpResponse{.write_body = [&](const BodySink& sink) {
      const std::string piece(1U << 20U, 'x');
      while (sink(piece)) {
      }
      stopped.set_value();
    }};
  };
  const HttpServer server({{.host = "127.0.0.1", .port = 0}}, endless);
  const int client = ConnectToLoopback(server.Addresses().front().port);
  const std::string_view request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  ASSERT_EQ(::send(client, request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  ::close(client);
  EXPECT_EQ(stopped.get_future().wait_for(10s), std::future_status::ready);
}

TEST_F(HttpServerTest, ABodyThatIsTooLargeIsRefused) {
  const std::string answer =
      Exchange(Port(), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65537\r\n\r\n" +
                           std::string(65537, 'x'));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, HeadersThatAreTooLargeAreRefused) {
  const std::string answer = Exchange(
      Port(), "GET / HTTP/1.1\r\nHost: h\r\nX-Long: " + std::string(20'000, 'x') + "\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 4"));
}

// The library keeps 64 fields, and would let the one that tells of another site drop.
TEST_F(HttpServerTest, MoreHeadersThanAreSeenAreRefused) {
  std::string head = "POST / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 63; ++i) {
    head += "X-Many: yes\r\n";
  }
  EXPECT_THAT(Exchange(Port(), head + "Sec-Fetch-Site: cross-site\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, WhereARequestEndsMustBeClear) {
  for (const char* fields : {"Content-Length: 4\r\nContent-Length: 0\r\n", "Content-Length: 4x\r\n",
                             "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
                             "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"}) {
    EXPECT_THAT(
        Exchange(Port(), std::string("POST / HTTP/1.1\r\nHost: h\r\n") + fields + "\r\nbody"),
        StartsWith("HTTP/1.1 400 "))
        << fields;
  }
}

TEST_F(HttpServerTest, ChunksAreReadAndBrokenOnesRefused) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_THAT(Exchange(Port(), head + "3;ext=1\r\nbod\r\n1\r\ny\r\n0\r\nTrailer: t\r\n\r\n"),
              EndsWith("|body"));
  for (const std::string& body :
       {std::string("-1\r\nx\r\n0\r\n\r\n"), std::string("zz\r\n"), std::string("3\r\nbodyX"),
        std::string(100, '0') + "3\r\nbod\r\n0\r\n\r\n",
        "ffffffffffffffff\r\n" + std::string(70'000, 'x')}) {
    EXPECT_THAT(Exchange(Port(), head + body), StartsWith("HTTP/1.1 413 ")) << body.substr(0, 20);
  }
}

TEST_F(HttpServerTest, OneRequestIsAnsweredHoweverManyAreSent) {
  const std::string one = "GET /a HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n";
  const std::string answer = Exchange(Port(), one + one + one);
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(answer.find("HTTP/1.1 200", 1), std::string::npos) << answer;
}

TEST_F(HttpServerTest, WhatIsNoPathOfThisServerIsNotAnswered) {
  for (const char* line :
       {"GET http://other.example/ HTTP/1.1", "OPTIONS * HTTP/1.1",
        "CONNECT other.example:443 HTTP/1.1", "TRACE / HTTP/1.1", "PRI * HTTP/2.0", "GET /"}) {
    EXPECT_THAT(Exchange(Port(), std::string(line) + "\r\nHost: h\r\n\r\n"),
                Not(HasSubstr(" 200 ")))
        << line;
  }
}

TEST_F(HttpServerTest, NothingIsKeptByBrowsersAndProxies) {
  EXPECT_THAT(Exchange(Port(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
              HasSubstr("\r\nCache-Control: no-store\r\n"));
}

TEST_F(HttpServerTest, MalformedRequestsAreRefusedAndTheServerLivesOn) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view request :
       {"GET / HTTP/1.1\r\nHost: h\r\nX: \0\r\n\r\n"sv, "GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "\x16\x03\x01\x02\r\n\r\n"sv, "GET\r\n\r\n"sv, "GET / HTTP/9.9\r\n\r\n"sv,
        "GET nowhere HTTP/1.1\r\nHost: h\r\n\r\n"sv}) {
    EXPECT_THAT(Exchange(Port(), request), Not(HasSubstr(" 200 "))) << request;
  }
  EXPECT_THAT(Exchange(Port(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n"), HasSubstr(" 200 "));
}

TEST_F(HttpServerTest, AnAddressInUseIsOneLineThatNamesItAndTheRemedy) {
  const ListenAddress taken = server_.Addresses().front();
  try {
    const HttpServer second({taken}, Echo);
    FAIL() << "bound twice";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(taken.ToString()));
    EXPECT_THAT(error.what(), HasSubstr("Address already in use"));
    EXPECT_THAT(error.what(), HasSubstr("--web.listen-address"));
    EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
  }
}

TEST(HttpServer, StopsAtOnceThoughAClientIsSilent) {
  auto server = std::make_optional<HttpServer>(
      std::vector<ListenAddress>{{.host = "127.0.0.1", .port = 0}}, Echo);
  const int silent = ConnectToLoopback(server->Addresses().front().port);
  ASSERT_GE(silent, 0);
  const auto start = std::chrono::steady_clock::now();
  server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1s);
  ::close(silent);
}

TEST(HttpServer, ListensOnSeveralAddresses) {
  const HttpServer server({{.host = "127.0.0.1", .port = 0}, {.host = "127.0.0.2", .port = 0}},
                          Echo);
  for (const ListenAddress& address : server.Addresses()) {
    EXPECT_EQ(Fetch("http://" + address.ToString() + "/").status, 200) << address.ToString();
  }
}

TEST(HttpServer, ListensOnIpv6) {
  const HttpServer server({{.host = "::1", .port = 0}}, Echo);
  EXPECT_EQ(Fetch("http://" + server.Addresses().front().ToString() + "/").status, 200);
}

TEST(HttpServer, AnEmptyHostIsBothFamilies) {
  const HttpServer server({{.host = "", .port = 0}}, Echo);
  const std::string port = std::to_string(server.Addresses().front().port);
  EXPECT_EQ(Fetch("http://127.0.0.1:" + port + "/").status, 200);
  EXPECT_EQ(Fetch("http://[::1]:" + port + "/").status, 200);
}

/// A socket that listens at a port of the kernel's choice, as a service manager hands it over.
InheritedSocket ListeningAt(const std::string& host) {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  const int descriptor = socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
  sockaddr_in ipv4{.sin_family = AF_INET};
  sockaddr_in6 ipv6{.sin6_family = AF_INET6};
  inet_pton(AF_INET, host.c_str(), &ipv4.sin_addr);
  inet_pton(AF_INET6, host.c_str(), &ipv6.sin6_addr);
  auto* const address =
      is_ipv6 ? reinterpret_cast<sockaddr*>(&ipv6) : reinterpret_cast<sockaddr*>(&ipv4);
  socklen_t length = is_ipv6 ? sizeof ipv6 : sizeof ipv4;
  EXPECT_EQ(bind(descriptor, address, length), 0);
  EXPECT_EQ(listen(descriptor, 10), 0);
  getsockname(descriptor, address, &length);
  return {.descriptor = descriptor,
          .address = {.host = host, .port = ntohs(is_ipv6 ? ipv6.sin6_port : ipv4.sin_port)}};
}

TEST(HttpServer, AnswersAtSocketsThatListenAlready) {
  const HttpServer server({ListeningAt("127.0.0.1"), ListeningAt("::1")}, Echo);
  ASSERT_EQ(server.Addresses().size(), 2U);
  for (const ListenAddress& address : server.Addresses()) {
    EXPECT_EQ(Fetch("http://" + address.ToString() + "/").status, 200) << address.ToString();
  }
}

TEST(HttpServer, ClosesTheSocketsThatItWasGiven) {
  const InheritedSocket inherited = ListeningAt("127.0.0.1");
  { const HttpServer server({inherited}, Echo); }
  EXPECT_LT(ConnectToLoopback(inherited.address.port), 0);
}

TEST(HttpServer, AThrowingHandlerIs500) {
  const HttpServer server(
      {{.host = "127.0.0.1", .port = 0}},
      [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("broken"); });
  EXPECT_EQ(Fetch("http://" + server.Addresses().front().ToString() + "/").status, 500);
}

TEST(ListenAddress, ReadsItsThreeForms) {
  EXPECT_EQ(ListenAddress::Parse(":10059"), (ListenAddress{"", 10059}));
  EXPECT_EQ(ListenAddress::Parse("127.0.0.1:0"), (ListenAddress{"127.0.0.1", 0}));
  EXPECT_EQ(ListenAddress::Parse("localhost:1"), (ListenAddress{"localhost", 1}));
  EXPECT_EQ(ListenAddress::Parse("[2001:db8::1]:9"), (ListenAddress{"2001:db8::1", 9}));
}

TEST(ListenAddress, RefusesAllElse) {
  for (const char* text : {"", ":", "10059", "host", "host:", "::1:9", "[::1]", "[::1]9", ":65536",
                           ":-1", ":+1", ":1s", "a,b:1", "+:1", "[h]:1", "a b:1", "[]:1"}) {
    EXPECT_EQ(ListenAddress::Parse(text), std::nullopt) << text;
  }
}

TEST(ListenAddress, IsWrittenAsItIsRead) {
  for (const char* text : {":10059", "127.0.0.1:0", "[::1]:9"}) {
    EXPECT_EQ(ListenAddress::Parse(text)->ToString(), text);
  }
}

}  // namespace
}  // namespace pathwitness
