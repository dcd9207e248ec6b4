#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/web/http_message.h"

namespace pathwitness {

/// Whether the name in `host`, a Host header, cannot lead browsers astray: an address, a name
/// without a dot, one below localhost, or one of `names`, whichever the port. For any other a
/// stranger's name server may have told a browser our address, so that a page of the stranger
/// counts as ours ("DNS rebinding").
bool IsOwnHost(std::string_view host, const std::vector<std::string>& names);

/// The refusal (403) of a request that the page of another site made a reader's browser send; empty
/// when it may go on. `Routes` asks for every request that is not for reading, so that no page has
/// to. `is_own_host` is asked about the Host header of browsers.
///
/// Browsers say where a request comes from in headers that pages cannot set: Sec-Fetch-Site, and
/// the older ones Origin. Programs send neither and are let through: who may use the program at all
/// is for basic_auth_users and client certificates to say.
/// Source: W3C, "Fetch Metadata Request Headers", 2.3; RFC 6454, 7.
std::optional<HttpResponse> RefuseCrossSite(
    const HttpRequest& request, const std::function<bool(std::string_view host)>& is_own_host);

}  // namespace pathwitness
