#include "exporter/web/web_gate.h"

#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>

#include "config/config_files.h"
#include "config/load.h"

namespace pathwitness {
namespace {

HttpResponse PlainText(int status, std::string_view line) {
  return {.status = status, .body = std::string(line) + "\n"};
}

/// The file's bytes, or why there are none: either way something that changes with it.
std::string TextOrProblem(const std::filesystem::path& file) {
  try {
    return ReadConfigFile(file);
  } catch (const ConfigError& error) {
    return error.what();
  }
}

}  // namespace

WebGate::WebGate(std::optional<std::filesystem::path> file, WebCounters& counters,
                 const Clock& clock, EventLog& log)
    : file_(std::move(file)),
      counters_(counters),
      clock_(clock),
      log_(log),
      writer_(board_.NewWriter()) {
  Publish(Load());
  if (file_) {
    seen_ = Look();
  }
}

void WebGate::Publish(State state) {
  writer_.Publish(0, std::make_shared<const State>(std::move(state)));
}

WebGate::State WebGate::Load() const {
  State state;
  if (file_) {
    state.config = LoadWebConfig(*file_);
  }
  if (state.config.tls) {
    state.tls = TlsSettings::Load(*state.config.tls, *file_);
  }
  state.limiter = std::make_shared<RateLimiter>(state.config.rate_limit);
  return state;
}

/// Of everything that is read; there is a file. Contents rather than times of change: some file
/// systems have coarse ones, and these files are small.
Sha256Digest WebGate::Look() const {
  std::string all = TextOrProblem(*file_);
  const Board::Pointer state = InForce();
  if (const std::optional<WebTlsConfig>& tls = state->config.tls) {
    for (const PemSource* const source : {&tls->certificate, &tls->key, &tls->client_ca}) {
      all += source->file.empty() ? "" : TextOrProblem(source->file);
    }
  }
  return Sha256(all);
}

void WebGate::Refresh() {
  if (!file_) {
    return;
  }
  Sha256Digest seen = Look();
  if (seen == seen_) {
    return;
  }
  // Twice when the file names other certificates than before: they have not been looked at yet.
  while (seen != seen_) {
    seen_ = seen;
    Publish(Reload(*InForce()));
    seen = Look();
  }
  Log(*InForce());
}

WebGate::State WebGate::Reload(const State& before) const {
  State next = before;
  next.problem.clear();
  next.tls_problem.clear();
  try {
    next.config = LoadWebConfig(*file_);
  } catch (const ConfigError& error) {
    next.problem = error.Problems().front().ToString();
    return next;
  }
  if (next.config.rate_limit != before.config.rate_limit) {
    next.limiter = std::make_shared<RateLimiter>(next.config.rate_limit);
  }
  try {
    if (next.config.tls && before.tls != nullptr) {
      next.tls = TlsSettings::Load(*next.config.tls, *file_);
    }
  } catch (const ConfigError& error) {
    next.tls_problem = error.Problems().front().ToString();
  }
  return next;
}

void WebGate::Log(const State& state) const {
  if (!state.problem.empty()) {
    log_.Write(LogLevel::Error, "web configuration broken: requests are answered with 500",
               {{"problem", state.problem}});
    return;
  }
  if (!state.tls_problem.empty()) {
    log_.Write(LogLevel::Error, "web certificates broken: the last good ones stay",
               {{"problem", state.tls_problem}});
    return;
  }
  log_.Write(LogLevel::Info, "web configuration read again", {{"file", file_->string()}});
  if (state.config.tls.has_value() != (state.tls != nullptr)) {
    log_.Write(LogLevel::Warn, "needs a restart",
               {{"setting", state.tls == nullptr ? "tls_server_config: plain HTTP as before"
                                                 : "tls_server_config: TLS as before"}});
  }
}

std::optional<HttpResponse> WebGate::Refuse(const HttpRequest& request) {
  const Board::Pointer state = InForce();
  if (!state->problem.empty()) {
    counters_.Count(WebRefusal::Config);
    return PlainText(500, "the web configuration file cannot be used: the log says why");
  }
  if (!state->limiter->Allows(clock_.Now())) {
    counters_.Count(WebRefusal::RateLimit);
    return PlainText(429, "too many requests");
  }
  if (state->config.users.empty()) {
    return std::nullopt;
  }
  const std::optional<Credentials> given = ParseBasicAuth(request.Header("authorization"));
  const PasswordVerdict verdict =
      given ? passwords_.Check(state->config.users, *given, request.client)
            : PasswordVerdict::Wrong;
  if (verdict == PasswordVerdict::Busy) {
    counters_.Count(WebRefusal::Busy);
    return PlainText(503, "too many passwords are being checked: ask again");
  }
  if (verdict == PasswordVerdict::Wrong) {
    counters_.Count(WebRefusal::Credentials);
    HttpResponse response = PlainText(401, "user and password are needed");
    response.headers.emplace_back("WWW-Authenticate", R"(Basic realm="pathwitness")");
    return response;
  }
  return std::nullopt;
}

HttpResponse WebGate::WithHeaders(HttpResponse response) const {
  const Board::Pointer state = InForce();
  for (const HttpResponse::Header& set : state->config.headers) {
    std::erase_if(response.headers, [&](const auto& own) { return own.first == set.first; });
    response.headers.push_back(set);
  }
  return response;
}

bool WebGate::IsOpen() const {
  const Board::Pointer state = InForce();
  return state->tls == nullptr && state->config.users.empty();
}

std::optional<bool> WebGate::IsConfigGood() const {
  const Board::Pointer state = InForce();
  return file_ ? std::optional(state->problem.empty() && state->tls_problem.empty()) : std::nullopt;
}

void CheckWebConfig(const std::filesystem::path& file) {
  if (const WebConfig config = LoadWebConfig(file); config.tls) {
    TlsSettings::Load(*config.tls, file);
  }
}

}  // namespace pathwitness
