#pragma once

#include <string_view>

namespace pathwitness {

/// Whether a client that sent this Accept-Encoding value really takes gzip: named, or covered by
/// `*`, with a weight above 0. An empty or unreadable value does not.
/// Source: RFC 9110 section 12.5.3.
bool AcceptsGzip(std::string_view accept_encoding);

}  // namespace pathwitness
