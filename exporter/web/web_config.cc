#include "exporter/web/web_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <system_error>

#include "config/config_files.h"
#include "config/document.h"
#include "config/load.h"
#include "config/section.h"
#include "config/values.h"
#include "exporter/web/go_duration.h"

namespace pathwitness {
namespace {

/// What a word in the file stands for.
template <typename Value>
struct Word {
  std::string_view name;
  Value value;
};

constexpr std::array<Word<TlsVersion>, 4> kVersions = {{{"TLS10", TlsVersion::Tls10},
                                                        {"TLS11", TlsVersion::Tls11},
                                                        {"TLS12", TlsVersion::Tls12},
                                                        {"TLS13", TlsVersion::Tls13}}};

constexpr std::array<Word<ClientAuth>, 6> kClientAuths = {
    {{"NoClientCert", ClientAuth::None},
     {"RequestClientCert", ClientAuth::Request},
     {"RequireAnyClientCert", ClientAuth::RequireAny},
     {"RequireClientCert", ClientAuth::RequireAny},
     {"VerifyClientCertIfGiven", ClientAuth::VerifyIfGiven},
     {"RequireAndVerifyClientCert", ClientAuth::RequireAndVerify}}};

constexpr std::array<Word<std::string_view>, 4> kCurves = {
    {{"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}, {"X25519", "X25519"}}};

// Those of Go's crypto/tls, which are the names of the RFCs. The suites of TLS 1.3 cannot be chosen
// there; an empty name stands for them.
constexpr std::array<Word<std::string_view>, 17> kCipherSuites = {{
    {"TLS_AES_128_GCM_SHA256", ""},
    {"TLS_AES_256_GCM_SHA384", ""},
    {"TLS_CHACHA20_POLY1305_SHA256", ""},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA"},
    {"TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA"},
    {"TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256"},
    {"TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384"},
}};

/// A header that answers may have, and what it may say.
struct AllowedHeader {
  std::string_view name;
  std::array<std::string_view, 2> values;  // empty: anything
};

constexpr std::array<AllowedHeader, 5> kHeaders = {
    {{"Content-Security-Policy", {}},
     {"Strict-Transport-Security", {}},
     {"X-Content-Type-Options", {"nosniff", "nosniff"}},
     {"X-Frame-Options", {"deny", "sameorigin"}},
     {"X-XSS-Protection", {}}}};

template <typename Value, std::size_t kSize>
std::vector<std::string_view> Names(const std::array<Word<Value>, kSize>& words) {
  std::vector<std::string_view> names;
  for (const Word<Value>& word : words) {
    names.push_back(word.name);
  }
  return names;
}

/// False when no word is given.
template <typename Value, std::size_t kSize>
bool ReadWord(Section& section, std::string_view key, const std::array<Word<Value>, kSize>& words,
              Value& out) {
  std::string name;
  section.Read(key, name);
  const auto* const found = std::ranges::find(words, name, &Word<Value>::name);
  if (found != words.end()) {
    out = found->value;
  } else if (!name.empty()) {
    section.AddProblem(
        key, fmt::format("unknown word {}; {}", Quote(name), Suggest(name, Names(words))));
  }
  return !name.empty();
}

/// The list as what its words stand for.
template <std::size_t kSize>
void ReadWords(Section& section, std::string_view key,
               const std::array<Word<std::string_view>, kSize>& words, std::string_view expected,
               std::vector<std::string>& out) {
  section.ReadList(
      key, out, expected, [&words](const std::string& name) -> std::optional<std::string> {
        const auto* const found = std::ranges::find(words, name, &Word<std::string_view>::name);
        return found == words.end() ? std::nullopt : std::optional<std::string>(found->value);
      });
}

/// Sections keep the keys that they are asked for as views.
void ReadPem(Section& section, std::string_view key, std::string_view file_key, PemSource& out) {
  std::string file;
  section.Read(key, out.text);
  section.Read(file_key, file);
  out.file = file;
}

void CheckTls(Section& section, const WebTlsConfig& tls) {
  if (!tls.certificate.IsSet()) {
    section.AddProblem("", "needs cert_file, or cert with the certificate itself");
  }
  if (!tls.key.IsSet()) {
    section.AddProblem("", "needs key_file, or key with the key itself");
  }
  const bool is_required =
      tls.client_auth == ClientAuth::RequireAny || tls.client_auth == ClientAuth::RequireAndVerify;
  if (tls.client_ca.IsSet() && tls.client_auth == ClientAuth::None) {
    section.AddProblem("client_auth_type",
                       "must be set with client_ca, as in 'RequireAndVerifyClientCert'");
  }
  if (!tls.client_allowed_sans.empty() && !is_required) {
    section.AddProblem("client_allowed_sans",
                       "needs client_auth_type RequireAndVerifyClientCert or RequireAnyClientCert: "
                       "else a client without a certificate would pass");
  }
  if (tls.min_version > tls.max_version) {
    section.AddProblem("min_version", "must not be above max_version");
  }
}

/// Absent when nothing in the section asks for TLS.
std::optional<WebTlsConfig> ReadTls(Section section) {
  WebTlsConfig tls;
  ReadPem(section, "cert", "cert_file", tls.certificate);
  ReadPem(section, "key", "key_file", tls.key);
  ReadPem(section, "client_ca", "client_ca_file", tls.client_ca);
  const bool has_client_auth = ReadWord(section, "client_auth_type", kClientAuths, tls.client_auth);
  section.ReadList("client_allowed_sans", tls.client_allowed_sans, "a name, address or URI",
                   [](const std::string& name) { return std::optional(name); });
  if (section.Has("client_allowed_sans") && tls.client_allowed_sans.empty()) {
    section.AddProblem("client_allowed_sans", "must name somebody: nobody would be let in");
  }
  ReadWord(section, "min_version", kVersions, tls.min_version);
  ReadWord(section, "max_version", kVersions, tls.max_version);
  ReadWords(section, "cipher_suites", kCipherSuites,
            "a cipher suite such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", tls.cipher_suites);
  ReadWords(section, "curve_preferences", kCurves, "CurveP256, CurveP384, CurveP521 or X25519",
            tls.groups);
  section.Read("prefer_server_cipher_suites", tls.prefer_server_cipher_suites);
  const bool is_asked_for =
      tls.certificate.IsSet() || tls.key.IsSet() || tls.client_ca.IsSet() || has_client_auth;
  if (is_asked_for) {
    CheckTls(section, tls);
  }
  section.Finish();
  return is_asked_for ? std::optional(std::move(tls)) : std::nullopt;
}

/// Why the header may not be set; empty: it may.
std::string HeaderProblem(const std::string& name, const std::string& value) {
  const auto* const allowed = std::ranges::find(kHeaders, name, &AllowedHeader::name);
  if (allowed == kHeaders.end()) {
    std::vector<std::string_view> names;
    std::ranges::transform(kHeaders, std::back_inserter(names), &AllowedHeader::name);
    return fmt::format("this header cannot be set; {}", Suggest(name, names));
  }
  const bool is_free = allowed->values.front().empty();
  if (!is_free && std::ranges::find(allowed->values, value) == allowed->values.end()) {
    return fmt::format("must be {}, not {}",
                       allowed->values[0] == allowed->values[1]
                           ? Quote(allowed->values[0])
                           : fmt::format("one of {}", fmt::join(allowed->values, ", ")),
                       Quote(value));
  }
  const bool is_one_line = std::ranges::none_of(
      value, [](char character) { return static_cast<unsigned char>(character) < ' '; });
  return is_one_line ? "" : "must be one line";
}

/// Adds the problem where the entry of that map is written.
void AddEntryProblem(ReadLog& log, std::string_view map, std::string_view entry,
                     std::string problem) {
  log.Locate({.file = "", .key = fmt::format("{}.{}", map, entry), .what = std::move(problem)});
}

void ReadHttp(Section section, ReadLog& log, WebConfig& out) {
  bool has_http2 = true;  // allowed to be asked for; the server speaks HTTP/1.1
  section.Read("http2", has_http2);
  section.ReadTexts("headers", out.headers);
  for (const auto& [name, value] : out.headers) {
    if (const std::string problem = HeaderProblem(name, value); !problem.empty()) {
      AddEntryProblem(log, "http_server_config.headers", name, problem);
    }
  }
  section.Finish();
}

/// Why it is no bcrypt hash that can be used; empty: it is one. As in "$2y$10$" and 53 letters,
/// salt and hash, of an alphabet like base64's.
std::string HashProblem(std::string_view hash) {
  constexpr std::string_view kLetters =
      "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  constexpr std::size_t kLength = 60;
  constexpr std::size_t kCostAt = 4;
  constexpr std::size_t kSaltAt = 7;
  constexpr unsigned kHighestCost = 16;
  const bool is_bcrypt = hash.size() == kLength && hash.starts_with("$2") &&
                         (hash[2] == 'a' || hash[2] == 'b' || hash[2] == 'y') && hash[3] == '$' &&
                         hash[kSaltAt - 1] == '$' &&
                         hash.find_first_not_of(kLetters, kSaltAt) == std::string_view::npos;
  unsigned cost = 0;
  const auto [stop, error] = is_bcrypt
                                 ? std::from_chars(&hash[kCostAt], &hash[kSaltAt - 1], cost)
                                 : std::from_chars_result{nullptr, std::errc::invalid_argument};
  if (error != std::errc() || stop != &hash[kSaltAt - 1]) {
    return "is no bcrypt hash; make one with 'htpasswd -nBC 10 NAME'";
  }
  if (cost < 4 || cost > kHighestCost) {
    return fmt::format("has a cost of {}; 4 to {} are possible, and each more doubles the time",
                       cost, kHighestCost);
  }
  return "";
}

void ReadUsers(Section& root, ReadLog& log, WebConfig& out) {
  constexpr std::string_view kUsers = "basic_auth_users";
  std::map<std::string, std::string> users;
  root.ReadTexts(kUsers, users);
  for (const auto& [name, hash] : users) {
    const std::string problem =
        name.find(':') == std::string::npos ? HashProblem(hash) : "the name must have no colon";
    if (!problem.empty()) {
      AddEntryProblem(log, kUsers, name, problem);
    }
  }
  out.users.insert(users.begin(), users.end());
}

void ReadRateLimit(Section section, RateLimitConfig& out) {
  std::string interval = "0";
  section.Read("interval", interval);
  section.Read("burst", out.burst);
  const std::optional<Duration> value = ParseGoDuration(interval);
  if (!value || *value < Duration::zero()) {
    section.AddProblem("interval", fmt::format("must be a duration such as '1s' or '100ms', or 0, "
                                               "not {}",
                                               Quote(interval)));
  }
  out.interval = value.value_or(Duration::zero());
  if (out.interval > Duration::zero() && out.burst == 0) {
    section.AddProblem("burst", "must be at least 1: else every request is refused");
  }
  section.Finish();
}

void StartPathsAt(const std::filesystem::path& folder, WebTlsConfig& tls) {
  for (PemSource* const source : {&tls.certificate, &tls.key, &tls.client_ca}) {
    if (!source->file.empty()) {
      source->file = (folder / source->file).lexically_normal();
    }
  }
}

}  // namespace

WebConfig ParseWebConfig(std::string_view yaml, const std::string& name) {
  ReadLog log(name);
  const YamlNode document = ReadDocument(yaml, name, 0, log);
  Section root(&document, "", "", log);
  WebConfig config;
  config.tls = ReadTls(root.Sub("tls_server_config"));
  ReadHttp(root.Sub("http_server_config"), log, config);
  ReadUsers(root, log, config);
  ReadRateLimit(root.Sub("rate_limit"), config.rate_limit);
  root.Finish();
  if (std::vector<ConfigProblem> problems = log.Problems(); !problems.empty()) {
    throw ConfigError(std::move(problems));
  }
  return config;
}

WebConfig LoadWebConfig(const std::filesystem::path& file) {
  WebConfig config = ParseWebConfig(ReadConfigFile(file), file);
  if (config.tls) {
    StartPathsAt(std::filesystem::absolute(file).parent_path(), *config.tls);
  }
  return config;
}

}  // namespace pathwitness
