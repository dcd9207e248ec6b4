#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "exporter/archive/sigv4.h"
#include "exporter/archive/upload_snapshot.h"
#include "probes/base/time.h"
#include "probes/http/http_client.h"

// The little of S3 that uploads need.
// Source: Amazon S3 API Reference, "PutObject" and "Error responses".
namespace pathwitness {

/// The keys to sign with now: of the files, else of the environment (AWS_ACCESS_KEY_ID,
/// AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN). Empty when one cannot be read or is no line of
/// text.
std::optional<S3Credentials> ReadCredentials(const UploadConfig& upload);

/// A signed request that puts `body` under `path`, behind the configured prefix, into the bucket.
/// The same object again is the same object: to repeat it does no harm.
HttpRequestConfig PutRequest(const UploadConfig& upload, std::string_view path, std::string body,
                             const S3Credentials& credentials, WallTime now);

/// Why an upload failed; empty when the object is in the bucket.
std::optional<UploadFailure> FailureOf(const HttpResult& result);

/// What `<Code>` says in the body of an answer that is an error, such as "NoSuchBucket". Empty when
/// it says nothing, or not in 1 to 64 letters and digits.
std::string S3ErrorCode(std::string_view body);

}  // namespace pathwitness
