#pragma once

#include <string_view>

// Defined in a file that each build writes: cmake/version.cmake.
namespace pathwitness {

/// As in "0.1.0".
std::string_view Version();

/// The git commit that was built, in full; "unknown" when that could not be found out.
std::string_view Revision();

/// The git branch that was built; "HEAD" for a detached checkout, "unknown" when that could not be
/// found out.
std::string_view Branch();

}  // namespace pathwitness
