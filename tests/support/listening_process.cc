#include "tests/support/listening_process.h"

#include <csignal>
#include <stdexcept>
#include <utility>

#include "tests/support/exchange.h"

namespace pathwitness {

using namespace std::chrono_literals;

ListeningProcess::ListeningProcess(std::vector<std::string> command, const std::string& mark)
    : process_(std::move(command)) {
  const std::string& log = process_.ReadUntil(mark, 20s);
  const std::size_t found = log.find(mark);
  if (found == std::string::npos) {
    throw std::runtime_error("does not listen: " + log);
  }
  process_.ReadUntil("never logged", 10ms);  // the rest of the line, were it cut in two
  port_ = static_cast<std::uint16_t>(std::stoul(log.substr(found + mark.size())));
}

std::string ListeningProcess::Get(const std::string& path) const {
  return GetBody(port_, path);
}

std::string ListeningProcess::GetUntil(const std::string& path, const std::string& wanted,
                                       std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::string body = Get(path);
  while (body.find(wanted) == std::string::npos) {
    if (process_.HasEnded() || std::chrono::steady_clock::now() >= deadline) {
      throw std::runtime_error("no '" + wanted + "' in " + path + ": " + body + "\n" +
                               process_.Output());
    }
    process_.ReadUntil("never logged", 50ms);
    body = Get(path);
  }
  return body;
}

void ListeningProcess::Kill() {
  process_.Signal(SIGKILL);
  process_.AwaitExit(5s);
}

}  // namespace pathwitness
