#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "probes/base/time.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY
struct x509_st;      // OpenSSL's X509

namespace pathwitness {

/// What a test wants in a certificate.
struct CertificateOrder {
  std::string common_name = "localhost";
  std::string organization = {};
  std::vector<std::string> dns_names = {"localhost"};
  std::vector<std::string> addresses = {"127.0.0.1", "::1"};
  std::chrono::seconds valid_from{-std::chrono::hours(24)};  // from now
  std::chrono::seconds valid_to{std::chrono::hours(24)};
};

/// A certificate with its key (P-256), made in this process.
class TestCertificate {
 public:
  /// Signs itself, and cannot sign others.
  static TestCertificate SelfSigned(const CertificateOrder& order);
  static TestCertificate Authority(const std::string& common_name);

  /// Pre: this is an authority.
  TestCertificate Issue(const CertificateOrder& order) const;

  x509_st& Certificate() const { return *certificate_; }
  evp_pkey_st& Key() const { return *key_; }
  std::string CertificatePem() const;
  std::string KeyPem() const;
  double NotBefore() const { return not_before_; }  // Unix seconds
  double NotAfter() const { return not_after_; }

 private:
  static TestCertificate Make(const CertificateOrder& order, const TestCertificate* issuer,
                              bool is_authority);

  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> certificate_;
  double not_before_ = 0;
  double not_after_ = 0;
};

}  // namespace pathwitness
