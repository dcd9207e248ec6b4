#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/url.h"
#include "probes/http/http_client.h"
#include "probes/http/trust_stores.h"

struct curl_slist;
struct ssl_ctx_st;         // OpenSSL's SSL_CTX
struct x509_store_ctx_st;  // OpenSSL's X509_STORE_CTX

namespace pathwitness {

/// One request under way: its libcurl handle and what libcurl tells while it runs.
class HttpTransfer {
 public:
  explicit HttpTransfer(HttpOrder order);
  ~HttpTransfer() = default;
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  /// Sets everything on the handle. What of ours is at fault when that cannot be done, else empty.
  std::optional<std::string> Prepare(TrustStores& trust);

  /// The CURL*, for the multi handle.
  void* Handle() const { return easy_.get(); }

  /// The result, once libcurl says that the transfer ended with `curl_code`. To be called once.
  HttpResult Finish(int curl_code, WallTime now);

  /// The result of a request that could not be started for `error`.
  HttpResult Refuse(std::string error) const;

 private:
  struct FreeEasy {
    void operator()(void* easy) const;
  };
  struct FreeList {
    void operator()(curl_slist* list) const;
  };
  using List = std::unique_ptr<curl_slist, FreeList>;

  /// libcurl's marks, in microseconds. They add up over redirects, hence `connection_start_`.
  struct Marks {
    std::int64_t lookup = 0;
    std::int64_t connect = 0;
    std::int64_t tls = 0;
    std::int64_t request_ready = 0;
    std::int64_t first_byte = 0;
  };

  template <typename Value>
  void Set(int option, Value value);
  bool MayUseTls() const;
  bool FindTrust(TrustStores& trust);
  void SetDestination();
  void SetMethod();
  void SetHeaders();
  void SetLimits();
  void SetTls();
  std::optional<std::string> SetCredentials();
  void SetCallbacks();
  bool HasHeader(std::string_view name) const;

  std::size_t OnBody(std::string_view part);
  std::size_t OnHeader(std::string_view line);
  bool OnSocketOpen(int descriptor);
  void OnSocketClose(int descriptor);
  void OnTlsContext(ssl_ctx_st& context);
  bool OnCertificates(x509_store_ctx_st& verification);

  Marks ReadMarks() const;
  std::int64_t ReadTime(int what) const;
  std::int64_t ReadNumber(int what) const;
  std::string ReadText(int what) const;
  bool IsProxyAtFault() const;
  HttpFailure Classify(int curl_code) const;
  std::string ErrorText(int curl_code, HttpFailure failure) const;
  void FillPhases();
  void FillConnection();

  HttpOrder order_;
  UrlParts origin_;
  TrustStores::Store trust_;
  std::unique_ptr<void, FreeEasy> easy_;
  List headers_;
  List connect_to_;
  std::string error_buffer_;
  bool is_accepted_ = true;  // libcurl took every option

  HttpResult result_;
  Marks connection_start_;
  std::int64_t last_lookup_ = 0;
  std::size_t header_bytes_ = 0;
  bool is_body_cut_ = false;
  bool are_headers_too_long_ = false;
  std::optional<long> verify_error_;  // OpenSSL's; present once a chain was judged
  std::string own_error_;             // of a callback of ours
};

}  // namespace pathwitness
