#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/load.h"
#include "config/url.h"
#include "config/values.h"

namespace pathwitness {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Duration kYear = hours(24 * 365);
constexpr std::uint64_t kSmallestArchive = 1U << 20U;

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// What neither a URL nor a signature writes differently.
bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return IsLetterOrDigit(c) || c == '.' || c == '-' || c == '_'; });
}

// The strictest of the services' rules but for capitals and underscores, which some allow.
// Source: Amazon S3, "General purpose buckets naming rules".
bool IsBucket(std::string_view name) {
  constexpr std::size_t kShortest = 3;
  constexpr std::size_t kLongest = 63;
  return name.size() >= kShortest && name.size() <= kLongest && IsPlain(name) &&
         IsLetterOrDigit(name.front()) && IsLetterOrDigit(name.back());
}

bool IsPrefix(std::string_view prefix) {
  constexpr std::size_t kLongest = 256;
  while (prefix.size() <= kLongest) {
    const std::string_view segment = prefix.substr(0, prefix.find('/'));
    if (segment.empty() || segment == "." || segment == ".." || !IsPlain(segment)) {
      return false;
    }
    if (segment.size() == prefix.size()) {
      return true;
    }
    prefix.remove_prefix(segment.size() + 1);
  }
  return false;
}

bool IsRootUrl(const std::string& url) {
  const std::optional<UrlParts> parts = ParseUrl(url);
  const std::size_t host = url.find("://") + 3;
  const std::size_t path = url.find_first_of("/?#", host);
  return parts && !parts->has_user_info && (path == std::string::npos || url.substr(path) == "/");
}

class Problems {
 public:
  void Require(bool holds, std::string key, std::string what) {
    if (!holds) {
      problems_.push_back({"", 0, 0, std::move(key), std::move(what)});
    }
  }

  void Range(std::string key, Duration value, Duration low, Duration high) {
    Require(value >= low && value <= high, std::move(key),
            fmt::format("must be {} to {}, not {}", FormatDuration(low), FormatDuration(high),
                        FormatDuration(value)));
  }

  std::vector<ConfigProblem> Take() { return std::move(problems_); }

 private:
  std::vector<ConfigProblem> problems_;
};

void CheckKeeping(const ArchiveConfig& archive, Problems& problems) {
  problems.Range("archive.retention", archive.retention, hours(1), 10 * kYear);
  problems.Range("archive.every", archive.every, seconds(10), hours(24));
  problems.Require(archive.max_bytes >= kSmallestArchive, "archive.max_bytes",
                   "must be at least 1MiB");
}

void CheckKeys(const UploadConfig& upload, Problems& problems) {
  problems.Require(
      upload.access_key_file.empty() == upload.secret_key_file.empty(),
      upload.access_key_file.empty() ? "upload.access_key_file" : "upload.secret_key_file",
      "is missing: access_key_file and secret_key_file go together; without both the "
      "keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  problems.Require(upload.session_token_file.empty() || !upload.access_key_file.empty(),
                   "upload.session_token_file", "belongs to access_key_file and secret_key_file");
}

void CheckEncryption(const UploadConfig& upload, Problems& problems) {
  const std::string& kind = upload.server_side_encryption;
  problems.Require(kind.empty() || kind == "AES256" || kind == "aws:kms",
                   "upload.server_side_encryption",
                   fmt::format("must be AES256 or aws:kms, not {}", Quote(kind)));
  problems.Require(upload.kms_key_id.empty() || kind == "aws:kms", "upload.kms_key_id",
                   "belongs to server_side_encryption: aws:kms");
}

void CheckPlace(const UploadConfig& upload, Problems& problems) {
  problems.Require(IsRootUrl(upload.endpoint), "upload.endpoint",
                   fmt::format("must be a URL such as https://s3.storage.example or "
                               "http://[2001:db8::1]:9000, without user, path or query, not {}",
                               Quote(upload.endpoint)));
  problems.Require(IsBucket(upload.bucket), "upload.bucket",
                   upload.bucket.empty()
                       ? "is required with endpoint"
                       : fmt::format("must be 3 to 63 letters, digits, '.', '-' and '_', not {}",
                                     Quote(upload.bucket)));
  problems.Require(
      !upload.region.empty() && IsPlain(upload.region), "upload.region",
      fmt::format("must be letters, digits, '.', '-' and '_', not {}", Quote(upload.region)));
  problems.Require(upload.prefix.empty() || IsPrefix(upload.prefix), "upload.prefix",
                   fmt::format("must be letters, digits, '.', '-' and '_', with single slashes "
                               "between, not {}",
                               Quote(upload.prefix)));
  const std::string host = ParseUrl(upload.endpoint).value_or(UrlParts{}).host;
  problems.Require(
      upload.path_style ||
          (IsHost(upload.bucket + "." + host) && host.find(':') == std::string::npos),
      "upload.path_style",
      fmt::format("must be true: {} is no name of a host", Quote(upload.bucket + "." + host)));
}

}  // namespace

std::vector<ConfigProblem> CheckArchive(const Config& config) {
  Problems problems;
  CheckKeeping(config.archive, problems);
  const UploadConfig& upload = config.upload;
  problems.Range("upload.timeout", upload.timeout, seconds(1), std::chrono::minutes(10));
  problems.Require(upload.tls.cert_file.empty() == upload.tls.key_file.empty(), "upload.tls",
                   "needs both cert_file and key_file, or neither");
  problems.Require(upload.proxy.empty() || ParseUrl(upload.proxy), "upload.proxy",
                   "must be an http:// or https:// URL with a valid host and port, without spaces");
  CheckKeys(upload, problems);
  CheckEncryption(upload, problems);
  problems.Require(!upload.endpoint.empty() || upload.bucket.empty(), "upload.endpoint",
                   "is required with bucket");
  if (!upload.endpoint.empty()) {
    CheckPlace(upload, problems);
  }
  return problems.Take();
}

}  // namespace pathwitness
