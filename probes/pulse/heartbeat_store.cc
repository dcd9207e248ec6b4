#include "probes/pulse/heartbeat_store.h"

#include <chrono>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "probes/disk/files.h"

namespace pathwitness {
namespace {

using Json = nlohmann::json;
constexpr std::string_view kFileName = "heartbeats.json";

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
