#pragma once

#include <functional>
#include <memory>
#include <string>

#include "exporter/web/web_config.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace pathwitness {

/// All that a handshake needs, read and checked; never changes.
class TlsSettings {
 public:
  /// Reads the certificates and the key that `config` names. `name` stands for the configuration
  /// file in problems.
  ///
  /// Errors: ConfigError when one cannot be read, the key is not the certificate's, or OpenSSL
  /// refuses them together with the versions, suites and curves asked for.
  static std::shared_ptr<const TlsSettings> Load(const WebTlsConfig& config,
                                                 const std::string& name);
  ~TlsSettings();
  TlsSettings(const TlsSettings&) = delete;
  TlsSettings& operator=(const TlsSettings&) = delete;

  struct Material;  // in the words of OpenSSL
  const Material& Get() const { return *material_; }

 private:
  explicit TlsSettings(std::unique_ptr<const Material> material);

  std::unique_ptr<const Material> material_;
};

/// The server's side of TLS: every connection takes the settings that are in force when its
/// ClientHello has come, so that certificates change without a restart.
///
/// Sessions are not resumed, for what was allowed by earlier settings must not live on; nothing is
/// renegotiated.
class TlsAcceptor {
 public:
  /// Null: the handshake fails.
  using Settings = std::function<std::shared_ptr<const TlsSettings>()>;

  /// Whether a handshake may begin, before a byte of it is read. `connection` is the pointer that
  /// the web server attached to it (SSL_set_app_data).
  using Admit = std::function<bool(const void* connection)>;

  /// Both are called from the threads of connections. Throws std::runtime_error when OpenSSL has no
  /// memory.
  TlsAcceptor(Settings settings, Admit admit);
  ~TlsAcceptor();
  TlsAcceptor(const TlsAcceptor&) = delete;
  TlsAcceptor& operator=(const TlsAcceptor&) = delete;

  ssl_ctx_st* Context() const { return context_.get(); }

 private:
  struct Callbacks;

  Settings settings_;
  Admit admit_;
  std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace pathwitness
