#include "exporter/cli/publish_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <ostream>
#include <string_view>
#include <system_error>
#include <vector>

#include "exporter/evidence/plain_text.h"
#include "probes/disk/files.h"

namespace pathwitness {
namespace {

constexpr int kWritten = 0;
constexpr int kNotWritten = 1;
constexpr int kOk = 200;
constexpr std::uint64_t kMostBytes = 64U << 20U;

/// A file, and what it is on the exporter.
struct Published {
  std::string_view file;
  std::string_view path;
};

// Who reads the page may ask for the JSON next, so that comes first.
constexpr std::array<Published, 2> kPublished = {
    {{"status.json", "/status/status.json"}, {"index.html", "/status/"}}};

/// Why `result` is not what was asked for; empty: it is.
std::string ProblemOf(const HttpResult& result) {
  if (result.failure) {
    return result.error;
  }
  if (result.status != kOk) {
    return fmt::format("got {}", result.status);
  }
  return result.body_bytes >= kMostBytes ? "it is too long" : "";
}

}  // namespace

int RunPublish(const PublishWords& words, std::ostream& out, std::ostream& err) {
  const SystemClock clock;
  HttpAsker asker(clock);
  std::vector<std::string> texts;
  for (const Published& published : kPublished) {
    HttpResult result = asker.Fetch({.url = words.url + std::string(published.path),
                                     .max_body_bytes = kMostBytes,
                                     .tls = words.access.tls,
                                     .basic_auth_username = words.access.username,
                                     .basic_auth_password_file = words.access.password_file});
    if (const std::string problem = ProblemOf(result); !problem.empty()) {
      fmt::print(err, "{}{}: {}\n", words.url, published.path, PlainText(problem));
      return kNotWritten;
    }
    texts.push_back(std::move(result.body));
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::filesystem::path path = std::filesystem::path(words.folder) / kPublished.at(i).file;
    if (const std::error_code error = WriteAtomically(path, texts[i], FileReaders::Everybody)) {
      fmt::print(err, "{}: {}\n", path.string(), error.message());
      return kNotWritten;
    }
  }
  fmt::print(out, "{}\n", (std::filesystem::path(words.folder) / "index.html").string());
  return kWritten;
}

}  // namespace pathwitness
