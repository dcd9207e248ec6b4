#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/support/test_certificates.h"

namespace pathwitness {

/// How a test asks over HTTP.
struct CurlOrder {
  std::string url;
  std::string authority = {};  // in PEM; what the server's certificate is checked with
  std::optional<TestCertificate> certificate = {};  // the client's own
  std::string user_and_password = {};               // with a colon between them
  long tls_version = 0;                             // one of CURL_SSLVERSION_..., both bounds
  std::string ciphers = {};                         // OpenSSL's names, up to TLS 1.2
};

struct CurlAnswer {
  int error = 0;  // a CURLcode; 0: none
  long status = 0;
  std::string headers;
  std::string body;
  std::string server_name;  // of the certificate's subject
};

/// Asks with libcurl, as many clients do; waits for at most 20 s.
CurlAnswer Ask(const CurlOrder& order);

}  // namespace pathwitness
