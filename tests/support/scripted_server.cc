#include "tests/support/scripted_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <tuple>
#include <utility>

#include "tests/support/loopback.h"

namespace pathwitness {
namespace {

void BlockBrokenPipeSignal() {
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
}

SSL_CTX* ContextFor(const TestCertificate& certificate) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(context, &certificate.Certificate());
  SSL_CTX_use_PrivateKey(context, &certificate.Key());
  return context;
}

/// A connection's bytes, with or without TLS.
class Stream {
 public:
  Stream(int connection, SSL_CTX* context) : connection_(connection) {
    if (context != nullptr) {
      tls_.reset(SSL_new(context));
      SSL_set_fd(tls_.get(), connection);
    }
  }

  bool Greet() { return tls_ == nullptr || SSL_accept(tls_.get()) == 1; }

  bool ReadRequest() {
    std::string request;
    std::array<char, 4096> part{};
    while (request.find("\r\n\r\n") == std::string::npos) {
      const auto size = tls_ == nullptr
                            ? static_cast<int>(recv(connection_, part.data(), part.size(), 0))
                            : SSL_read(tls_.get(), part.data(), part.size());
      if (size <= 0) {
        return false;
      }
      request.append(part.data(), static_cast<std::size_t>(size));
    }
    return true;
  }

  void Write(const std::string& text) {
    if (text.empty()) {
      return;
    }
    if (tls_ == nullptr) {
      send(connection_, text.data(), text.size(), MSG_NOSIGNAL);
      return;
    }
    SSL_write(tls_.get(), text.data(), static_cast<int>(text.size()));
  }

 private:
  struct FreeTls {
    void operator()(SSL* tls) const { SSL_free(tls); }
  };
  int connection_;
  std::unique_ptr<SSL, FreeTls> tls_;
};

}  // namespace

void ScriptedServer::FreeContext::operator()(void* context) const {
  SSL_CTX_free(static_cast<SSL_CTX*>(context));
}

ScriptedServer::ScriptedServer(ServerScript script, const TestCertificate* certificate)
    : script_(std::move(script)),
      tls_(certificate == nullptr ? nullptr : ContextFor(*certificate)),
      stop_(eventfd(0, EFD_CLOEXEC)) {
  std::tie(listener_, port_) = ListenOnLoopback();
  thread_ = std::thread([this] { Serve(); });
}

ScriptedServer::~ScriptedServer() {
  eventfd_write(stop_, 1);
  thread_.join();
  close(listener_);
  close(stop_);
}

std::string ScriptedServer::Url() const {
  return (tls_ == nullptr ? "http://localhost:" : "https://localhost:") + std::to_string(port_) +
         "/";
}

void ScriptedServer::Serve() const {
  BlockBrokenPipeSignal();
  ServeUntilStopped(listener_, stop_, [this](int connection) { Converse(connection); });
}

void ScriptedServer::Converse(int connection) const {
  const timeval patience{.tv_sec = 5, .tv_usec = 0};  // a test that hangs ends all the same
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const int is_undelayed = 1;
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &is_undelayed, sizeof is_undelayed);
  send(connection, script_.greeting.data(), script_.greeting.size(), MSG_NOSIGNAL);
  Stream stream(connection, static_cast<SSL_CTX*>(tls_.get()));
  if (!Pause(script_.before_handshake) || !stream.Greet() || !stream.ReadRequest() ||
      !Pause(script_.before_answer)) {
    return;
  }
  stream.Write(script_.answer);
  if (!Pause(script_.before_rest)) {
    return;
  }
  stream.Write(script_.rest);
  const linger abort{.l_onoff = script_.has_reset ? 1 : 0, .l_linger = 0};
  setsockopt(connection, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
}

bool ScriptedServer::Pause(Duration pause) const {
  pollfd event{stop_, POLLIN, 0};
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(pause).count();
  return poll(&event, 1, static_cast<int>(wait)) == 0;
}

}  // namespace pathwitness
