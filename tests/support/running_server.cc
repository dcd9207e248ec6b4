#include "tests/support/running_server.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <fstream>
#include <utility>

namespace pathwitness {

using namespace std::chrono_literals;

Workplace::Workplace(std::string_view targets) {
  std::string pattern = testing::TempDir() + "pathwitness-XXXXXX";
  folder_ = ::mkdtemp(pattern.data());
  Configure(targets);
}

Workplace::~Workplace() {
  std::filesystem::remove_all(folder_);
}

void Workplace::Configure(std::string_view targets) const {
  Write("next", "state_directory: " + folder_.string() + "\n" + std::string(targets));
  std::filesystem::rename(File("next"), ConfigFile());
}

void Workplace::Write(const std::string& name, std::string_view text) const {
  std::filesystem::create_directories(File(name).parent_path());
  std::ofstream(File(name)) << text;
}

std::vector<std::string> Command(const Workplace& workplace, std::vector<std::string> flags) {
  flags.insert(flags.begin(),
               {PATHWITNESS_BINARY, "--config.file=" + workplace.ConfigFile().string()});
  return flags;
}

Ended RunToEnd(const std::vector<std::string>& command) {
  ChildProcess process(command);
  const std::optional<int> status = process.AwaitExit(20s);
  return {status.value_or(-1), process.Output()};
}

Server::Server(std::string_view targets)
    : Server(std::make_unique<Workplace>(targets), nullptr, {}, {}) {}

Server::Server(const Workplace& workplace, const std::vector<std::string>& flags,
               const std::vector<std::string>& before)
    : Server(nullptr, &workplace, flags, before) {}

Server::Server(std::unique_ptr<Workplace> own, const Workplace* workplace,
               const std::vector<std::string>& flags, const std::vector<std::string>& before)
    : own_(std::move(own)), workplace_(own_ != nullptr ? own_.get() : workplace), process_([&] {
        std::vector<std::string> all = {"--web.listen-address=127.0.0.1:0"};
        all.insert(all.end(), flags.begin(), flags.end());
        all = Command(*workplace_, all);
        all.insert(all.begin(), before.begin(), before.end());
        return all;
      }()) {
  const std::string mark = "address=127.0.0.1:";
  const std::string& log = process_.ReadUntil(mark, 20s);
  const std::size_t found = log.find(mark);
  if (found == std::string::npos) {
    ADD_FAILURE() << "does not listen: " << log;
    return;
  }
  port_ = static_cast<std::uint16_t>(std::stoul(log.substr(found + mark.size())));
}

std::string Server::Get(const std::string& path, const std::string& headers) const {
  return Send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n");
}

std::string Server::Post(const std::string& path) const {
  return Send("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
}

std::string Server::Send(std::string_view bytes) const {
  return Exchange(port_, bytes);
}

std::string Server::GetUntil(const std::string& path, const std::string& wanted,
                             const std::string& headers) {
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  std::string answer = Get(path, headers);
  while (answer.find(wanted) == std::string::npos && std::chrono::steady_clock::now() < deadline) {
    process_.ReadUntil("never logged", 50ms);
    answer = Get(path, headers);
  }
  return answer;
}

}  // namespace pathwitness
