#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/exchange.h"

// The real program in a folder of its own.
namespace pathwitness {

/// A target that is up within a second or two, and one that somebody must push to.
inline constexpr std::string_view kLoopbackTargets = R"(
probe: {allow: [127.0.0.0/8]}
targets:
  - name: here-to-loopback
    host: 127.0.0.1
    trace: {protocols: [udp], interval: 1s, end_to_end_interval: 200ms, timeout: 300ms}
  - name: nightly-backup
    pulse: {push: {}, expected_interval: 1d}
)";

/// A folder with a configuration and the program's state, gone at the end.
class Workplace {
 public:
  explicit Workplace(std::string_view targets = kLoopbackTargets);
  ~Workplace();
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

  /// Replaces the configuration as an editor does: at once.
  void Configure(std::string_view targets) const;
  void Write(const std::string& name, std::string_view text) const;

  std::filesystem::path ConfigFile() const { return File("test.yaml"); }
  std::filesystem::path File(const std::string& name) const { return folder_ / name; }

 private:
  std::filesystem::path folder_;
};

/// The program with the workplace's configuration and `flags`.
std::vector<std::string> Command(const Workplace& workplace, std::vector<std::string> flags);

struct Ended {
  int status = 0;
  std::string output;
};

Ended RunToEnd(const std::vector<std::string>& command);

/// A running server on a port of its own; one that does not listen within 20 s is a failed test.
class Server {
 public:
  explicit Server(std::string_view targets = kLoopbackTargets);
  /// `workplace` must outlive the server; `before` are words before the program's name, as of
  /// env(1).
  explicit Server(const Workplace& workplace, const std::vector<std::string>& flags = {},
                  const std::vector<std::string>& before = {});

  std::string Get(const std::string& path, const std::string& headers = "") const;
  std::string Post(const std::string& path) const;
  std::string Send(std::string_view bytes) const;

  /// Asks until the page has `wanted` or 30 s are over; the last answer.
  std::string GetUntil(const std::string& path, const std::string& wanted,
                       const std::string& headers = "");

  ChildProcess& Process() { return process_; }
  const Workplace& Place() const { return *workplace_; }
  std::uint16_t Port() const { return port_; }

 private:
  Server(std::unique_ptr<Workplace> own, const Workplace* workplace,
         const std::vector<std::string>& flags, const std::vector<std::string>& before);

  std::unique_ptr<Workplace> own_;
  const Workplace* workplace_;
  ChildProcess process_;
  std::uint16_t port_ = 0;
};

}  // namespace pathwitness
