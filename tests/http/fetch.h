#pragma once

#include "probes/http/http_client.h"

namespace pathwitness {

/// Turns `client` until it has nothing under way, or gives up after 20 s.
void Finish(HttpClient& client);

/// One request, from start to result, against real time.
HttpResult Fetch(const HttpOrder& order);

/// The order for `url` on 127.0.0.1, trusting the authorities in `ca_file`.
HttpOrder OrderOf(const std::string& url, const std::string& ca_file = "");

/// Seconds of a phase; fails the test when it is absent.
double PhaseOf(const HttpResult& result, HttpPhase phase);

}  // namespace pathwitness
