#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probes/base/time.h"

// The file of --web.config.file. Its keys and their meaning are those of Prometheus and its
// exporters, so that one file serves all of them.
// Source: prometheus/exporter-toolkit, docs/web-configuration.md.
namespace pathwitness {

enum class TlsVersion : std::uint8_t { Tls10, Tls11, Tls12, Tls13 };

/// What is asked of a client's certificate.
enum class ClientAuth : std::uint8_t {
  None,           // nothing
  Request,        // it may show one, whichever
  RequireAny,     // it must show one, whichever
  VerifyIfGiven,  // it may show one, which then must be of a known authority
  RequireAndVerify,
};

/// Certificates or a key in PEM, either in a file or written down where the file would be named. A
/// file that is named wins.
struct PemSource {
  std::string text;
  std::filesystem::path file;

  bool IsSet() const { return !text.empty() || !file.empty(); }
  bool operator==(const PemSource&) const = default;
};

struct WebTlsConfig {
  PemSource certificate;  // with those between it and the root
  PemSource key;
  PemSource client_ca;  // authorities of clients; not set: the system's
  ClientAuth client_auth = ClientAuth::None;
  std::vector<std::string> client_allowed_sans;  // a client's certificate has one; empty: any
  TlsVersion min_version = TlsVersion::Tls12;
  TlsVersion max_version = TlsVersion::Tls13;
  // OpenSSL's names, up to TLS 1.2; an empty one is that of TLS 1.3's suites, which are not chosen
  // from. Empty: OpenSSL's choice.
  std::vector<std::string> cipher_suites;
  std::vector<std::string> groups;  // OpenSSL's names, the best first; empty: its choice
  bool prefer_server_cipher_suites = true;

  bool operator==(const WebTlsConfig&) const = default;
};

/// A bucket of `burst` requests that gains one every `interval`.
struct RateLimitConfig {
  Duration interval{};  // 0: no limit
  std::uint32_t burst = 0;

  bool operator==(const RateLimitConfig&) const = default;
};

struct WebConfig {
  std::optional<WebTlsConfig> tls;                           // absent: plain HTTP
  std::vector<std::pair<std::string, std::string>> headers;  // of every answer
  std::map<std::string, std::string, std::less<>> users;     // bcrypt by name; empty: no passwords
  RateLimitConfig rate_limit;

  bool operator==(const WebConfig&) const = default;
};

/// Reads the file; relative paths in it start at its folder. What it names is not opened.
///
/// Errors: ConfigError with every problem, placed by line and key.
WebConfig LoadWebConfig(const std::filesystem::path& file);

/// The same for text in memory; `name` stands for the file in problems.
WebConfig ParseWebConfig(std::string_view yaml, const std::string& name);

}  // namespace pathwitness
