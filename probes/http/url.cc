#include "probes/http/url.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace pathwitness {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;

Url Parse(const std::string& text) {
  Url url(curl_url());
  if (url == nullptr || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    return nullptr;
  }
  return url;
}

std::optional<std::string> Part(const Url& url, CURLUPart part, unsigned flags) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK) {
    return std::nullopt;
  }
  std::string copy(text);
  curl_free(text);
  return copy;
}

void ToLower(std::string& text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
}

}  // namespace

std::optional<UrlParts> SplitUrl(const std::string& url) {
  const Url parsed = Parse(url);
  if (parsed == nullptr) {
    return std::nullopt;
  }
  auto scheme = Part(parsed, CURLUPART_SCHEME, 0);
  auto host = Part(parsed, CURLUPART_HOST, CURLU_PUNYCODE);
  const auto port = Part(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (!scheme || !host || !port || host->empty()) {
    return std::nullopt;
  }
  UrlParts parts{.scheme = std::move(*scheme), .host = std::move(*host)};
  std::from_chars(port->data(), port->data() + port->size(), parts.port);
  if (parts.host.front() == '[') {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  }
  ToLower(parts.scheme);
  ToLower(parts.host);
  return parts;
}

std::optional<std::string> WithHost(const std::string& url, const std::string& host) {
  const Url parsed = Parse(url);
  if (parsed == nullptr ||
      curl_url_set(parsed.get(), CURLUPART_HOST, BracketedHost(host).c_str(), 0) != CURLUE_OK) {
    return std::nullopt;
  }
  return Part(parsed, CURLUPART_URL, 0);
}

std::string BracketedHost(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

}  // namespace pathwitness
