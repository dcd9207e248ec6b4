#include "exporter/web/server.h"

#include <civetweb.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <filesystem>
#include <future>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "exporter/web/connection_census.h"
#include "exporter/web/lower_case.h"
#include "exporter/web/tls.h"
#include "exporter/web/web_gate.h"
#include "probes/base/time.h"

#ifndef PATHWITNESS_CIVETWEB_FALLBACK
// NOLINTNEXTLINE(readability-identifier-naming): a function of C
extern "C" int civetweb_socket(const mg_connection* connection);
#endif

namespace pathwitness {
namespace {

/// -1 where civetweb does not tell.
int SocketOf([[maybe_unused]] const mg_connection* connection) {
#ifdef PATHWITNESS_CIVETWEB_FALLBACK
  return -1;
#else
  return civetweb_socket(connection);
#endif
}

void RequireTls() {
#ifdef PATHWITNESS_CIVETWEB_FALLBACK
  throw std::runtime_error("tls_server_config: this build's civetweb has no TLS");
#endif
}

/// The address at the other end; empty when there is none.
std::string PeerOf(int socket) {
  std::array<char, NI_MAXHOST> address{};
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  auto* const generic = reinterpret_cast<sockaddr*>(&peer);
  const bool is_known =
      getpeername(socket, generic, &length) == 0 &&
      getnameinfo(generic, length, address.data(), address.size(), nullptr, 0, NI_NUMERICHOST) == 0;
  return is_known ? address.data() : "";
}

/// `+port` is one socket for both families; a kernel without IPv6 cannot open it.
std::string ToCivetweb(const ListenAddress& address) {
#ifdef PATHWITNESS_CIVETWEB_FALLBACK
  if (address.host.find(':') != std::string::npos) {
    throw std::runtime_error("cannot listen on " + address.ToString() +
                             ": this build's civetweb has no IPv6");
  }
  const bool has_ipv6 = false;
#else
  const bool has_ipv6 = std::filesystem::exists("/proc/net/if_inet6");
#endif
  if (address.host.empty()) {
    return fmt::format("{}{}", has_ipv6 ? "+" : "", address.port);
  }
  return address.ToString();
}

std::string_view Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return status < 500 ? "Request Error" : "Server Error";
  }
}

