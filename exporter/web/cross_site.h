#pragma once

#include <optional>

#include "exporter/web/http_message.h"

namespace pathwitness {

/// The refusal (403) of a request that the page of another site made a reader's browser send; empty
/// when it may go on. `Routes` asks for every request that is not for reading, so that no page has
/// to.
///
/// Browsers say where a request comes from in headers that pages cannot set: Sec-Fetch-Site, and
/// the older ones Origin. Programs send neither and are let through: who may use the program at all
/// is for basic_auth_users and client certificates to say.
/// Source: W3C, "Fetch Metadata Request Headers", 2.3; RFC 6454, 7.
std::optional<HttpResponse> RefuseCrossSite(const HttpRequest& request);

}  // namespace pathwitness
