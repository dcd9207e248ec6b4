#include "probes/http/http_transfer.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "probes/http/certificate.h"
#include "probes/http/retry_after.h"
#include "probes/http/secret_file.h"
#include "probes/http/url_host.h"

namespace pathwitness {
namespace {

constexpr std::size_t kHeaderLimit = 65536;
constexpr std::size_t kErrorLimit = 300;

std::string ToLower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string Printable(std::string text) {
  text.resize(std::min(text.size(), kErrorLimit));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c == '\x7f'; }, '?');
  return text;
}

double Seconds(std::int64_t microseconds) {
  return static_cast<double>(microseconds) * 1e-6;
}

std::string VersionText(std::int64_t curl_version) {
  switch (curl_version) {
    case CURL_HTTP_VERSION_1_0:
      return "1.0";
    case CURL_HTTP_VERSION_1_1:
      return "1.1";
    case CURL_HTTP_VERSION_2_0:
      return "2";
    default:
      return {};
  }
}

HttpFailure ClassifyConnect(int os_error) {
  switch (os_error) {
    case ECONNREFUSED:
      return HttpFailure::ConnectRefused;
    case ETIMEDOUT:
      return HttpFailure::ConnectTimeout;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case EADDRNOTAVAIL:
      return HttpFailure::Internal;
    default:
      return HttpFailure::ConnectUnreachable;
  }
}

}  // namespace

void HttpTransfer::FreeEasy::operator()(void* easy) const {
  curl_easy_cleanup(easy);
}

void HttpTransfer::FreeList::operator()(curl_slist* list) const {
  curl_slist_free_all(list);
}

HttpTransfer::HttpTransfer(HttpOrder order)
    : order_(std::move(order)), easy_(curl_easy_init()), error_buffer_(CURL_ERROR_SIZE, '\0') {}

template <typename Value>
void HttpTransfer::Set(int option, Value value) {
  const CURLcode code = curl_easy_setopt(easy_.get(), static_cast<CURLoption>(option), value);
  is_accepted_ = is_accepted_ && code == CURLE_OK;
}

std::optional<std::string> HttpTransfer::Prepare(TrustStores& trust) {
  const auto origin = ParseUrl(order_.request.url);
  if (easy_ == nullptr || !origin) {
    return "the URL cannot be used";
  }
  origin_ = *origin;
  if (MayUseTls() && !FindTrust(trust)) {
    const std::string& file = order_.request.tls.ca_file;
    return "no certificate authority can be read from " +
           (file.empty() ? "the system's bundle" : file);
  }
  SetDestination();
  SetMethod();
  SetHeaders();
  SetLimits();
  SetTls();
  if (auto error = SetCredentials()) {
    return error;
  }
  SetCallbacks();
  return is_accepted_ ? std::nullopt : std::optional<std::string>("an option was refused");
}

bool HttpTransfer::MayUseTls() const {
  const HttpRequestConfig& request = order_.request;
  return origin_.scheme == "https" || request.follow_redirects ||
         ToLower(request.proxy).starts_with("https:");
}

bool HttpTransfer::FindTrust(TrustStores& trust) {
  trust_ = trust.Find(order_.request.tls.ca_file);
  return trust_ != nullptr || order_.request.tls.insecure_skip_verify;
}

void HttpTransfer::SetDestination() {
  const HttpRequestConfig& request = order_.request;
  const std::string& name = request.tls.server_name;
  // libcurl takes SNI and the name to verify from the URL alone.
  const auto renamed = name.empty() ? std::nullopt : WithHost(request.url, name);
  Set(CURLOPT_URL, renamed.value_or(request.url).c_str());
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_PROXY, request.proxy.c_str());  // empty: none, whatever the environment says
  Set(CURLOPT_NOPROXY, "");
  if (request.proxy.empty()) {
    const std::string address = "::" + BracketedHost(order_.address.ToString()) + ":";
    for (const std::string& host : {origin_.host, name}) {
      const std::string pin = BracketedHost(host) + address;
      connect_to_.reset(host.empty() ? connect_to_.release()
                                     : curl_slist_append(connect_to_.release(), pin.c_str()));
    }
    Set(CURLOPT_CONNECT_TO, connect_to_.get());
  }
  for (const IpAddress& source : order_.route.source_addresses) {
    if (source.Family() == order_.address.Family()) {
      Set(CURLOPT_INTERFACE, ("host!" + source.ToString()).c_str());
    }
  }
}

