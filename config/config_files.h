#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pathwitness {

/// All of a file in one reading, so that nobody sees two states of it.
///
/// Errors: ConfigError when it is no regular file, cannot be read or is larger than 10 MiB.
std::string ReadConfigFile(const std::filesystem::path& path);

/// The visible *.yaml and *.yml files of targets.d beside `file`, sorted by name; what they are is
/// for ReadConfigFile to say.
///
/// Errors: ConfigError when targets.d cannot be listed or has more than 10,000 of them.
std::vector<std::filesystem::path> TargetFilesBeside(const std::filesystem::path& file);

/// The environments that have a file beside `file`, sorted.
std::vector<std::string> EnvironmentsBeside(const std::filesystem::path& file);

/// The file that lays `environment` over `file`.
std::filesystem::path EnvironmentFile(const std::filesystem::path& file,
                                      const std::string& environment);

}  // namespace pathwitness
