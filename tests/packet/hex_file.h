#pragma once

#include <cstddef>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace pathwitness {

/// The bytes of annotated hexadecimal text: pairs of digits, blanks ignored, `#` to the end of the
/// line is comment.
inline std::vector<std::byte> BytesOfHex(std::string_view text) {
  std::vector<std::byte> bytes;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    for (std::string word; words >> word;) {
      for (std::size_t i = 0; i < word.size(); i += 2) {
        bytes.push_back(static_cast<std::byte>(std::stoul(word.substr(i, 2), nullptr, 16)));
      }
    }
  }
  return bytes;
}

/// The packet in tests/data/packets/`name`.hex. Throws when there is none.
inline std::vector<std::byte> BytesOfPacketFile(const std::string& name) {
  std::ifstream file(PATHWITNESS_SOURCE_DIR "/tests/data/packets/" + name + ".hex");
  std::ostringstream text;
  text << file.rdbuf();
  if (text.str().empty()) {
    throw std::runtime_error("no such packet: " + name);
  }
  return BytesOfHex(text.str());
}

}  // namespace pathwitness
