#include "tests/support/webhook_sink.h"

#include <poll.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <sstream>
#include <tuple>
#include <utility>

#include "tests/support/loopback.h"

namespace pathwitness {
namespace {

std::size_t ContentLength(const std::string& header) {
  std::istringstream lines(header);
  constexpr std::string_view kName = "content-length:";
  for (std::string line; std::getline(lines, line);) {
    if (strncasecmp(line.c_str(), kName.data(), kName.size()) == 0) {
      return std::stoul(line.substr(kName.size()));
    }
  }
  return 0;
}

/// Nothing when the peer goes, or is silent for 5 s, before the request is whole.
std::optional<ReceivedRequest> ReadRequest(int connection) {
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::string bytes;
  std::size_t wanted = std::string::npos;
  std::array<char, 4096> part{};
  while (bytes.size() < wanted) {
    const ssize_t size = recv(connection, part.data(), part.size(), 0);
    if (size <= 0) {
      return std::nullopt;
    }
    bytes.append(part.data(), static_cast<std::size_t>(size));
    const std::size_t header_end = bytes.find("\r\n\r\n");
    if (header_end != std::string::npos) {
      wanted = header_end + 4 + ContentLength(bytes.substr(0, header_end));
    }
  }
  ReceivedRequest request;
  std::istringstream(bytes) >> request.method >> request.path;
  request.body = bytes.substr(bytes.find("\r\n\r\n") + 4);
  request.at = std::chrono::steady_clock::now();
  return request;
}

void Write(int connection, const HttpAnswer& answer) {
  const std::string bytes =
      "HTTP/1.1 " + std::to_string(answer.status) + " -\r\nContent-Type: " + answer.content_type +
      "\r\nConnection: close\r\n" + "Content-Length: " + std::to_string(answer.body.size()) +
      "\r\n\r\n" + answer.body;
  static_cast<void>(send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

}  // namespace

WebhookSink::WebhookSink(Answerer answerer, std::uint16_t port)
    : answerer_(std::move(answerer)), stop_(eventfd(0, EFD_CLOEXEC)) {
  std::tie(listener_, port_) = ListenOnLoopback("127.0.0.1", 128, port);
  thread_ = std::thread([this] { Serve(); });
}

WebhookSink::~WebhookSink() {
  eventfd_write(stop_, 1);
  thread_.join();
  close(listener_);
  close(stop_);
}

std::vector<ReceivedRequest> WebhookSink::Requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

bool WebhookSink::Await(const std::function<bool(const std::vector<ReceivedRequest>&)>& is_enough,
                        std::chrono::milliseconds patience) const {
  std::unique_lock lock(mutex_);
  return arrived_.wait_for(lock, patience, [&] { return is_enough(requests_); });
}

void WebhookSink::Serve() {
  ServeUntilStopped(listener_, stop_, [this](int connection) { Converse(connection); });
}

void WebhookSink::Converse(int connection) {
  std::optional<ReceivedRequest> request = ReadRequest(connection);
  if (!request.has_value()) {
    return;
  }
  const HttpAnswer answer = answerer_ == nullptr ? HttpAnswer{} : answerer_(*request);
  request->status = answer.status;
  Write(connection, answer);
  const std::lock_guard lock(mutex_);
  requests_.push_back(*std::move(request));
  arrived_.notify_all();
}

}  // namespace pathwitness
