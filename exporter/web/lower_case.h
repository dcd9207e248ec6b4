#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace pathwitness {

/// `text` with the letters A to Z in lower case, whatever the locale.
inline std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                                : character;
  });
  return lower;
}

}  // namespace pathwitness