void HttpTransfer::SetMethod() {
  const HttpRequestConfig& request = order_.request;
  const bool is_post = request.method == "POST";
  if (is_post || request.method == "PUT" || !request.body.empty()) {
    Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    Set(CURLOPT_POSTFIELDS, request.body.c_str());
  }
  if (request.method == "HEAD") {
    Set(CURLOPT_NOBODY, 1L);
  }
  const bool is_plain_get = request.method == "GET" && request.body.empty();
  if (!is_post && !is_plain_get && request.method != "HEAD") {
    Set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  Set(CURLOPT_FOLLOWLOCATION, request.follow_redirects ? 1L : 0L);
  Set(CURLOPT_MAXREDIRS, static_cast<long>(request.max_redirects));
}

bool HttpTransfer::HasHeader(std::string_view name) const {
  const auto& headers = order_.request.headers;
  return std::any_of(headers.begin(), headers.end(),
                     [name](const auto& header) { return ToLower(header.first) == name; });
}

void HttpTransfer::SetHeaders() {
  const auto add = [this](const std::string& line) {
    headers_.reset(curl_slist_append(headers_.release(), line.c_str()));
  };
  for (const auto& [name, value] : order_.request.headers) {
    std::string line = name;
    line += value.empty() ? ";" : ": ";  // ";": a header without a value
    line += value;
    add(line);
  }
  add("Expect:");  // no pause before a body
  if (!HasHeader("content-type")) {
    add("Content-Type:");
  }
  if (!order_.request.tls.server_name.empty() && !HasHeader("host")) {
    const bool is_usual = origin_.port == (origin_.scheme == "https" ? 443 : 80);
    add("Host: " + BracketedHost(origin_.host) +
        (is_usual ? "" : ":" + std::to_string(origin_.port)));
  }
  Set(CURLOPT_HTTPHEADER, headers_.get());
  Set(CURLOPT_USERAGENT, "pathwitness");
}

void HttpTransfer::SetLimits() {
  const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(order_.request.timeout);
  Set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeout.count()));
  Set(CURLOPT_NOSIGNAL, 1L);
  Set(CURLOPT_FRESH_CONNECT, 1L);
  Set(CURLOPT_FORBID_REUSE, 1L);
  Set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

void HttpTransfer::SetTls() {
  const TlsClientConfig& tls = order_.request.tls;
  // The store comes from TrustStores; without these two libcurl would parse files in each
  // handshake.
  Set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  Set(CURLOPT_CAINFO, static_cast<const char*>(nullptr));
  Set(CURLOPT_PROXY_CAPATH, static_cast<const char*>(nullptr));
  Set(CURLOPT_PROXY_CAINFO, static_cast<const char*>(nullptr));
  Set(CURLOPT_CA_CACHE_TIMEOUT, 0L);     // else the first transfer's store serves all others too
  Set(CURLOPT_SSL_SESSIONID_CACHE, 0L);  // a resumed session is no full handshake
  Set(CURLOPT_SSL_VERIFYPEER, 1L);       // OnCertificates decides what that means
  Set(CURLOPT_SSL_VERIFYHOST, tls.insecure_skip_verify ? 0L : 2L);
  if (!tls.cert_file.empty()) {
    Set(CURLOPT_SSLCERT, tls.cert_file.c_str());
    Set(CURLOPT_SSLKEY, tls.key_file.c_str());
  }
}

std::optional<std::string> HttpTransfer::SetCredentials() {
  const HttpRequestConfig& request = order_.request;
  if (!request.basic_auth_username.empty()) {
    const auto password = request.basic_auth_password_file.empty()
                              ? std::optional<std::string>("")
                              : ReadSecretFile(request.basic_auth_password_file);
    if (!password) {
      return "cannot read " + request.basic_auth_password_file;
    }
    Set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    Set(CURLOPT_USERNAME, request.basic_auth_username.c_str());
    Set(CURLOPT_PASSWORD, password->c_str());
  }
  if (!request.bearer_token_file.empty()) {
    const auto token = ReadSecretFile(request.bearer_token_file);
    if (!token) {
      return "cannot read " + request.bearer_token_file;
    }
    Set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
    Set(CURLOPT_XOAUTH2_BEARER, token->c_str());
  }
  return std::nullopt;
}

