#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pathwitness {

/// Why a request or a connection was turned away before any page was asked.
enum class WebRefusal : std::uint8_t {
  Credentials,  // none, or wrong ones: 401
  RateLimit,    // 429
  Config,       // the web configuration file is broken: 500
  Busy,         // too many passwords are being checked: 503
  Connections,  // its address has too many: closed
  Slow,         // it did not send or read in time: closed
  Handshake,    // TLS did not come about: closed
};
inline constexpr std::array<std::string_view, 7> kWebRefusalNames = {
    "credentials", "rate_limit", "config", "busy", "connections", "slow", "handshake"};

/// What the web server counts. May be used from many threads at once.
class WebCounters {
 public:
  using Counts = std::array<std::uint64_t, kWebRefusalNames.size()>;  // by WebRefusal

  void Count(WebRefusal refusal, std::uint64_t times = 1) {
    refused_.at(static_cast<std::size_t>(refusal)) += times;
  }

  void OnOpen() { ++open_; }
  void OnClose() { --open_; }

  /// Connections that have a thread of the server now.
  std::uint64_t Open() const { return open_.load(); }

  Counts Refused() const {
    Counts counts{};
    for (std::size_t i = 0; i < counts.size(); ++i) {
      counts.at(i) = refused_.at(i).load();
    }
    return counts;
  }

 private:
  std::atomic<std::uint64_t> open_{0};
  std::array<std::atomic<std::uint64_t>, kWebRefusalNames.size()> refused_{};
};

}  // namespace pathwitness
