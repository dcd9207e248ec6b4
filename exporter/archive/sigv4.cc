#include "exporter/archive/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>

#include "probes/crypto/digest.h"

namespace pathwitness {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

using Headers = std::vector<std::pair<std::string, std::string>>;

bool IsUnreserved(char c) {
  constexpr std::string_view kMarks = "-._~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kMarks.find(c) != std::string_view::npos;
}

std::string ToLower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return text;
}

/// Without blanks at the ends, and with one where several stood in a row.
std::string WithSingleBlanks(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c != ' ' || (!text.empty() && text.back() != ' ')) {
      text += c;
    }
  }
  if (text.ends_with(' ')) {
    text.pop_back();
  }
  return text;
}

/// Names in lower case and in order; those of one name keep theirs.
Headers Canonical(const Headers& headers) {
  Headers canonical;
  for (const auto& [name, value] : headers) {
    canonical.emplace_back(ToLower(name), WithSingleBlanks(value));
  }
  std::stable_sort(canonical.begin(), canonical.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return canonical;
}

std::string SignedNames(const Headers& canonical) {
  std::string names;
  for (const auto& [name, value] : canonical) {
    names += (names.empty() ? "" : ";") + name;
  }
  return names;
}

std::string ScopeText(const SigningScope& scope) {
  return fmt::format("{}/{}/{}/aws4_request", AmzDate(scope.at).substr(0, 8), scope.region,
                     scope.service);
}

std::string Signature(std::string_view text, const S3Credentials& credentials,
                      const SigningScope& scope) {
  Sha256Digest key = HmacSha256("AWS4" + credentials.secret_key, AmzDate(scope.at).substr(0, 8));
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service),
        std::string_view("aws4_request"), text}) {
    key = HmacSha256(AsText(key), part);
  }
  return ToHex(key);
}

}  // namespace

std::string EncodePath(std::string_view path) {
  std::string encoded;
  for (const char c : path) {
    encoded += IsUnreserved(c) || c == '/' ? std::string(1, c)
                                           : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

std::string AmzDate(WallTime at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - day));
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::string CanonicalRequest(const SignedRequest& request) {
  const Headers headers = Canonical(request.headers);
  std::string text = fmt::format("{}\n{}\n{}\n", request.method, request.path, request.query);
  for (const auto& [name, value] : headers) {
    text += fmt::format("{}:{}\n", name, value);
  }
  return fmt::format("{}\n{}\n{}", text, SignedNames(headers), request.payload_sha256);
}

std::string Authorization(const SignedRequest& request, const S3Credentials& credentials,
                          const SigningScope& scope) {
  const std::string text = fmt::format("{}\n{}\n{}\n{}", kAlgorithm, AmzDate(scope.at),
                                       ScopeText(scope), ToHex(Sha256(CanonicalRequest(request))));
  return fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                     credentials.access_key, ScopeText(scope),
                     SignedNames(Canonical(request.headers)), Signature(text, credentials, scope));
}

}  // namespace pathwitness
