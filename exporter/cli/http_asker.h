#pragma once

#include <string>
#include <variant>

#include "config/config.h"
#include "exporter/discovery/url_fetcher.h"
#include "probes/base/time.h"

namespace pathwitness {

/// What a server answered; or, as text, why it did not.
struct HttpReply {
  int status = 0;
  std::string body;
};
using HttpOutcome = std::variant<HttpReply, std::string>;

/// What a server wants of whoever asks it.
struct HttpAccess {
  TlsClientConfig tls;
  std::string username;
  std::string password_file;
};

/// Asks servers and waits for them: for commands, which have nothing else to do meanwhile. INT and
/// TERM are taken as long as it lives; they end pauses and not the process.
class HttpAsker {
 public:
  static constexpr Duration kPatience = std::chrono::seconds(5);

  /// `clock` must outlive it. Errors: std::system_error.
  explicit HttpAsker(const Clock& clock);
  ~HttpAsker();
  HttpAsker(const HttpAsker&) = delete;
  HttpAsker& operator=(const HttpAsker&) = delete;

  /// Waits for at most the request's timeout and a while for a name.
  HttpResult Fetch(const HttpRequestConfig& request);

  /// Fetches within kPatience.
  HttpOutcome Ask(const std::string& method, const std::string& url, const HttpAccess& access = {});

  /// Waits; until INT or TERM at most.
  void Pause(Duration length);

  /// Whether INT or TERM has come.
  bool IsInterrupted() const { return is_interrupted_; }

 private:
  void Wait(int descriptor, Duration at_most);

  const Clock& clock_;
  UrlFetcher fetcher_;
  int signals_;
  bool is_interrupted_ = false;
};

/// `text` fit to stand as a value behind the `?` of a URL.
std::string EscapeQuery(std::string_view text);

}  // namespace pathwitness