void HttpTransfer::SetCallbacks() {
  using Write = std::size_t (*)(char*, std::size_t, std::size_t, void*);
  const Write on_body = [](char* part, std::size_t, std::size_t size, void* self) {
    return static_cast<HttpTransfer*>(self)->OnBody({part, size});
  };
  const Write on_header = [](char* line, std::size_t, std::size_t size, void* self) {
    return static_cast<HttpTransfer*>(self)->OnHeader({line, size});
  };
  const curl_sockopt_callback on_open = [](void* self, curl_socket_t socket, curlsocktype) {
    const bool is_ready = static_cast<HttpTransfer*>(self)->OnSocketOpen(socket);
    return is_ready ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
  };
  const curl_closesocket_callback on_close = [](void* self, curl_socket_t socket) {
    static_cast<HttpTransfer*>(self)->OnSocketClose(socket);
    return close(socket);
  };
  const curl_ssl_ctx_callback on_tls = [](CURL*, void* context, void* self) {
    static_cast<HttpTransfer*>(self)->OnTlsContext(*static_cast<ssl_ctx_st*>(context));
    return CURLE_OK;
  };
  Set(CURLOPT_WRITEFUNCTION, on_body);
  Set(CURLOPT_WRITEDATA, this);
  Set(CURLOPT_HEADERFUNCTION, on_header);
  Set(CURLOPT_HEADERDATA, this);
  Set(CURLOPT_SOCKOPTFUNCTION, on_open);
  Set(CURLOPT_SOCKOPTDATA, this);
  Set(CURLOPT_CLOSESOCKETFUNCTION, on_close);
  Set(CURLOPT_CLOSESOCKETDATA, this);
  Set(CURLOPT_SSL_CTX_FUNCTION, on_tls);
  Set(CURLOPT_SSL_CTX_DATA, this);
  Set(CURLOPT_ERRORBUFFER, error_buffer_.data());
}

std::size_t HttpTransfer::OnBody(std::string_view part) {
  const std::uint64_t room = order_.request.max_body_bytes - result_.body.size();
  is_body_cut_ = part.size() > room;
  result_.body.append(part.substr(0, room));
  return is_body_cut_ ? 0 : part.size();  // less than all of it: libcurl stops
}

std::size_t HttpTransfer::OnHeader(std::string_view line) {
  if (line.substr(0, 5) == "HTTP/") {  // the next response: after a redirect or a 1xx
    result_.headers.clear();
    header_bytes_ = 0;
  }
  header_bytes_ += line.size();
  are_headers_too_long_ = header_bytes_ > kHeaderLimit;
  if (are_headers_too_long_) {
    return 0;
  }
  const auto colon = line.find(':');
  if (colon != std::string_view::npos) {
    result_.headers.emplace_back(ToLower(Trimmed(line.substr(0, colon))),
                                 Trimmed(line.substr(colon + 1)));
  }
  return line.size();
}

bool HttpTransfer::OnSocketOpen(int descriptor) {
  const Marks marks = ReadMarks();
  connection_start_ = marks;
  connection_start_.lookup = std::exchange(last_lookup_, marks.lookup);
  result_.certificates.clear();
  verify_error_.reset();

  const RouteConfig& route = order_.route;
  if (route.mark != 0 &&
      setsockopt(descriptor, SOL_SOCKET, SO_MARK, &route.mark, sizeof route.mark) != 0) {
    own_error_ = "cannot set the mark: " + std::generic_category().message(errno);
    return false;
  }
  if (!route.interface.empty() &&
      setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, route.interface.c_str(),
                 static_cast<socklen_t>(route.interface.size())) != 0) {
    own_error_ =
        "cannot bind to " + route.interface + ": " + std::generic_category().message(errno);
    return false;
  }
  return true;
}

void HttpTransfer::OnSocketClose(int descriptor) {
  tcp_info facts{};
  socklen_t size = sizeof facts;
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &facts, &size) != 0) {
    return;
  }
  result_.tcp_rtt.reset();
  if (facts.tcpi_rtt > 0) {  // 0: never connected
    result_.tcp_rtt = Seconds(facts.tcpi_rtt);
  }
  result_.tcp_retransmits = facts.tcpi_total_retrans;
}

