#include "tests/support/prometheus_server.h"

#include <algorithm>
#include <cctype>

#include "tests/support/exchange.h"

namespace pathwitness {
namespace {

std::vector<std::string> CommandFor(const PrometheusServer::Options& options,
                                    const TestFolder& folder) {
  for (const auto& [name, text] : options.files) {
    folder.Write(name, text);
  }
  std::vector<std::string> command = {
      "prometheus",
      "--config.file=" + folder.Write("prometheus.yaml", options.config),
      "--storage.tsdb.path=" + (folder.Path() / "data").string(),
      "--web.listen-address=127.0.0.1:0",
      "--web.enable-lifecycle",
  };
  command.insert(command.end(), options.flags.begin(), options.flags.end());
  return command;
}

std::string PercentEncoded(const std::string& text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (std::isalnum(byte) != 0) {
      encoded += letter;
    } else {
      encoded += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return encoded;
}

std::string QueryPath(const std::string& expression) {
  return "/api/v1/query?query=" + PercentEncoded(expression);
}

}  // namespace

PrometheusServer::PrometheusServer(const Options& options)
    : process_(CommandFor(options, folder_), "msg=\"Listening on\" address=127.0.0.1:") {
  process_.GetUntil("/-/ready", "Ready");
}

std::string PrometheusServer::Query(const std::string& expression) const {
  return Get(QueryPath(expression));
}

std::string PrometheusServer::QueryUntil(const std::string& expression, const std::string& wanted,
                                         std::chrono::milliseconds patience) {
  return GetUntil(QueryPath(expression), wanted, patience);
}

std::string PrometheusServer::Reload() const {
  return BodyOf(Exchange(Port(), "POST /-/reload HTTP/1.0\r\nHost: localhost\r\n\r\n"));
}

}  // namespace pathwitness
