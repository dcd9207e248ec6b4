#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "diagnosis/owners.h"

namespace pathwitness {

/// The AS numbers of the networks of a path, in the order of its hops, each once in a row; hops in
/// none that is known are left out. `most` at most.
std::vector<std::uint32_t> AsPath(const std::vector<AddressOwner>& networks, std::size_t most);

/// The networks of a path that are not among `expected`, each once. The networks at its ends, where
/// `owners` say so, may always be there. Elements of `expected` are "AS64500" or an owner's name.
///
/// Pre: `owners` has as many elements as `networks`.
std::vector<AddressOwner> UnexpectedTransit(const std::vector<AddressOwner>& networks,
                                            const std::vector<HopOwner>& owners,
                                            const std::vector<std::string>& expected);

}  // namespace pathwitness
