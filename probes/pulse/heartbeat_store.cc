#include "probes/pulse/heartbeat_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace pathwitness {
namespace {

using Json = nlohmann::json;
constexpr std::string_view kFileName = "heartbeats.json";

std::error_code LastError() {
  return {errno, std::generic_category()};
}

class OpenFile {
 public:
  OpenFile(const std::filesystem::path& path, int flags)
      : descriptor_(open(path.c_str(), flags | O_CLOEXEC, 0600)),
        error_(descriptor_ < 0 ? LastError() : std::error_code{}) {}
  ~OpenFile() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  std::error_code Write(std::string_view text) const {
    while (!error_ && !text.empty()) {
      const ssize_t written = write(descriptor_, text.data(), text.size());
      if (written < 0 && errno != EINTR) {
        return LastError();
      }
      text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return Sync();
  }

  std::error_code Sync() const { return error_ || fsync(descriptor_) == 0 ? error_ : LastError(); }

 private:
  int descriptor_;
  std::error_code error_;  // of opening; every call fails with it
};

std::error_code WriteAtomically(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::path draft = path;
  draft += ".tmp";
  {
    const OpenFile file(draft, O_WRONLY | O_CREAT | O_TRUNC);
    if (const std::error_code error = file.Write(text)) {
      return error;
    }
  }
  std::error_code error;
  std::filesystem::rename(draft, path, error);
  return error ? error : OpenFile(path.parent_path(), O_RDONLY | O_DIRECTORY).Sync();
}

/// Empty when the text is not what Flush writes.
std::optional<std::map<std::string, double>> ReadBeats(const std::string& text) {
  constexpr bool kThrowing = false;
  const Json document = Json::parse(text, nullptr, kThrowing);
  if (!document.is_object() || !document.contains("heartbeats") ||
      !document["heartbeats"].is_object()) {
    return std::nullopt;
  }
  std::map<std::string, double> beats;
  for (const auto& [name, time] : document["heartbeats"].items()) {
    if (!time.is_number()) {
      return std::nullopt;
    }
    beats.emplace(name, time.get<double>());
  }
  return beats;
}

}  // namespace

HeartbeatStore::HeartbeatStore(std::filesystem::path directory, WallTime now, EventLog& log)
    : directory_(std::move(directory)), log_(log) {
  Load(now);
}

std::optional<double> HeartbeatStore::Last(const std::string& name) const {
  const auto found = beats_.find(name);
  return found == beats_.end() ? std::nullopt : std::optional(found->second);
}

void HeartbeatStore::Beat(const std::string& name, double unix_seconds) {
  beats_[name] = unix_seconds;
  is_dirty_ = true;
}

std::error_code HeartbeatStore::Flush() {
  if (!is_dirty_) {
    return {};
  }
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  const Json document = {{"heartbeats", beats_}};
  const std::string text =
      document.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
  error = WriteAtomically(directory_ / kFileName, text + "\n");
  is_dirty_ = static_cast<bool>(error);
  if (is_failing_ != is_dirty_) {
    is_failing_ = is_dirty_;
    log_.Write(is_failing_ ? LogLevel::Warn : LogLevel::Info,
               is_failing_ ? "heartbeats cannot be kept" : "heartbeats are kept again",
               {{"directory", directory_.string()}, {"error", error ? error.message() : "none"}});
  }
  return error;
}

void HeartbeatStore::Load(WallTime now) {
  const std::filesystem::path path = directory_ / kFileName;
  std::ifstream file(path);
  if (!file) {
    return;  // the first start; or unreadable, which the first Flush reports
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (auto beats = ReadBeats(text)) {
    beats_ = *std::move(beats);
    return;
  }
  std::filesystem::path aside = path;
  aside += ".corrupt-" + std::to_string(std::chrono::system_clock::to_time_t(now));
  std::error_code error;
  std::filesystem::rename(path, aside, error);
  log_.Write(LogLevel::Error, "heartbeats cannot be understood and start afresh",
             {{"file", path.string()}, {"kept_as", error ? error.message() : aside.string()}});
}

}  // namespace pathwitness
