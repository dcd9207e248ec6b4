#include "exporter/web/tls.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "config/config_files.h"
#include "config/load.h"

namespace pathwitness {
namespace {

using Certificate = std::shared_ptr<X509>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

/// Why OpenSSL's last call failed.
std::string Reason() {
  const unsigned long error = ERR_peek_last_error();
  const char* const text = ERR_reason_error_string(error);
  ERR_clear_error();
  return text == nullptr ? "OpenSSL gives no reason" : text;
}

/// Text in PEM and where it comes from.
class Pem {
 public:
  /// `key` is the one that holds the text; with "_file" behind it the one that names a file.
  Pem(const PemSource& source, std::string_view key, std::string config_name)
      : config_name_(std::move(config_name)),
        key_(fmt::format("tls_server_config.{}{}", key, source.file.empty() ? "" : "_file")),
        place_(source.file.empty() ? "" : source.file.string() + " ") {
    try {
      text_ = source.file.empty() ? source.text : ReadConfigFile(source.file);
    } catch (const ConfigError& error) {
      Fail(fmt::format("{}{}", place_, error.Problems().front().what));
    }
  }

  Bio Open() const {
    return {BIO_new_mem_buf(text_.data(), static_cast<int>(text_.size())), &BIO_free};
  }

  /// `what` completes "the file or text ...".
  [[noreturn]] void Refuse(const std::string& what) const { Fail(place_ + what); }

 private:
  [[noreturn]] void Fail(std::string what) const {
    throw ConfigError({{config_name_, 0, 0, key_, std::move(what)}});
  }

  std::string config_name_;
  std::string key_;
  std::string place_;
  std::string text_;
};

/// All certificates, in their order.
std::vector<Certificate> ReadCertificates(const Pem& pem) {
  const Bio bio = pem.Open();
  std::vector<Certificate> certificates;
  while (X509* const read = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(read, &X509_free);
  }
  const bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = Reason();
  if (certificates.empty() || !is_at_end) {
    pem.Refuse(is_at_end ? "holds no certificate in PEM"
                         : fmt::format("holds a broken certificate: {}", reason));
  }
  return certificates;
}

std::shared_ptr<EVP_PKEY> ReadKey(const Pem& pem) {
  // Without it OpenSSL would ask the terminal.
  const auto no_passphrase = +[](char*, int, int, void*) { return -1; };
  std::shared_ptr<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(pem.Open().get(), nullptr, no_passphrase, nullptr), &EVP_PKEY_free);
  const std::string reason = Reason();
  if (key == nullptr) {
    pem.Refuse(fmt::format("holds no private key in PEM without a passphrase: {}", reason));
  }
  return key;
}

int ToOpenSsl(TlsVersion version) {
  constexpr std::array kVersions = {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
  return kVersions.at(static_cast<std::size_t>(version));
}

int ToOpenSsl(ClientAuth auth) {
  switch (auth) {
    case ClientAuth::None:
      return SSL_VERIFY_NONE;
    case ClientAuth::Request:
    case ClientAuth::VerifyIfGiven:
      return SSL_VERIFY_PEER;
    case ClientAuth::RequireAny:
    case ClientAuth::RequireAndVerify:
      return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  return SSL_VERIFY_NONE;
}

std::string_view TextOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string AddressText(const ASN1_STRING* address) {
  constexpr int kIpv4Bytes = 4;
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int length = ASN1_STRING_length(address);
  if (length != kIpv4Bytes && length != static_cast<int>(sizeof(in6_addr))) {
    return "";
  }
  const char* const written =
      inet_ntop(length == kIpv4Bytes ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address),
                text.data(), static_cast<socklen_t>(text.size()));
  return written == nullptr ? "" : written;
}

/// As it is written in client_allowed_sans; empty for kinds that cannot be named there.
std::string NameText(const GENERAL_NAME& name) {
  switch (name.type) {
    case GEN_DNS:
      return std::string(TextOf(name.d.dNSName));
    case GEN_EMAIL:
      return std::string(TextOf(name.d.rfc822Name));
    case GEN_URI:
      return std::string(TextOf(name.d.uniformResourceIdentifier));
    case GEN_IPADD:
      return AddressText(name.d.iPAddress);
    default:
      return "";
  }
}

bool HasOneOf(const std::vector<std::string>& allowed, const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      &GENERAL_NAMES_free);
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const std::string text = NameText(*sk_GENERAL_NAME_value(names.get(), i));
    if (!text.empty() && std::ranges::find(allowed, text) != allowed.end()) {
      return true;
    }
  }
  return false;
}

}  // namespace

