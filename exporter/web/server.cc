#include "exporter/web/server.h"

#include <civetweb.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "exporter/web/lower_case.h"

namespace pathwitness {
namespace {

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

std::string HeadOf(const HttpResponse& response, std::string_view length_header) {
  std::string head = fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\n{}Connection: close\r\n"
      "X-Content-Type-Options: nosniff\r\n",
      response.status, Reason(response.status), response.content_type, length_header);
  for (const auto& [name, value] : response.headers) {
    head += fmt::format("{}: {}\r\n", name, value);
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

std::optional<ListenAddress> ListenAddress::Parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  std::uint16_t port = 0;
  const char* const end = port_text.data() + port_text.size();
  const auto [stop, error] = std::from_chars(port_text.data(), end, port);
  if (port_text.empty() || error != std::errc() || stop != end) {
    return std::nullopt;
  }
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) {
    host = host.substr(1, host.size() - 2);
  }
  constexpr std::string_view kNotInHosts = "[]+,%/ \t";  // some would mean something to civetweb
  const bool has_colon = host.find(':') != std::string_view::npos;
  if (has_colon != is_bracketed || host.find_first_of(kNotInHosts) != std::string_view::npos) {
    return std::nullopt;
  }
  return ListenAddress{std::string(host), port};
}

std::string ListenAddress::ToString() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

class HttpServer::Impl {
 public:
  Impl(std::vector<ListenAddress> addresses, HttpHandler handler)
      : addresses_(std::move(addresses)), handler_(std::move(handler)) {
    mg_init_library(0);
    try {
      Start();
    } catch (...) {
      mg_exit_library();
      throw;
    }
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
      ports += (ports.empty() ? "" : ",") + ToCivetweb(address);
    }
    // One thread per connection. Enough that clients which send slowly, each for 5 s at most, and
    // measurements by /probe leave some for scrapes.
    std::array<const char*, 17> options = {"listening_ports",
                                           ports.c_str(),
                                           "num_threads",
                                           "32",
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

  HttpResponse Answer(mg_connection* connection, const mg_request_info& raw) {
    HttpRequest request = ToRequest(raw);
    if (!ReadBody(connection, request.body)) {
      return {.status = 413, .body = "the request body is not whole or over 64 KiB\n"};
    }
    try {
      return handler_(request);
    } catch (const std::exception& error) {
      return InternalError(error);
    }
  }

  static int OnRequest(mg_connection* connection) {
    const mg_request_info& raw = *mg_get_request_info(connection);
    auto* const self = static_cast<Impl*>(raw.user_data);
    const HttpResponse response = self->Answer(connection, raw);
    Send(connection, response);
    return response.status;
  }

  /// What civetweb refuses before there is a request: too long, malformed.
  static int OnError(mg_connection* connection, int status, const char* message) {
    Send(connection, {.status = status, .body = OrEmpty(message) + "\n"});
    return 0;
  }

  static constexpr int kNice = 10;

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

  std::vector<ListenAddress> addresses_;
  HttpHandler handler_;
  mg_context* context_ = nullptr;
  std::thread::id starter_ = std::this_thread::get_id();
  std::string first_message_;  // why the start failed; only touched by the thread that starts
};

HttpServer::HttpServer(std::vector<ListenAddress> addresses, HttpHandler handler)
    : impl_(std::make_unique<Impl>(std::move(addresses), std::move(handler))) {}

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
