#include "tests/support/test_certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <stdexcept>

namespace pathwitness {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

void Require(bool is_done, const char* what) {
  if (!is_done) {
    throw std::runtime_error(std::string("cannot make a certificate: ") + what);
  }
}

std::string TextOf(const Bio& bio) {
  char* start = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &start);
  return {start, static_cast<std::size_t>(size)};
}

void AddExtension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()), X509_EXTENSION_free);
  Require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1, "extension");
}

std::string AlternativeNames(const CertificateOrder& order) {
  std::string names;
  for (const std::string& name : order.dns_names) {
    names += (names.empty() ? "DNS:" : ",DNS:") + name;
  }
  for (const std::string& address : order.addresses) {
    names += (names.empty() ? "IP:" : ",IP:") + address;
  }
  return names;
}

// Whatever is asked for, also what X509_NAME_add_entry_by_NID finds too long.
void AddToName(X509_NAME* name, int kind, const std::string& text) {
  X509_NAME_ENTRY* entry = X509_NAME_ENTRY_new();
  X509_NAME_ENTRY_set_object(entry, OBJ_nid2obj(kind));
  X509_NAME_ENTRY_set_data(entry, V_ASN1_UTF8STRING,
                           reinterpret_cast<const unsigned char*>(text.data()),
                           static_cast<int>(text.size()));
  const bool is_added = X509_NAME_add_entry(name, entry, -1, 0) == 1;
  X509_NAME_ENTRY_free(entry);
  Require(is_added, "name");
}

void SetSerial(X509* certificate) {
  std::uint32_t serial = 0;
  Require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "serial");
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial | 1U);
}

}  // namespace

TestCertificate TestCertificate::SelfSigned(const CertificateOrder& order) {
  return Make(order, nullptr, false);
}

TestCertificate TestCertificate::Authority(const std::string& common_name) {
  return Make({.common_name = common_name, .dns_names = {}, .addresses = {}}, nullptr, true);
}

TestCertificate TestCertificate::Issue(const CertificateOrder& order) const {
  return Make(order, this, false);
}

TestCertificate TestCertificate::Make(const CertificateOrder& order, const TestCertificate* issuer,
                                      bool is_authority) {
  TestCertificate made;
  made.key_ = {EVP_EC_gen("P-256"), EVP_PKEY_free};
  made.certificate_ = {X509_new(), X509_free};
  X509* certificate = made.certificate_.get();
  Require(made.key_ != nullptr && certificate != nullptr, "key");

  const std::time_t now = std::time(nullptr);
  made.not_before_ = static_cast<double>(now + order.valid_from.count());
  made.not_after_ = static_cast<double>(now + order.valid_to.count());
  ASN1_TIME_set(X509_getm_notBefore(certificate), now + order.valid_from.count());
  ASN1_TIME_set(X509_getm_notAfter(certificate), now + order.valid_to.count());
  X509_set_version(certificate, X509_VERSION_3);
  SetSerial(certificate);
  AddToName(X509_get_subject_name(certificate), NID_commonName, order.common_name);
  if (!order.organization.empty()) {
    AddToName(X509_get_subject_name(certificate), NID_organizationName, order.organization);
  }
  const TestCertificate& signer = issuer == nullptr ? made : *issuer;
  X509_set_issuer_name(certificate, X509_get_subject_name(signer.certificate_.get()));
  X509_set_pubkey(certificate, made.key_.get());
  AddExtension(certificate, NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (const std::string names = AlternativeNames(order); !names.empty()) {
    AddExtension(certificate, NID_subject_alt_name, names);
  }
  Require(X509_sign(certificate, signer.key_.get(), EVP_sha256()) != 0, "signature");
  return made;
}

std::string TestCertificate::CertificatePem() const {
  const Bio bio(BIO_new(BIO_s_mem()), BIO_free);
  Require(PEM_write_bio_X509(bio.get(), certificate_.get()) == 1, "PEM");
  return TextOf(bio);
}

std::string TestCertificate::KeyPem() const {
  const Bio bio(BIO_new(BIO_s_mem()), BIO_free);
  Require(
      PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
      "PEM");
  return TextOf(bio);
}

}  // namespace pathwitness