struct TlsSettings::Material {
  WebTlsConfig config;
  std::vector<Certificate> chain;  // the server's own first; not empty
  std::shared_ptr<EVP_PKEY> key;
  std::vector<Certificate> client_authorities;
  std::shared_ptr<X509_STORE> client_store;  // null: no client is verified
};

namespace {

using Material = TlsSettings::Material;

bool Verifies(ClientAuth auth) {
  return auth == ClientAuth::VerifyIfGiven || auth == ClientAuth::RequireAndVerify;
}

/// Keeps the settings of a connection as long as the connection.
int SettingsIndex() {
  static const int index = SSL_get_ex_new_index(
      0, nullptr, nullptr, nullptr,
      +[](void* /*parent*/, void* kept, CRYPTO_EX_DATA*, int, long, void*) {
        delete static_cast<std::shared_ptr<const TlsSettings>*>(kept);
      });
  return index;
}

const TlsSettings* SettingsOf(const SSL* connection) {
  const auto* const kept = static_cast<const std::shared_ptr<const TlsSettings>*>(
      SSL_get_ex_data(connection, SettingsIndex()));
  return kept == nullptr ? nullptr : kept->get();
}

/// Called for each certificate of the client's chain, its own (depth 0) last, and for each thing
/// that is wrong with one.
int OnClientCertificate(int is_good, X509_STORE_CTX* verification) {
  const auto* const connection = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const TlsSettings* const settings = SettingsOf(connection);
  if (settings == nullptr || (is_good == 0 && Verifies(settings->Get().config.client_auth))) {
    return 0;
  }
  const std::vector<std::string>& allowed = settings->Get().config.client_allowed_sans;
  const bool is_checked = X509_STORE_CTX_get_error_depth(verification) > 0 || allowed.empty() ||
                          HasOneOf(allowed, X509_STORE_CTX_get0_cert(verification));
  if (!is_checked) {
    X509_STORE_CTX_set_error(verification, X509_V_ERR_APPLICATION_VERIFICATION);
  }
  return is_checked ? 1 : 0;
}

bool UseCertificate(SSL* connection, const Material& material) {
  const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> others(
      sk_X509_new_null(), +[](STACK_OF(X509) * stack) { sk_X509_free(stack); });
  for (std::size_t i = 1; i < material.chain.size(); ++i) {
    sk_X509_push(others.get(), material.chain[i].get());
  }
  constexpr int kOverride = 1;
  return SSL_use_cert_and_key(connection, material.chain.front().get(), material.key.get(),
                              others.get(), kOverride) == 1;
}

/// Suites up to TLS 1.2; without any of them there is TLS 1.3 alone.
bool UseSuites(SSL* connection, const WebTlsConfig& config) {
  std::vector<std::string> names = config.cipher_suites;
  std::erase(names, "");
  if (names.empty()) {
    return config.cipher_suites.empty() ||
           SSL_set_min_proto_version(connection, TLS1_3_VERSION) == 1;
  }
  return SSL_set_cipher_list(connection, fmt::format("{}", fmt::join(names, ":")).c_str()) == 1;
}

bool UseProtocol(SSL* connection, const WebTlsConfig& config) {
  if (config.min_version < TlsVersion::Tls12) {
    SSL_set_security_level(connection, 0);  // the others have no signatures that they could use
  }
  if (config.prefer_server_cipher_suites) {
    SSL_set_options(connection, SSL_OP_CIPHER_SERVER_PREFERENCE);
  }
  return SSL_set_min_proto_version(connection, ToOpenSsl(config.min_version)) == 1 &&
         SSL_set_max_proto_version(connection, ToOpenSsl(config.max_version)) == 1 &&
         UseSuites(connection, config) &&
         (config.groups.empty() ||
          SSL_set1_groups_list(connection,
                               fmt::format("{}", fmt::join(config.groups, ":")).c_str()) == 1);
}

bool UseClientAuthorities(SSL* connection, const Material& material) {
  SSL_set_verify(connection, ToOpenSsl(material.config.client_auth), &OnClientCertificate);
  for (const Certificate& authority : material.client_authorities) {
    if (SSL_add_client_CA(connection, authority.get()) != 1) {
      return false;
    }
  }
  return material.client_store == nullptr ||
         SSL_set1_verify_cert_store(connection, material.client_store.get()) == 1;
}

/// False, with OpenSSL's reason, when the settings do not go together.
bool Use(SSL* connection, const std::shared_ptr<const TlsSettings>& settings) {
  auto kept = std::make_unique<std::shared_ptr<const TlsSettings>>(settings);
  if (SSL_set_ex_data(connection, SettingsIndex(), kept.get()) != 1) {
    return false;
  }
  static_cast<void>(kept.release());  // the connection's now
  const Material& material = settings->Get();
  return UseProtocol(connection, material.config) && UseCertificate(connection, material) &&
         UseClientAuthorities(connection, material);
}

std::shared_ptr<X509_STORE> MakeStore(const std::vector<Certificate>& authorities) {
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), &X509_STORE_free);
  for (const Certificate& authority : authorities) {
    X509_STORE_add_cert(store.get(), authority.get());
  }
  if (authorities.empty()) {
    X509_STORE_set_default_paths(store.get());
  }
  return store;
}

