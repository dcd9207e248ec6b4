#pragma once

#include <cstddef>
#include <string_view>

namespace pathwitness {

/// How many bytes the UTF-8 character at the start of `text` has; 0: it is none. Pre: not empty.
/// Source: RFC 3629, 4.
std::size_t Utf8Length(std::string_view text);

/// What anybody can show: UTF-8 throughout, and no NUL, at which some end.
bool IsText(std::string_view text);

}  // namespace pathwitness
