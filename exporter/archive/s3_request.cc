#include "exporter/archive/s3_request.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "config/url.h"
#include "probes/crypto/digest.h"
#include "probes/http/secret_file.h"
#include "probes/http/url_host.h"

namespace pathwitness {
namespace {

constexpr std::uint64_t kLongestAnswer = 65536;
constexpr int kRedirection = 3;
constexpr int kServerError = 5;

bool IsLine(const std::string& text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

std::optional<std::string> ReadKey(const std::string& file, const char* variable) {
  if (!file.empty()) {
    return ReadSecretFile(file);
  }
  const char* const value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::string Authority(const UrlParts& endpoint, const std::string& host) {
  const bool is_usual = endpoint.port == (endpoint.scheme == "https" ? 443 : 80);
  return BracketedHost(host) + (is_usual ? "" : ":" + std::to_string(endpoint.port));
}

std::string_view ContentType(std::string_view path) {
  return path.ends_with(".json") ? "application/json" : "text/plain; charset=utf-8";
}

std::optional<UploadFailure> FailureOfTransfer(HttpFailure failure) {
  switch (failure) {
    case HttpFailure::Dns:
    case HttpFailure::ConnectRefused:
    case HttpFailure::ConnectTimeout:
    case HttpFailure::ConnectUnreachable:
    case HttpFailure::Proxy:
      return UploadFailure::Unreachable;
    case HttpFailure::TlsHandshake:
    case HttpFailure::TlsVerify:
      return UploadFailure::Tls;
    case HttpFailure::Timeout:
      return UploadFailure::Timeout;
    case HttpFailure::SendRecv:
      return UploadFailure::Interrupted;
    default:
      return UploadFailure::Internal;
  }
}

std::optional<UploadFailure> FailureOfStatus(int status, std::string_view body) {
  switch (status) {
    case 401:
    case 403:
      return S3ErrorCode(body) == "RequestTimeTooSkewed" ? UploadFailure::Clock
                                                         : UploadFailure::Denied;
    case 404:
      return UploadFailure::NotFound;
    case 429:
    case 503:
      return UploadFailure::Throttled;
    default:
      break;
  }
  if (status / 100 == kServerError) {
    return UploadFailure::Server;
  }
  return status / 100 < kRedirection ? std::nullopt : std::optional(UploadFailure::Refused);
}

}  // namespace

std::optional<S3Credentials> ReadCredentials(const UploadConfig& upload) {
  const auto access = ReadKey(upload.access_key_file, "AWS_ACCESS_KEY_ID");
  const auto secret = ReadKey(upload.secret_key_file, "AWS_SECRET_ACCESS_KEY");
  const bool is_of_files = !upload.access_key_file.empty();
  const bool has_token_file = !upload.session_token_file.empty();
  const auto token = is_of_files && !has_token_file
                         ? std::optional<std::string>()
                         : ReadKey(upload.session_token_file, "AWS_SESSION_TOKEN");
  const bool is_token_fine = token ? token->empty() || IsLine(*token) : !has_token_file;
  if (!access || !secret || !IsLine(*access) || !IsLine(*secret) || !is_token_fine) {
    return std::nullopt;
  }
  return S3Credentials{
      .access_key = *access, .secret_key = *secret, .session_token = token.value_or("")};
}

HttpRequestConfig PutRequest(const UploadConfig& upload, std::string_view path, std::string body,
                             const S3Credentials& credentials, WallTime now) {
  const UrlParts endpoint = ParseUrl(upload.endpoint).value_or(UrlParts{});
  const std::string host = upload.path_style ? endpoint.host : upload.bucket + "." + endpoint.host;
  const std::string key = (upload.prefix.empty() ? "" : upload.prefix + "/") + std::string(path);
  SignedRequest request{
      .method = "PUT",
      .path = EncodePath((upload.path_style ? "/" + upload.bucket : "") + "/" + key),
      .query = "",
      .headers = {{"host", Authority(endpoint, host)},
                  {"content-type", std::string(ContentType(path))},
                  {"x-amz-date", AmzDate(now)}},
      .payload_sha256 = ToHex(Sha256(body))};
  request.headers.emplace_back("x-amz-content-sha256", request.payload_sha256);
  for (const auto& [name, value] :
       {std::pair{"x-amz-security-token", &credentials.session_token},
        {"x-amz-server-side-encryption", &upload.server_side_encryption},
        {"x-amz-server-side-encryption-aws-kms-key-id", &upload.kms_key_id}}) {
    if (!value->empty()) {
      request.headers.emplace_back(name, *value);
    }
  }
  request.headers.emplace_back(
      "authorization", Authorization(request, credentials, {.at = now, .region = upload.region}));

  HttpRequestConfig put;
  put.url = endpoint.scheme + "://" + Authority(endpoint, host) + request.path;
  put.method = request.method;
  put.headers = std::move(request.headers);
  put.body = std::move(body);
  put.timeout = upload.timeout;
  put.max_body_bytes = kLongestAnswer;
  put.tls = upload.tls;
  put.proxy = upload.proxy;
  return put;
}

std::optional<UploadFailure> FailureOf(const HttpResult& result) {
  if (result.failure) {
    return FailureOfTransfer(*result.failure);
  }
  return FailureOfStatus(result.status, result.body);
}

std::string S3ErrorCode(std::string_view body) {
  constexpr std::string_view kOpen = "<Code>";
  constexpr std::size_t kLongest = 64;
  const std::size_t open = body.find(kOpen);
  if (open == std::string_view::npos) {
    return {};
  }
  const std::string_view rest = body.substr(open + kOpen.size());
  const std::string_view code = rest.substr(0, rest.find("</Code>"));
  const bool is_name =
      !code.empty() && code.size() <= kLongest && std::all_of(code.begin(), code.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      });
  return is_name ? std::string(code) : "";
}

}  // namespace pathwitness
