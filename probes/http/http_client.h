#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"
#include "probes/base/ip_address.h"
#include "probes/base/time.h"

// One HTTP request at a time over a fresh connection, many requests at once: the only place that
// knows libcurl.
namespace pathwitness {

enum class HttpPhase : std::uint8_t { Resolve, Connect, Tls, Processing, Transfer };
inline constexpr std::array<std::string_view, 5> kHttpPhaseNames = {"resolve", "connect", "tls",
                                                                    "processing", "transfer"};

/// Why a request failed: a closed set, the `reason` label.
enum class HttpFailure : std::uint8_t {
  Dns,
  ConnectRefused,
  ConnectTimeout,
  ConnectUnreachable,
  TlsHandshake,
  TlsVerify,
  SendRecv,
  Timeout,      // after the connection stood
  Status,       // not an expected status code
  RateLimited,  // 429, or 503 with Retry-After
  Header,       // a header matcher failed
  Body,         // a body matcher failed
  Redirect,     // too many, or to a scheme that is not followed
  Proxy,
  Internal,  // our own fault: unreadable client key, out of descriptors
};
inline constexpr std::array<std::string_view, 15> kHttpFailureNames = {
    "dns",           "connect_refused", "connect_timeout", "connect_unreachable",
    "tls_handshake", "tls_verify",      "send_recv",       "timeout",
    "status",        "rate_limited",    "header",          "body",
    "redirect",      "proxy",           "internal"};

/// One certificate of the chain that the server presented, leaf first.
struct CertificateFacts {
  std::string subject;  // RFC 2253 text
  std::string issuer;
  std::string serial;              // hexadecimal
  std::string fingerprint_sha256;  // hexadecimal, lower case, no colons
  double not_before = 0;           // Unix seconds
  double not_after = 0;

  bool operator==(const CertificateFacts&) const = default;
};

struct HttpOrder {
  HttpRequestConfig request;
  IpAddress address;  // connected to, whatever the URL's host resolves to; ports are the URL's
  RouteConfig route;
  double resolve_seconds = 0;  // how long our resolver took, for the resolve phase
};

/// What became of a request. Phases not reached are absent. With redirects, phases and connection
/// are those of the last hop, `duration` is the whole.
struct HttpResult {
  std::optional<HttpFailure> failure;
  std::string error;  // for people; never holds secrets
  std::array<std::optional<double>, kHttpPhaseNames.size()> phases{};  // seconds
  double duration = 0;                                                 // seconds
  int status = 0;                                                      // 0: no response
  unsigned redirects = 0;
  std::uint64_t body_bytes = 0;  // received, up to the limit
  std::string body;              // up to max_body_bytes
  std::vector<std::pair<std::string, std::string>>
      headers;                          // of the last response, names in lower case
  std::optional<Duration> retry_after;  // RFC 9110 10.2.3, in seconds or as a date

  std::string address;         // connected to
  std::string source_address;  // connected from; empty when never connected
  std::uint16_t port = 0;
  std::string http_version;  // "1.1", "2"
  std::string tls_version;   // "TLSv1.3"; empty without TLS
  std::string tls_cipher;
  std::vector<CertificateFacts> certificates;  // also when verification failed
  std::optional<bool> is_verified;             // absent when no certificate was seen

  std::optional<double> tcp_rtt;  // seconds; TCP_INFO's smoothed round trip
  std::uint64_t tcp_retransmits = 0;
};

/// Starts requests and hands out results; single-threaded, driven by its owner's loop.
class HttpClient {
 public:
  using Done = std::function<void(HttpResult)>;

  /// `clock` gives Retry-After dates their meaning.
  explicit HttpClient(const Clock& clock);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// `done` is called from a later Turn, never from Start itself; never after destruction.
  void Start(HttpOrder order, Done done);

  /// Moves all transfers on; call when Descriptor is readable or NextDeadline has come.
  void Turn(MonoTime now);

  /// MonoTime::max() when nothing is under way.
  MonoTime NextDeadline() const;

  /// An epoll descriptor over all transfers.
  int Descriptor() const;

  std::size_t InFlight() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pathwitness
