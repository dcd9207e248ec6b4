#include "config/load.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "config/config_files.h"
#include "config/document.h"
#include "config/layers.h"
#include "config/read_config.h"
#include "config/section.h"
#include "config/values.h"
#include "config/yaml_tree.h"
#include "probes/crypto/digest.h"

namespace pathwitness {
namespace {

constexpr std::size_t kLargestTogether = 32U << 20U;

std::string JoinLines(const std::vector<ConfigProblem>& problems) {
  std::string lines;
  for (const ConfigProblem& problem : problems) {
    lines += (lines.empty() ? "" : "\n") + problem.ToString();
  }
  return lines;
}

std::string OnOneLine(const std::string& text) {
  std::string line = text;
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, '?');
  return line;
}

void StartPathsAt(const std::filesystem::path& folder, Config& config) {
  const auto start = [&folder](std::string& path) {
    path = path.empty() ? path : (folder / path).lexically_normal().string();
  };
  const auto start_all = [&start](HttpRequestConfig& request) {
    start(request.tls.ca_file);
    start(request.tls.cert_file);
    start(request.tls.key_file);
    start(request.basic_auth_password_file);
    start(request.bearer_token_file);
  };
  start(config.state_directory);
  start(config.history.directory);
  start(config.archive.directory);
  for (std::string* const path : {&config.upload.access_key_file, &config.upload.secret_key_file,
                                  &config.upload.session_token_file, &config.upload.tls.ca_file,
                                  &config.upload.tls.cert_file, &config.upload.tls.key_file}) {
    start(*path);
  }
  start(config.asn_database.path);
  std::for_each(config.discovery.target_files.begin(), config.discovery.target_files.end(), start);
  for (HttpSourceConfig& source : config.discovery.target_http) {
    start_all(source.request);
  }
  start(config.alerting.rules);
  start(config.alerting.runbooks);
  std::for_each(config.alerting.prometheus.begin(), config.alerting.prometheus.end(), start_all);
  for (TargetConfig& target : config.targets) {
    start_all(target.https.request);
    start_all(target.pulse.request);
    start(target.pulse.path);
    start(target.reflector.key_file);
  }
}

// The layers as one document, and what else is known of them.
class Layers {
 public:
  Layers(std::string_view text, const std::string& file)
      : log_(file), root_(ReadDocument(text, file, 0, log_)), texts_(text), files_({file}) {}

  void AddTargetFile(const std::filesystem::path& path) { AddTargets(root_, Read(path), log_); }

  void AddEnvironment(const std::filesystem::path& path) { LayOver(root_, Read(path), log_); }

  const std::vector<std::filesystem::path>& Files() const { return files_; }
  ReadLog& Log() { return log_; }

  // What can be checked without opening anything; problems are in the log.
  Config ReadChecked(WallTime now, const Shard& shard) {
    Config config = ReadConfig(Section(&root_, "", "", log_));
    config.sha256 = ToHex(Sha256(texts_));
    config.shard = shard;
    Locate(CheckConfig(config));
    Locate(CheckExpiries(config, now));
    return config;
  }

  void Locate(std::vector<ConfigProblem> problems) {
    for (ConfigProblem& problem : problems) {
      log_.Locate(std::move(problem));
    }
  }

  void ThrowProblems() const {
    std::vector<ConfigProblem> problems = log_.Problems();
    if (!problems.empty()) {
      throw ConfigError(std::move(problems));
    }
  }

 private:
  YamlNode Read(const std::filesystem::path& path) {
    const std::string text = ReadConfigFile(path);
    if (texts_.size() + text.size() > kLargestTogether) {
      throw ConfigError({{path, 0, 0, "", "makes all files together larger than 32 MiB"}});
    }
    texts_ += text;
    files_.push_back(path);
    return ReadDocument(text, path, log_.AddFile(path), log_);
  }

  ReadLog log_;
  YamlNode root_;
  std::string texts_;  // one behind the other
  std::vector<std::filesystem::path> files_;
};

void RequireKnown(const std::filesystem::path& file, const std::string& environment) {
  const std::vector<std::string> known = KnownEnvironments(file);
  if (std::find(known.begin(), known.end(), environment) != known.end()) {
    return;
  }
  throw ConfigError({{file, 0, 0, "",
                      fmt::format("unknown environment {}; known: {}", Quote(environment),
                                  fmt::join(known, ", "))}});
}

// "targets[3].host" to "targets[here-to-x].host".
void NameTarget(const std::vector<TargetConfig>& targets, std::string& key) {
  constexpr std::string_view kStart = "targets[";
  if (!key.starts_with(kStart)) {
    return;
  }
  const std::size_t end = key.find(']');
  std::size_t index = targets.size();
  std::from_chars(key.data() + kStart.size(), key.data() + end, index);
  if (index < targets.size()) {
    key.replace(kStart.size(), end - kStart.size(), targets[index].name);
  }
}

}  // namespace

std::string ConfigProblem::ToString() const {
  std::string text = file;
  if (line > 0) {
    text += fmt::format(":{}", line);
  }
  if (line > 0 && column > 0) {
    text += fmt::format(":{}", column);
  }
  return OnOneLine(fmt::format("{}: {}{}{}", text, key, key.empty() ? "" : ": ", what));
}

ConfigError::ConfigError(std::vector<ConfigProblem> problems)
    : std::runtime_error(JoinLines(problems)), problems_(std::move(problems)) {}

Config ParseConfig(std::string_view yaml, const std::string& name, WallTime now) {
  Layers layers(yaml, name);
  Config config = layers.ReadChecked(now, {});
  layers.ThrowProblems();
  return config;
}

LoadedConfig LoadLayers(const std::filesystem::path& file, const std::string& environment,
                        WallTime now, const Shard& shard) {
  Layers layers(ReadConfigFile(file), file);
  for (const std::filesystem::path& path : TargetFilesBeside(file)) {
    layers.AddTargetFile(path);
  }
  RequireKnown(file, environment);
  if (environment != kDefaultEnvironment) {
    layers.AddEnvironment(EnvironmentFile(file, environment));
  }
  LoadedConfig loaded{
      .config = layers.ReadChecked(now, shard), .values = {}, .files = layers.Files()};
  loaded.config.environment = environment;
  StartPathsAt(std::filesystem::absolute(file).parent_path(), loaded.config);
  layers.Locate(CheckFiles(loaded.config));
  layers.ThrowProblems();
  loaded.values = layers.Log().TakeValues();
  for (ShownValue& value : loaded.values) {
    NameTarget(loaded.config.targets, value.key);
  }
  return loaded;
}

Config LoadConfig(const std::filesystem::path& file) {
  return LoadLayers(file, std::string(kDefaultEnvironment), std::chrono::system_clock::now())
      .config;
}

std::vector<std::string> KnownEnvironments(const std::filesystem::path& file) {
  std::vector<std::string> names = EnvironmentsBeside(file);
  const std::string name(kDefaultEnvironment);
  if (std::find(names.begin(), names.end(), name) != names.end()) {
    throw ConfigError({{EnvironmentFile(file, name), 0, 0, "",
                        "is never read: 'default' is the name of the configuration without an "
                        "environment; give it another name"}});
  }
  names.insert(std::lower_bound(names.begin(), names.end(), name), name);
  return names;
}

std::set<std::string> KnownConfigKeys() {
  std::set<std::string> keys;
  ReadLog log("", &keys);
  ReadConfig(Section(nullptr, "", "", log));
  return keys;
}

}  // namespace pathwitness
