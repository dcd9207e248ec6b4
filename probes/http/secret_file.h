#pragma once

#include <optional>
#include <string>

namespace pathwitness {

/// The password or token in `path`, without trailing line breaks. Read anew for each use, so that
/// rotation needs no reload. Empty when the file cannot be read or is longer than 64 KiB.
std::optional<std::string> ReadSecretFile(const std::string& path);

}  // namespace pathwitness
