#pragma once

#include <string>
#include <string_view>

namespace pathwitness {

/// A copy of a rule file, or of a configuration of Prometheus or Alertmanager, in which time runs
/// `factor` times as fast: every duration is divided by it, and nothing else is touched.
///
/// A duration stands behind a key that takes one (`for: 2m`, `group_wait: 30s`), in brackets of an
/// expression
/// (`[5m]`, `[1h:1m]`) or behind `offset`. Plain numbers of seconds stay: they are compared with
/// what the exporter was told. The result is whole milliseconds, 1 at least, written as Prometheus
/// prints it.
std::string ScaleDurations(std::string_view text, double factor);

}  // namespace pathwitness
