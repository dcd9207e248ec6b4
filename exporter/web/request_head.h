#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "exporter/web/http_message.h"

namespace pathwitness {

/// A field of a request's head, as sent.
using HeadField = std::pair<std::string_view, std::string_view>;

/// More are refused: the server library drops those beyond without a word.
inline constexpr std::size_t kMostHeadFields = 63;

/// The refusal of a request by its head alone; empty when it may go on. Whoever reads it, such as a
/// proxy in front, must understand the same by it: so what decides where it ends, who asks and on
/// whose behalf is said once. A body that is declared too long is not even read.
/// Source: RFC 9112 sections 3.2 and 6.3.
std::optional<HttpResponse> RefuseHead(std::span<const HeadField> fields);

}  // namespace pathwitness
