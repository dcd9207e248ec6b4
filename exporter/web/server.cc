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
#include <iterator>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "exporter/web/connection_census.h"
#include "exporter/web/http_answer.h"
#include "exporter/web/lower_case.h"
#include "exporter/web/request_head.h"
#include "exporter/web/tls.h"
#include "exporter/web/web_gate.h"
#include "probes/base/time.h"

#ifndef PATHWITNESS_CIVETWEB_FALLBACK
// NOLINTNEXTLINE(readability-identifier-naming): a function of C
extern "C" int civetweb_socket(const mg_connection* connection);
// NOLINTNEXTLINE(readability-identifier-naming): a function of C
extern "C" void civetweb_listen_with(mg_context* context, unsigned index, int socket);
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

/// Only while no thread of the server runs.
void ListenWith([[maybe_unused]] const mg_context* context, [[maybe_unused]] unsigned index,
                [[maybe_unused]] int socket) {
#ifdef PATHWITNESS_CIVETWEB_FALLBACK
  throw std::runtime_error("--web.systemd-socket: this build's civetweb opens its own sockets");
#else
  civetweb_listen_with(const_cast<mg_context*>(context), index, socket);
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

std::vector<HeadField> FieldsOf(const mg_request_info& raw) {
  std::vector<HeadField> fields;
  for (const mg_header& header :
       std::span(raw.http_headers).first(static_cast<std::size_t>(raw.num_headers))) {
    fields.emplace_back(header.name, header.value == nullptr ? "" : header.value);
  }
  return fields;
}

HttpRequest ToRequest(const mg_request_info& raw, const std::vector<HeadField>& fields) {
  HttpRequest request;
  request.method = OrEmpty(raw.request_method);
  request.path = OrEmpty(raw.local_uri_raw);
  request.query = OrEmpty(raw.query_string);
  request.client = raw.remote_addr;
  for (const auto& [name, value] : fields) {
    request.headers.insert_or_assign(LowerCase(name), value);
  }
  return request;
}

void Send(mg_connection* connection, const HttpResponse& response) {
  const mg_request_info* const request = mg_get_request_info(connection);
  const AnswerForm form{
      .is_head = request != nullptr && OrEmpty(request->request_method) == "HEAD",
      .has_chunks = request != nullptr && OrEmpty(request->http_version) != "1.0"};
  WriteAnswer(response, form, [connection](std::string_view text) {
    return mg_write(connection, text.data(), text.size()) == static_cast<int>(text.size());
  });
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

std::vector<ListenAddress> AddressesOf(const std::vector<InheritedSocket>& sockets) {
  std::vector<ListenAddress> addresses;
  std::ranges::transform(sockets, std::back_inserter(addresses), &InheritedSocket::address);
  return addresses;
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(std::vector<ListenAddress> addresses, std::vector<InheritedSocket> inherited,
       HttpHandler handler, WebGate* gate)
      : addresses_(std::move(addresses)),
        inherited_(std::move(inherited)),
        handler_(std::move(handler)),
        gate_(gate) {
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
      ports += (ports.empty() ? "" : ",") +
               ToCivetweb(inherited_.empty() ? address : ListenAddress()) + (tls_ ? "s" : "");
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
    callbacks.init_context = &Impl::OnContext;
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
    if (inherited_.empty()) {
      LearnPorts();
    }
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
    try {
      const std::vector<HeadField> fields = FieldsOf(raw);
      HttpRequest request = ToRequest(raw, fields);
      std::optional<HttpResponse> refusal = RefuseHead(fields);
      if (!refusal && gate_ != nullptr) {
        refusal = gate_->Refuse(request);
      }
      if (!refusal && !ReadBody(connection, request.body)) {
        refusal = {.status = 413, .body = "the request body is not whole or over 64 KiB\n"};
      }
      census_.SetDeadline(connection, MonoTime::max());
      HttpResponse response = refusal ? *std::move(refusal) : handler_(request);
      return gate_ == nullptr ? response : gate_->WithHeaders(std::move(response));
    } catch (const std::exception& error) {
      return InternalError(error);
    }
  }

  static Impl* SelfOf(const mg_connection* connection) {
    return static_cast<Impl*>(mg_get_user_data(mg_get_context(connection)));
  }

  /// Comes before its threads. The sockets that it has opened until then are nobody's.
  static void OnContext(const mg_context* context) {
    const auto* const self = static_cast<const Impl*>(mg_get_user_data(context));
    unsigned index = 0;
    for (const InheritedSocket& socket : self->inherited_) {
      ListenWith(context, index++, socket.descriptor);
    }
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
    // What it still sends is read, so that it gets to see the answer, but not for long.
    self->census_.SetDeadline(connection, self->clock_.Now() + kSendPatience);
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
  const std::vector<InheritedSocket> inherited_;  // of addresses_; empty: the server opens its own
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
    : impl_(std::make_unique<Impl>(std::move(addresses), std::vector<InheritedSocket>(),
                                   std::move(handler), gate)) {}

HttpServer::HttpServer(std::vector<InheritedSocket> sockets, HttpHandler handler, WebGate* gate)
    : impl_(std::make_unique<Impl>(AddressesOf(sockets), std::move(sockets), std::move(handler),
                                   gate)) {}

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