void HttpTransfer::OnTlsContext(ssl_ctx_st& context) {
  if (trust_ != nullptr) {
    SSL_CTX_set1_cert_store(&context, trust_.get());
  }
  SSL_CTX_set_cert_verify_callback(
      &context,
      [](X509_STORE_CTX* verification, void* self) {
        return static_cast<HttpTransfer*>(self)->OnCertificates(*verification) ? 1 : 0;
      },
      this);
  // After a redirect it is another host's name that counts.
  const auto peer = ParseUrl(ReadText(CURLINFO_EFFECTIVE_URL));
  if (!peer || ToLower(order_.request.proxy).starts_with("https:")) {
    return;  // with a TLS proxy this may be the proxy's handshake; libcurl checks the name itself
  }
  X509_VERIFY_PARAM* rules = SSL_CTX_get0_param(&context);
  if (IpAddress::Parse(peer->host)) {
    X509_VERIFY_PARAM_set1_ip_asc(rules, peer->host.c_str());
    return;
  }
  X509_VERIFY_PARAM_set1_host(rules, peer->host.c_str(), 0);
}

// Runs in place of OpenSSL's own verification, because libcurl shows a chain only once it was
// accepted, and it is the refused ones whose dates are wanted.
bool HttpTransfer::OnCertificates(x509_store_ctx_st& verification) {
  const auto* tls = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(&verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  result_.tls_version = SSL_get_version(tls);
  result_.tls_cipher = SSL_get_cipher_name(tls);
  result_.certificates = ReadPresentedChain(verification);
  const bool is_good = X509_verify_cert(&verification) == 1;
  verify_error_ = is_good ? X509_V_OK : X509_STORE_CTX_get_error(&verification);
  if (!order_.request.tls.insecure_skip_verify) {
    return is_good;
  }
  X509_STORE_CTX_set_error(&verification, X509_V_OK);
  return true;
}

std::int64_t HttpTransfer::ReadTime(int what) const {
  curl_off_t value = 0;
  curl_easy_getinfo(easy_.get(), static_cast<CURLINFO>(what), &value);
  return value;
}

std::int64_t HttpTransfer::ReadNumber(int what) const {
  long value = 0;
  curl_easy_getinfo(easy_.get(), static_cast<CURLINFO>(what), &value);
  return value;
}

std::string HttpTransfer::ReadText(int what) const {
  const char* value = nullptr;
  curl_easy_getinfo(easy_.get(), static_cast<CURLINFO>(what), &value);
  return value == nullptr ? "" : value;
}

HttpTransfer::Marks HttpTransfer::ReadMarks() const {
  return {.lookup = ReadTime(CURLINFO_NAMELOOKUP_TIME_T),
          .connect = ReadTime(CURLINFO_CONNECT_TIME_T),
          .tls = ReadTime(CURLINFO_APPCONNECT_TIME_T),
          .request_ready = ReadTime(CURLINFO_PRETRANSFER_TIME_T),
          .first_byte = ReadTime(CURLINFO_STARTTRANSFER_TIME_T)};
}

HttpResult HttpTransfer::Refuse(std::string error) const {
  HttpResult refused;
  refused.failure = HttpFailure::Internal;
  refused.error = Printable(std::move(error));
  refused.address = order_.address.ToString();
  refused.port = origin_.port;
  return refused;
}

HttpResult HttpTransfer::Finish(int curl_code, WallTime now) {
  const int code = curl_code == CURLE_WRITE_ERROR && is_body_cut_ ? CURLE_OK : curl_code;
  result_.status = static_cast<int>(ReadNumber(CURLINFO_RESPONSE_CODE));
  result_.redirects = static_cast<unsigned>(ReadNumber(CURLINFO_REDIRECT_COUNT));
  result_.duration = order_.resolve_seconds + Seconds(ReadTime(CURLINFO_TOTAL_TIME_T));
  result_.body_bytes = result_.body.size();
  if (code != CURLE_OK) {
    result_.failure = Classify(code);
    result_.error = ErrorText(code, *result_.failure);
  }
  if (verify_error_) {
    result_.is_verified = *verify_error_ == X509_V_OK && code != CURLE_PEER_FAILED_VERIFICATION;
  }
  for (const auto& [name, value] : result_.headers) {
    if (name == "retry-after") {
      result_.retry_after = ReadRetryAfter(value, now);
    }
  }
  FillPhases();
  FillConnection();
  return std::move(result_);
}

void HttpTransfer::FillPhases() {
  const auto set = [this](HttpPhase phase, std::int64_t from, std::int64_t to) {
    result_.phases[static_cast<std::size_t>(phase)] = Seconds(std::max<std::int64_t>(to - from, 0));
  };
  const Marks marks = ReadMarks();
  const Marks& start = connection_start_;
  const std::int64_t lookup = marks.lookup - start.lookup;
  const bool is_pinned = order_.request.proxy.empty() && result_.redirects == 0;
  result_.phases[0] = is_pinned ? order_.resolve_seconds : Seconds(lookup);
  if (marks.connect > start.connect) {
    set(HttpPhase::Connect, lookup, marks.connect - start.connect);
  }
  if (marks.tls > start.tls) {
    set(HttpPhase::Tls, marks.connect - start.connect, marks.tls - start.tls);
  }
  if (marks.first_byte <= start.first_byte) {
    return;
  }
  const std::int64_t first_byte = marks.first_byte - start.first_byte;
  set(HttpPhase::Processing, marks.request_ready - start.request_ready, first_byte);
  if (!result_.failure) {
    const auto begin = ReadTime(CURLINFO_REDIRECT_TIME_T);
    set(HttpPhase::Transfer, begin + first_byte, ReadTime(CURLINFO_TOTAL_TIME_T));
  }
}

void HttpTransfer::FillConnection() {
  result_.address = ReadText(CURLINFO_PRIMARY_IP);
  result_.port = static_cast<std::uint16_t>(ReadNumber(CURLINFO_PRIMARY_PORT));
  if (result_.address.empty() && order_.request.proxy.empty()) {  // never connected
    result_.address = order_.address.ToString();
    result_.port = origin_.port;
  }
  result_.source_address = ReadText(CURLINFO_LOCAL_IP);
  if (result_.status != 0) {
    result_.http_version = VersionText(ReadNumber(CURLINFO_HTTP_VERSION));
  }
}

bool HttpTransfer::IsProxyAtFault() const {
  const std::string proxy = ToLower(order_.request.proxy);
  if (proxy.empty()) {
    return false;
  }
  if (origin_.scheme == "https" && !proxy.starts_with("socks")) {
    return ReadNumber(CURLINFO_HTTP_CONNECTCODE) / 100 != 2;
  }
  return ReadTime(CURLINFO_CONNECT_TIME_T) == 0;
}

HttpFailure HttpTransfer::Classify(int curl_code) const {
  const bool is_connected = ReadTime(CURLINFO_CONNECT_TIME_T) > connection_start_.connect;
  switch (curl_code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return HttpFailure::Proxy;
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_INTERFACE_FAILED:
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_OUT_OF_MEMORY:
      return HttpFailure::Internal;
    case CURLE_TOO_MANY_REDIRECTS:
      return HttpFailure::Redirect;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return result_.status != 0 ? HttpFailure::Redirect : HttpFailure::Internal;
    default:
      break;
  }
  if (!own_error_.empty()) {
    return HttpFailure::Internal;
  }
  if (IsProxyAtFault()) {
    return HttpFailure::Proxy;
  }
  switch (curl_code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return result_.redirects > 0 ? HttpFailure::Redirect : HttpFailure::Dns;
    case CURLE_COULDNT_CONNECT:
      return ClassifyConnect(static_cast<int>(ReadNumber(CURLINFO_OS_ERRNO)));
    case CURLE_OPERATION_TIMEDOUT:
      return is_connected ? HttpFailure::Timeout : HttpFailure::ConnectTimeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_USE_SSL_FAILED:
      return HttpFailure::TlsHandshake;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return HttpFailure::TlsVerify;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_WRITE_ERROR:
      return HttpFailure::SendRecv;
    default:
      return HttpFailure::Internal;
  }
}

std::string HttpTransfer::ErrorText(int curl_code, HttpFailure failure) const {
  if (!own_error_.empty()) {
    return Printable(own_error_);
  }
  if (are_headers_too_long_) {
    return "the response's headers are longer than 64 KiB";
  }
  const std::string general = curl_easy_strerror(static_cast<CURLcode>(curl_code));
  // libcurl's own words may quote a proxy's or a redirect's URL, and with it a password.
  const bool may_quote = failure == HttpFailure::Proxy || failure == HttpFailure::Redirect;
  const std::string_view buffer = error_buffer_.c_str();
  std::string text = may_quote || buffer.empty() ? general : std::string(buffer);
  if (curl_code == CURLE_COULDNT_CONNECT) {
    const auto os_error = static_cast<int>(ReadNumber(CURLINFO_OS_ERRNO));
    text += ": " + std::generic_category().message(os_error);
  }
  return Printable(std::move(text));
}

}  // namespace pathwitness
