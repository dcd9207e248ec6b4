#pragma once

#include <string>

namespace pathwitness {

/// All members of a gzip body, read by zlib; a damaged body gives "damaged".
std::string Gunzip(std::string compressed);

}  // namespace pathwitness
