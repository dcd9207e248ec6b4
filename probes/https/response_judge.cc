#include "probes/https/response_judge.h"

#include <re2/re2.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace pathwitness {
namespace {

std::unique_ptr<RE2> Compile(const std::string& regex) {
  return regex.empty() ? nullptr : std::make_unique<RE2>(regex, RE2::Quiet);
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

struct HeaderRule {
  HeaderMatcher matcher;
  std::string name;  // lower case
  std::unique_ptr<RE2> regex;
};

}  // namespace

class ResponseJudge::Rules {
 public:
  explicit Rules(const HttpsExpectation& expectation)
      : status_(expectation.status),
        body_(Compile(expectation.body_matches)),
        body_not_(Compile(expectation.body_matches_not)) {
    for (const HeaderMatcher& matcher : expectation.headers) {
      headers_.push_back({matcher, Lower(matcher.header), Compile(matcher.regex)});
      NoteBadRegex(headers_.back().regex.get());
    }
    NoteBadRegex(body_.get());
    NoteBadRegex(body_not_.get());
  }

  std::optional<Judgement> Judge(const HttpResult& result) const {
    if (!bad_regex_.empty()) {
      return Judgement{HttpFailure::Internal, bad_regex_};
    }
    if (auto judgement = JudgeStatus(result)) {
      return judgement;
    }
    for (const HeaderRule& rule : headers_) {
      if (auto judgement = JudgeHeader(rule, result)) {
        return judgement;
      }
    }
    return JudgeBody(result);
  }

 private:
  void NoteBadRegex(const RE2* regex) {
    if (regex != nullptr && !regex->ok()) {
      bad_regex_ = "bad regular expression: " + regex->error();
    }
  }

  std::optional<Judgement> JudgeStatus(const HttpResult& result) const {
    const bool is_expected =
        status_.empty() ? result.status / 100 == 2
                        : std::find(status_.begin(), status_.end(), result.status) != status_.end();
    if (is_expected) {
      return std::nullopt;
    }
    const std::string error = "unexpected status " + std::to_string(result.status);
    if (result.status == 429 || (result.status == 503 && result.retry_after)) {
      return Judgement{HttpFailure::RateLimited, error};
    }
    return Judgement{HttpFailure::Status, error};
  }

  static std::optional<Judgement> JudgeHeader(const HeaderRule& rule, const HttpResult& result) {
    bool is_present = false;
    bool has_matched = false;
    for (const auto& [name, value] : result.headers) {
      if (name == rule.name) {
        is_present = true;
        has_matched = has_matched || rule.regex == nullptr || RE2::PartialMatch(value, *rule.regex);
      }
    }
    const std::string& header = rule.matcher.header;
    if (rule.matcher.is_forbidden) {
      return has_matched
                 ? std::optional(Judgement{HttpFailure::Header,
                                           "header " + header + " matches what is forbidden"})
                 : std::nullopt;
    }
    if (has_matched || (!is_present && rule.matcher.allow_missing)) {
      return std::nullopt;
    }
    return Judgement{HttpFailure::Header,
                     "header " + header + (is_present ? " does not match" : " is missing")};
  }

  std::optional<Judgement> JudgeBody(const HttpResult& result) const {
    if (body_ != nullptr && !RE2::PartialMatch(result.body, *body_)) {
      return Judgement{HttpFailure::Body, "the body does not match"};
    }
    if (body_not_ != nullptr && RE2::PartialMatch(result.body, *body_not_)) {
      return Judgement{HttpFailure::Body, "the body matches what is forbidden"};
    }
    return std::nullopt;
  }

  std::vector<int> status_;
  std::vector<HeaderRule> headers_;
  std::unique_ptr<RE2> body_;
  std::unique_ptr<RE2> body_not_;
  std::string bad_regex_;
};

ResponseJudge::ResponseJudge(const HttpsExpectation& expectation)
    : rules_(std::make_unique<const Rules>(expectation)) {}

ResponseJudge::~ResponseJudge() = default;

std::optional<Judgement> ResponseJudge::Judge(const HttpResult& result) const {
  return rules_->Judge(result);
}

}  // namespace pathwitness
