#include "exporter/cli/http_asker.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <system_error>
#include <utility>

namespace pathwitness {
namespace {

constexpr std::uint64_t kLargestAnswer = 16U << 20U;

sigset_t Interrupts() {
  sigset_t signals{};
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

int OpenInterrupts() {
  const sigset_t signals = Interrupts();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const int descriptor = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor < 0) {
    throw std::system_error(errno, std::generic_category(), "cannot take signals");
  }
  return descriptor;
}

}  // namespace

HttpAsker::HttpAsker(const Clock& clock)
    : clock_(clock), fetcher_(clock), signals_(OpenInterrupts()) {}

HttpAsker::~HttpAsker() {
  close(signals_);
  const sigset_t signals = Interrupts();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

HttpResult HttpAsker::Fetch(const HttpRequestConfig& request) {
  std::optional<HttpResult> result;
  fetcher_.Fetch(request, [&result](HttpResult got) { result = std::move(got); });
  while (!result) {
    Wait(fetcher_.Descriptor(), fetcher_.NextDeadline() - clock_.Now());
    fetcher_.Turn(clock_.Now());
  }
  return std::move(*result);
}

HttpOutcome HttpAsker::Ask(const std::string& method, const std::string& url,
                           const HttpAccess& access) {
  HttpRequestConfig request;
  request.url = url;
  request.method = method;
  request.timeout = kPatience;
  request.max_body_bytes = kLargestAnswer;
  request.tls = access.tls;
  request.basic_auth_username = access.username;
  request.basic_auth_password_file = access.password_file;
  HttpResult result = Fetch(request);
  if (result.status == 0) {
    return fmt::format("{}: {}", url, result.error);
  }
  return HttpReply{.status = result.status, .body = std::move(result.body)};
}

void HttpAsker::Pause(Duration length) {
  const MonoTime end = clock_.Now() + length;
  while (!is_interrupted_ && clock_.Now() < end) {
    Wait(-1, end - clock_.Now());
  }
}

/// Until `descriptor` is readable, a signal has come or the time is over.
void HttpAsker::Wait(int descriptor, Duration at_most) {
  constexpr Duration kLongest = std::chrono::seconds(1);
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(std::clamp(at_most, Duration::zero(), kLongest));
  std::array<pollfd, 2> waited{pollfd{.fd = descriptor, .events = POLLIN, .revents = 0},
                               pollfd{.fd = signals_, .events = POLLIN, .revents = 0}};
  poll(waited.data(), waited.size(), static_cast<int>(left.count()));
  signalfd_siginfo received{};
  is_interrupted_ =
      read(signals_, &received, sizeof received) == sizeof received || is_interrupted_;
}

std::string EscapeQuery(std::string_view text) {
  std::string escaped;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    const bool is_plain = std::isalnum(byte) != 0 || character == '-' || character == '_' ||
                          character == '.' || character == '~';
    escaped += is_plain ? std::string(1, character) : fmt::format("%{:02X}", byte);
  }
  return escaped;
}

}  // namespace pathwitness
