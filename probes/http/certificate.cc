#include "probes/http/certificate.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <span>

namespace pathwitness {
namespace {

constexpr std::size_t kTextLimit = 512;
constexpr int kChainLimit = 10;  // longer ones are an attack, not a chain

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

std::string Bounded(std::string text) {
  if (text.size() > kTextLimit) {
    text.resize(kTextLimit - 3);
    text += "...";
  }
  return text;
}

std::string NameText(const X509_NAME* name) {
  const std::unique_ptr<BIO, FreeBio> out(BIO_new(BIO_s_mem()));
  // XN_FLAG_RFC2253 escapes control characters and bytes above 127, NUL included.
  if (out == nullptr || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0) {
    return {};
  }
  std::string text(kTextLimit + 1, '\0');
  const int length = BIO_read(out.get(), text.data(), static_cast<int>(text.size()));
  text.resize(static_cast<std::size_t>(std::max(length, 0)));
  return Bounded(std::move(text));
}

std::string HexText(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes.first(std::min(bytes.size(), kTextLimit))) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0xFU];
  }
  return Bounded(std::move(text));
}

std::string SerialText(const X509& certificate) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(&certificate);
  const int length = ASN1_STRING_length(serial);
  return HexText({ASN1_STRING_get0_data(serial), static_cast<std::size_t>(std::max(length, 0))});
}

std::string FingerprintText(const X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (X509_digest(&certificate, EVP_sha256(), digest.data(), &length) != 1) {
    return {};
  }
  return HexText(std::span<const unsigned char>(digest).first(length));
}

double UnixSeconds(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    return 0;
  }
  return static_cast<double>(timegm(&parts));
}

}  // namespace

CertificateFacts ReadCertificate(const x509_st& certificate) {
  return {.subject = NameText(X509_get_subject_name(&certificate)),
          .issuer = NameText(X509_get_issuer_name(&certificate)),
          .serial = SerialText(certificate),
          .fingerprint_sha256 = FingerprintText(certificate),
          .not_before = UnixSeconds(X509_get0_notBefore(&certificate)),
          .not_after = UnixSeconds(X509_get0_notAfter(&certificate))};
}

std::vector<CertificateFacts> ReadPresentedChain(x509_store_ctx_st& verification) {
  std::vector<CertificateFacts> chain;
  const STACK_OF(X509)* presented = X509_STORE_CTX_get0_untrusted(&verification);
  for (int i = 0; i < std::min(sk_X509_num(presented), kChainLimit); ++i) {
    chain.push_back(ReadCertificate(*sk_X509_value(presented, i)));
  }
  return chain;
}

}  // namespace pathwitness
