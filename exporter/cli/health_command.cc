#include "exporter/cli/health_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <array>
#include <chrono>
#include <optional>
#include <ostream>
#include <string_view>
#include <variant>

#include "config/values.h"
#include "exporter/evidence/plain_text.h"

namespace pathwitness {
namespace {

constexpr int kWell = 0;
constexpr int kNotWell = 1;
constexpr int kCannotAsk = 2;
constexpr int kOk = 200;
constexpr Duration kAskAgain = std::chrono::milliseconds(250);

/// Why it is not well; empty: it is.
std::optional<std::string> Ailment(HttpAsker& asker, const HealthWords& words) {
  for (const std::string_view path : {"/-/healthy", "/-/ready"}) {
    const HttpOutcome outcome =
        asker.Ask("GET", fmt::format("{}{}", words.url, path), words.access);
    if (const auto* const problem = std::get_if<std::string>(&outcome)) {
      return *problem;
    }
    const auto& reply = std::get<HttpReply>(outcome);
    if (reply.status != kOk) {
      std::string_view body = reply.body;
      body = body.substr(0, body.find_last_not_of(" \r\n") + 1);
      return fmt::format("{}{}: {} {}", words.url, path, reply.status, body);
    }
  }
  return std::nullopt;
}

}  // namespace

int RunHealth(const HealthWords& words, std::ostream& out, std::ostream& err) {
  const std::optional<Duration> patience = ParseDuration(words.wait);
  if (!patience || *patience > std::chrono::hours(1)) {
    fmt::print(err, "--wait {} is not between 0s and 1h\n", Quote(words.wait));
    return kCannotAsk;
  }
  const SystemClock clock;
  HttpAsker asker(clock);
  const MonoTime end = clock.Now() + *patience;
  std::optional<std::string> ailment = Ailment(asker, words);
  while (ailment && clock.Now() < end && !asker.IsInterrupted()) {
    asker.Pause(std::min(kAskAgain, end - clock.Now()));
    ailment = Ailment(asker, words);
  }
  if (ailment) {
    fmt::print(err, "{}\n", PlainText(*ailment));
    return kNotWell;
  }
  fmt::print(out, "healthy\n");
  return kWell;
}

}  // namespace pathwitness
