#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exporter/web/basic_auth.h"
#include "exporter/web/http_message.h"
#include "exporter/web/rate_limiter.h"
#include "exporter/web/tls.h"
#include "exporter/web/web_config.h"
#include "exporter/web/web_counters.h"
#include "probes/base/event_log.h"
#include "probes/base/snapshot_board.h"
#include "probes/base/time.h"
#include "probes/crypto/digest.h"

namespace pathwitness {

/// What the file of --web.config.file demands of whoever asks for a page: the right credentials,
/// at a bearable rate, over TLS.
///
/// Refresh belongs to one thread; everything else may be called from any.
class WebGate {
 public:
  /// Without a file everybody may ask for everything over plain HTTP. Everything given must outlive
  /// the gate.
  ///
  /// Errors: ConfigError when the file or a certificate cannot be used.
  WebGate(std::optional<std::filesystem::path> file, WebCounters& counters, const Clock& clock,
          EventLog& log);

  /// Reads the file and its certificates again when one has changed: call every second. A broken
  /// file closes the gate, as nobody knows who may pass; with broken certificates the last good
  /// ones stay. Whether there is TLS at all stays as it was at the start.
  void Refresh();

  /// Absent: it may pass. Waits for a password's check.
  std::optional<HttpResponse> Refuse(const HttpRequest& request);

  /// `response` with the headers that the file sets, which replace a page's own.
  HttpResponse WithHeaders(HttpResponse response) const;

  WebCounters& Counters() const { return counters_; }

  /// Whether whoever reaches it may ask: neither TLS nor a password stands before it.
  bool IsOpen() const;

  /// Null: plain HTTP.
  std::shared_ptr<const TlsSettings> Tls() const { return InForce()->tls; }

  /// Whether the file and its certificates are what was last read. Absent: there is no file.
  std::optional<bool> IsConfigGood() const;

 private:
  struct State {
    WebConfig config;
    std::shared_ptr<const TlsSettings> tls;
    std::shared_ptr<RateLimiter> limiter;  // not null
    std::string problem;                   // of the file; empty: none, else `config` is older
    std::string tls_problem;               // of the certificates; empty: none, else `tls` is older
  };
  using Board = SnapshotBoard<int, State>;

  Board::Pointer InForce() const { return board_.Find(0); }
  void Publish(State state);
  Sha256Digest Look() const;
  State Load() const;
  State Reload(const State& before) const;
  void Log(const State& state) const;

  const std::optional<std::filesystem::path> file_;
  WebCounters& counters_;
  const Clock& clock_;
  EventLog& log_;
  PasswordChecker passwords_;
  Board board_;
  Board::Writer writer_;
  Sha256Digest seen_{};  // of Look
};

/// The configuration file and all that it names can be used. Errors: ConfigError.
void CheckWebConfig(const std::filesystem::path& file);

}  // namespace pathwitness
