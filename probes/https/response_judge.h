#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/config.h"
#include "probes/http/http_client.h"

namespace pathwitness {

/// Why a response that arrived is not the expected one.
struct Judgement {
  HttpFailure failure = HttpFailure::Status;
  std::string error;  // for people; quotes nothing that the server sent

  bool operator==(const Judgement&) const = default;
};

/// What a target expects of a response, with its regular expressions compiled once.
///
/// They are RE2's: linear time and bounded stack on whatever a server sends. An expression that
/// RE2 refuses fails every response as Internal.
class ResponseJudge {
 public:
  explicit ResponseJudge(const HttpsExpectation& expectation);
  ~ResponseJudge();
  ResponseJudge(const ResponseJudge&) = delete;
  ResponseJudge& operator=(const ResponseJudge&) = delete;

  /// Empty when `result` is as expected. The order is status, headers, body; an unexpected 429, or
  /// 503 with Retry-After, is RateLimited. A header that came twice matches when either does.
  /// Pre: `result` has no failure of its own.
  std::optional<Judgement> Judge(const HttpResult& result) const;

 private:
  class Rules;
  std::unique_ptr<const Rules> rules_;
};

}  // namespace pathwitness