std::shared_ptr<SSL_CTX> NewContext() {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  if (context == nullptr) {
    throw std::runtime_error("cannot prepare TLS: " + Reason());
  }
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  // So that reading ends between the messages of a client that sends nothing but key updates.
  SSL_CTX_clear_mode(context.get(), SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
  return context;
}

}  // namespace

TlsSettings::TlsSettings(std::unique_ptr<const Material> material)
    : material_(std::move(material)) {}

TlsSettings::~TlsSettings() = default;

std::shared_ptr<const TlsSettings> TlsSettings::Load(const WebTlsConfig& config,
                                                     const std::string& name) {
  const Pem key(config.key, "key", name);
  auto material = std::make_unique<Material>();
  material->config = config;
  material->chain = ReadCertificates(Pem(config.certificate, "cert", name));
  material->key = ReadKey(key);
  if (X509_check_private_key(material->chain.front().get(), material->key.get()) != 1) {
    ERR_clear_error();
    key.Refuse("is not the key of the certificate");
  }
  if (config.client_ca.IsSet()) {
    material->client_authorities = ReadCertificates(Pem(config.client_ca, "client_ca", name));
  }
  if (Verifies(config.client_auth)) {
    material->client_store = MakeStore(material->client_authorities);
  }
  // NOLINTNEXTLINE(modernize-make-unique): the constructor is private
  std::shared_ptr<const TlsSettings> settings(new TlsSettings(std::move(material)));
  const std::shared_ptr<SSL_CTX> context = NewContext();
  const std::unique_ptr<SSL, decltype(&SSL_free)> trial(SSL_new(context.get()), &SSL_free);
  if (!Use(trial.get(), settings)) {
    throw ConfigError({{name, 0, 0, "tls_server_config", "cannot be used: " + Reason()}});
  }
  return settings;
}

struct TlsAcceptor::Callbacks {
  static int OnClientHello(SSL* connection, int* alert, void* self) {
    if (SettingsOf(connection) != nullptr) {
      return SSL_CLIENT_HELLO_SUCCESS;  // its second one, with the key that we asked for
    }
    const auto settings = static_cast<const TlsAcceptor*>(self)->settings_();
    if (settings == nullptr || !Use(connection, settings)) {
      *alert = SSL_AD_INTERNAL_ERROR;
      return SSL_CLIENT_HELLO_ERROR;
    }
    return SSL_CLIENT_HELLO_SUCCESS;
  }

  /// A connection that is not admitted looks closed to the handshake.
  static void OnProgress(const SSL* connection, int where, int /*result*/) {
    const bool is_first_start =
        (where & SSL_CB_HANDSHAKE_START) != 0 && SettingsOf(connection) == nullptr;
    const auto* const self =
        static_cast<const TlsAcceptor*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection)));
    if (is_first_start && !self->admit_(SSL_get_app_data(connection))) {
      shutdown(SSL_get_fd(connection), SHUT_RDWR);
    }
  }
};

TlsAcceptor::TlsAcceptor(Settings settings, Admit admit)
    : settings_(std::move(settings)), admit_(std::move(admit)), context_(NewContext()) {
  SSL_CTX_set_app_data(context_.get(), this);
  SSL_CTX_set_client_hello_cb(context_.get(), &Callbacks::OnClientHello, this);
  SSL_CTX_set_info_callback(context_.get(), &Callbacks::OnProgress);
}

TlsAcceptor::~TlsAcceptor() = default;

}  // namespace pathwitness
