#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/section.h"
#include "config/yaml_tree.h"

namespace pathwitness {

/// Parses one file and checks what holds for any document whatever its keys mean: no duplicate
/// keys, no merge keys, no placeholder that a template engine left behind.
///
/// Errors: ConfigError when it is no UTF-8 text or no YAML; everything else goes to `log`, which
/// calls the file `file_index`.
YamlNode ReadDocument(std::string_view text, const std::string& file, std::size_t file_index,
                      ReadLog& log);

}  // namespace pathwitness
