#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pathwitness {

/// A request as somebody sent it, and the status it was answered with.
struct ReceivedRequest {
  std::string method;
  std::string path;
  std::string body;
  int status = 0;
  std::chrono::steady_clock::time_point at{};
};

struct HttpAnswer {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
};

/// An HTTP server on a free loopback port that keeps what it is sent.
///
/// Answers one request a connection, on a thread of its own. May be asked by any thread.
class WebhookSink {
 public:
  using Answerer = std::function<HttpAnswer(const ReceivedRequest&)>;

  /// `answerer` is called on the sink's thread; without one everything is answered with 200.
  /// `port` 0: one that is free. Throws std::system_error.
  explicit WebhookSink(Answerer answerer = nullptr, std::uint16_t port = 0);
  ~WebhookSink();
  WebhookSink(const WebhookSink&) = delete;
  WebhookSink& operator=(const WebhookSink&) = delete;

  std::uint16_t Port() const { return port_; }
  std::string Url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  std::vector<ReceivedRequest> Requests() const;
  /// Waits until `is_enough` says so of the requests so far; false after `patience`.
  bool Await(const std::function<bool(const std::vector<ReceivedRequest>&)>& is_enough,
             std::chrono::milliseconds patience) const;

 private:
  void Serve();
  void Converse(int connection);

  Answerer answerer_;
  int listener_ = -1;
  int stop_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable arrived_;
  std::vector<ReceivedRequest> requests_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace pathwitness
