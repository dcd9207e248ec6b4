#include "tests/http/fetch.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>

namespace pathwitness {

void Finish(HttpClient& client) {
  const SystemClock clock;
  const MonoTime limit = clock.Now() + std::chrono::seconds(20);
  while (client.InFlight() > 0 && clock.Now() < limit) {
    pollfd event{client.Descriptor(), POLLIN, 0};
    const auto wait = std::min(client.NextDeadline(), limit) - clock.Now();
    const auto wait_ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
    poll(&event, 1, static_cast<int>(std::max<std::int64_t>(wait_ms, 0)));
    client.Turn(clock.Now());
  }
}

HttpResult Fetch(const HttpOrder& order) {
  const SystemClock clock;
  std::optional<HttpResult> result;
  HttpClient client(clock);
  client.Start(order, [&result](HttpResult finished) { result = std::move(finished); });
  Finish(client);
  EXPECT_TRUE(result.has_value()) << "the request did not end in time";
  return result.value_or(HttpResult{});
}

HttpOrder OrderOf(const std::string& url, const std::string& ca_file) {
  HttpOrder order;
  order.request.url = url;
  order.request.tls.ca_file = ca_file;
  order.address = *IpAddress::Parse("127.0.0.1");
  return order;
}

double PhaseOf(const HttpResult& result, HttpPhase phase) {
  const auto seconds = result.phases[static_cast<std::size_t>(phase)];
  EXPECT_TRUE(seconds.has_value()) << kHttpPhaseNames[static_cast<std::size_t>(phase)];
  return seconds.value_or(-1);
}

}  // namespace pathwitness