std::string OrEmpty(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

/// False when the body is larger than allowed or breaks off.
bool ReadBody(mg_connection* connection, std::string& body) {
  std::array<char, 4096> chunk{};
  while (true) {
    const int count = mg_read(connection, chunk.data(), chunk.size());
    if (count <= 0) {
      return count == 0;
    }
    body.append(chunk.data(), static_cast<std::size_t>(count));
    if (body.size() > kMaxRequestBodyBytes) {
      return false;
    }
  }
}

HttpRequest ToRequest(const mg_request_info& raw) {
  HttpRequest request;
  request.method = OrEmpty(raw.request_method);
  request.path = OrEmpty(raw.local_uri_raw);
  request.query = OrEmpty(raw.query_string);
  for (const mg_header& header :
       std::span(raw.http_headers).first(static_cast<std::size_t>(raw.num_headers))) {
    request.headers.insert_or_assign(LowerCase(header.name), OrEmpty(header.value));
  }
  return request;
}

/// Of answers that do not say otherwise: nothing here is to be run, framed or guessed at.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kUsualHeaders = {
    {{"X-Content-Type-Options", "nosniff"},
     {"X-Frame-Options", "deny"},
     {"Referrer-Policy", "no-referrer"},
     {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"}}};

std::string HeadOf(const HttpResponse& response, std::string_view length_header) {
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\n{}Connection: close\r\n", response.status,
                  Reason(response.status), response.content_type, length_header);
  for (const auto& [name, value] : response.headers) {
    head += fmt::format("{}: {}\r\n", name, value);
  }
  for (const auto& [name, value] : kUsualHeaders) {
    if (std::ranges::find(response.headers, name, &HttpResponse::Header::first) ==
        response.headers.end()) {
      head += fmt::format("{}: {}\r\n", name, value);
    }
  }
  head += "\r\n";
  return head;
}

std::string LengthHeader(std::size_t length) {
  return fmt::format("Content-Length: {}\r\n", length);
}

/// False when the client has gone away or does not read, which is no error of ours.
bool Write(mg_connection* connection, std::string_view text) {
  return mg_write(connection, text.data(), text.size()) == static_cast<int>(text.size());
}

/// Sends a body that comes in pieces: one of a single piece with its length, else in chunks, or to
/// the end of the connection for a client that knows no chunks.
/// Source: RFC 9112 sections 6.3 and 7.1.
class PiecewiseAnswer {
 public:
  PiecewiseAnswer(mg_connection* connection, const HttpResponse& response, bool has_chunks)
      : connection_(connection), response_(response), has_chunks_(has_chunks) {}

  /// False when the client does not read on.
  bool Add(std::string_view piece) {
    ++pieces_;
    if (pieces_ == 1) {
      first_ = piece;
      return true;
    }
    if (pieces_ == 2) {
      const std::string first = std::exchange(first_, {});
      is_read_ = Write(connection_, HeadOf(response_, has_chunks_ ? kChunked : "") + Frame(first));
    }
    is_read_ = is_read_ && Write(connection_, Frame(piece));
    return is_read_;
  }

  void Finish() {
    if (pieces_ < 2) {
      Write(connection_, HeadOf(response_, LengthHeader(first_.size())) + first_);
    } else if (is_read_ && has_chunks_) {
      Write(connection_, "0\r\n\r\n");
    }
  }

  bool HasBegun() const { return pieces_ > 1; }

 private:
  static constexpr std::string_view kChunked = "Transfer-Encoding: chunked\r\n";

  std::string Frame(std::string_view piece) const {
    return has_chunks_ ? fmt::format("{:x}\r\n{}\r\n", piece.size(), piece) : std::string(piece);
  }

  mg_connection* connection_;
  const HttpResponse& response_;
  bool has_chunks_;
  int pieces_ = 0;
  std::string first_;  // held back until it is known whether there are more
  bool is_read_ = true;
};

HttpResponse InternalError(const std::exception& error) {
  return {.status = 500, .body = std::string("internal error: ") + error.what() + "\n"};
}

/// What fails after the head is out can only be told by the body breaking off.
void SendWritten(mg_connection* connection, const HttpResponse& response, bool has_chunks) {
  PiecewiseAnswer answer(connection, response, has_chunks);
  try {
    response.write_body([&](std::string_view piece) { return answer.Add(piece); });
    answer.Finish();
  } catch (const std::exception& error) {
    if (!answer.HasBegun()) {
      const HttpResponse failed = InternalError(error);
      Write(connection, HeadOf(failed, LengthHeader(failed.body.size())) + failed.body);
    }
  }
}

void Send(mg_connection* connection, const HttpResponse& response) {
  const mg_request_info* const request = mg_get_request_info(connection);
  const bool is_head = request != nullptr && OrEmpty(request->request_method) == "HEAD";
  if (!response.write_body || request == nullptr) {
    Write(connection, HeadOf(response, LengthHeader(response.body.size())) +
                          (is_head ? std::string() : response.body));
  } else if (is_head) {
    Write(connection, HeadOf(response, ""));
  } else {
    SendWritten(connection, response, OrEmpty(request->http_version) != "1.0");
  }
}

/// `message` is one of civetweb's, such as "cannot bind to 127.0.0.1:80: 98 (Address in use)".
std::runtime_error CannotListen(const std::vector<ListenAddress>& addresses,
                                const std::string& message) {
  std::string list;
  for (const ListenAddress& address : addresses) {
    list += (list.empty() ? "" : ", ") + address.ToString();
  }
  return std::runtime_error(fmt::format(
      "cannot listen on {}: {}; stop what uses it or choose another --web.listen-address", list,
      message.empty() ? "the server did not start" : message));
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(std::vector<ListenAddress> addresses, HttpHandler handler, WebGate* gate)
      : addresses_(std::move(addresses)), handler_(std::move(handler)), gate_(gate) {
    if (gate_ != nullptr && gate_->Tls() != nullptr) {
      RequireTls();
      tls_.emplace([this] { return gate_->Tls(); },
                   [this](const void* connection) {
                     return Admit(static_cast<const mg_connection*>(connection));
                   });
    }
    mg_init_library(MG_FEATURES_TLS);
    try {
      Start();
    } catch (...) {
      mg_exit_library();
      throw;
    }
    warden_ = std::jthread([this](const std::stop_token& told) { CutOffUntil(told); });
  }

  ~Impl() {
    mg_stop(context_);
    mg_exit_library();
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  const std::vector<ListenAddress>& Addresses() const { return addresses_; }

 private:
  void Start() {
    std::string ports;
    for (const ListenAddress& address : addresses_) {
      ports += (ports.empty() ? "" : ",") + ToCivetweb(address) + (tls_ ? "s" : "");
    }
    const std::string threads = std::to_string(kMostConnections);
    std::array<const char*, 17> options = {"listening_ports",
                                           ports.c_str(),
                                           "num_threads",
                                           threads.c_str(),
                                           "request_timeout_ms",
                                           "5000",
                                           "max_request_size",
                                           "16384",
                                           "enable_keep_alive",
                                           "no",
                                           "enable_directory_listing",
                                           "no",
                                           "enable_auth_domain_check",
                                           "no",
                                           "decode_url",
                                           "no",
                                           nullptr};
    mg_callbacks callbacks{};
    callbacks.init_thread = &Impl::OnThread;
    callbacks.external_ssl_ctx = &Impl::OnTlsWanted;
    callbacks.init_connection = &Impl::OnConnection;
    callbacks.connection_close = &Impl::OnClose;
    callbacks.begin_request = &Impl::OnRequest;
    callbacks.http_error = &Impl::OnError;
    callbacks.log_message = &Impl::OnMessage;
    mg_init_data start{};
    start.callbacks = &callbacks;
    start.user_data = this;
    start.configuration_options = options.data();
    context_ = mg_start2(&start, nullptr);
    if (context_ == nullptr) {
      throw CannotListen(addresses_, first_message_);
    }
    LearnPorts();
  }

  void LearnPorts() {
    std::vector<mg_server_port> bound(addresses_.size());
    const int count = mg_get_server_ports(context_, static_cast<int>(bound.size()), bound.data());
    for (std::size_t i = 0; i < addresses_.size() && static_cast<int>(i) < count; ++i) {
      addresses_[i].port = static_cast<std::uint16_t>(bound[i].port);
    }
  }

  /// False: its address has too many.
  bool Admit(const mg_connection* connection) {
    const bool is_admitted = census_.Enter(connection, PeerOf(SocketOf(connection)),
                                           SocketOf(connection), clock_.Now() + kSendPatience);
    if (!is_admitted) {
      Count(WebRefusal::Connections);
    } else if (gate_ != nullptr) {
      gate_->Counters().OnOpen();
    }
    return is_admitted;
  }

  void Count(WebRefusal refusal, std::size_t times = 1) {
    if (gate_ != nullptr) {
      gate_->Counters().Count(refusal, times);
    }
  }

  void CutOffUntil(const std::stop_token& told) {
    constexpr auto kLookAgain = std::chrono::seconds(1);
    std::promise<void> stop;
    const std::stop_callback tell(told, [&stop] { stop.set_value(); });
    const std::future<void> stopped = stop.get_future();
    while (stopped.wait_for(kLookAgain) == std::future_status::timeout) {
      Count(WebRefusal::Slow, census_.CutOff(clock_.Now()));
    }
  }

  /// The body is read only for those who may ask.
  HttpResponse Answer(mg_connection* connection, const mg_request_info& raw) {
    HttpRequest request = ToRequest(raw);
    try {
      if (gate_ != nullptr) {
        if (std::optional<HttpResponse> refusal = gate_->Refuse(request)) {
          return gate_->WithHeaders(*std::move(refusal));
        }
      }
      if (!ReadBody(connection, request.body)) {
        return {.status = 413, .body = "the request body is not whole or over 64 KiB\n"};
      }
      census_.SetDeadline(connection, MonoTime::max());
      HttpResponse response = handler_(request);
      return gate_ == nullptr ? response : gate_->WithHeaders(std::move(response));
    } catch (const std::exception& error) {
      return InternalError(error);
    }
  }

  static Impl* SelfOf(const mg_connection* connection) {
    return static_cast<Impl*>(mg_get_user_data(mg_get_context(connection)));
  }

  static int OnTlsWanted(void** context, void* user_data) {
    *context = static_cast<Impl*>(user_data)->tls_->Context();
    return 1;  // complete: civetweb is to leave it alone
  }

  /// A handshake was admitted when it began.
  static int OnConnection(const mg_connection* connection, void** is_established) {
    *is_established = SelfOf(connection);
    if (!SelfOf(connection)->tls_ && !SelfOf(connection)->Admit(connection)) {
      shutdown(SocketOf(connection), SHUT_RDWR);
    }
    return 0;
  }

  /// Comes before the socket is closed.
  static void OnClose(const mg_connection* connection) {
    Impl* const self = SelfOf(connection);
    if (!self->census_.Leave(connection) || self->gate_ == nullptr) {
      return;
    }
    self->gate_->Counters().OnClose();
    if (mg_get_user_connection_data(connection) == nullptr) {
      self->Count(WebRefusal::Handshake);
    }
  }

  static int OnRequest(mg_connection* connection) {
    const mg_request_info& raw = *mg_get_request_info(connection);
    auto* const self = static_cast<Impl*>(raw.user_data);
    const HttpResponse response = self->Answer(connection, raw);
    self->census_.SetDeadline(connection, self->clock_.Now() + kReadPatience);
    Send(connection, response);
    return response.status;
  }

  /// What civetweb refuses before there is a request: too long, malformed.
  static int OnError(mg_connection* connection, int status, const char* message) {
    Send(connection, {.status = status, .body = OrEmpty(message) + "\n"});
    return 0;
  }

  static constexpr int kNice = 10;
  static constexpr Duration kSendPatience = std::chrono::seconds(5);   // handshake and request
  static constexpr Duration kReadPatience = std::chrono::seconds(30);  // of the answer

  /// Where a scrape and the probes want the same core, the probes come first: Linux keeps a nice
  /// value for each thread (setpriority(2)). Where that is forbidden they share it.
  static void* OnThread(const mg_context* /*context*/, int /*kind*/) {
    setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
    return nullptr;
  }

  static int OnMessage(const mg_connection* connection, const char* message) {
    auto* const self = static_cast<Impl*>(mg_get_user_data(mg_get_context(connection)));
    if (std::this_thread::get_id() == self->starter_ && self->first_message_.empty()) {
      self->first_message_ = OrEmpty(message);
    }
    return 1;
  }

  const SystemClock clock_;
  std::vector<ListenAddress> addresses_;
  HttpHandler handler_;
  WebGate* gate_;  // null: everybody may ask
  ConnectionCensus census_{kMostOfOneAddress};
  std::optional<TlsAcceptor> tls_;
  mg_context* context_ = nullptr;
  std::thread::id starter_ = std::this_thread::get_id();
  std::string first_message_;  // why the start failed; only touched by the thread that starts
  std::jthread warden_;        // the last: it uses the census
};

HttpServer::HttpServer(std::vector<ListenAddress> addresses, HttpHandler handler, WebGate* gate)
    : impl_(std::make_unique<Impl>(std::move(addresses), std::move(handler), gate)) {}

HttpServer::~HttpServer() = default;

const std::vector<ListenAddress>& HttpServer::Addresses() const {
  return impl_->Addresses();
}

std::string_view HttpServerVersion() {
#ifdef PATHWITNESS_CIVETWEB_FALLBACK
  return mg_version();
#else
  return PATHWITNESS_CIVETWEB_VERSION;
#endif
}

}  // namespace pathwitness
