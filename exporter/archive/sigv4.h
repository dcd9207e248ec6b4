#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probes/base/time.h"

// Signatures of requests, version 4. Pure.
// Source: AWS Identity and Access Management User Guide, "Create a signed AWS API request".
namespace pathwitness {

struct S3Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // of temporary keys; else empty

  bool operator==(const S3Credentials&) const = default;
};

/// A request as it is to be sent. Each header that is given is signed.
struct SignedRequest {
  std::string method;
  std::string path;   // from the slash on, percent-encoded as EncodePath does
  std::string query;  // "name=value&...", percent-encoded, sorted by name; empty: none
  std::vector<std::pair<std::string, std::string>> headers;  // "host" and "x-amz-date" among them
  std::string payload_sha256;                                // hexadecimal
};

/// What a signature is good for: a day, a region and a service.
struct SigningScope {
  WallTime at;
  std::string region;
  std::string service = "s3";
};

/// All but letters, digits, '-', '.', '_', '~' and the slashes between segments as %XX.
std::string EncodePath(std::string_view path);

/// "20260131T120000Z", as `x-amz-date` has it.
std::string AmzDate(WallTime at);

/// What is signed of a request: its parts in one form, whoever sends it.
std::string CanonicalRequest(const SignedRequest& request);

/// The value of the header "authorization".
std::string Authorization(const SignedRequest& request, const S3Credentials& credentials,
                          const SigningScope& scope);

}  // namespace pathwitness
