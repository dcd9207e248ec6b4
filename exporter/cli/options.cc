#include "exporter/cli/options.h"

#include <CLI/CLI.hpp>

namespace pathwitness {
namespace {

/// What all commands about the history take.
void AddHistory(CLI::App& command, HistoryWords& words) {
  AddConfigFile(command, words.config_file);
  AddEnvironment(command, words.environment);
  command
      .add_option("--history", words.directory,
                  "The history's directory, in place of the configuration's")
      ->type_name("DIR");
}

void AddTarget(CLI::App& command, HistoryWords& words) {
  command.add_option("TARGET", words.target, "A traced target")->required();
  command.add_option("--prober", words.prober, "One of its traces, such as trace_tcp");
  command.add_option("--family", words.family, "Only the paths of this one")
      ->type_name("ipv4|ipv6");
}

}  // namespace

void AddConfigFile(CLI::App& command, std::string& file) {
  command.add_option("--config.file", file, "What to measure")
      ->type_name("FILE")
      ->capture_default_str();
}

void AddEnvironment(CLI::App& command, std::string& environment) {
  command
      .add_option("--environment", environment,
                  "The environment laid over it, also from PATHWITNESS_ENVIRONMENT")
      ->envname("PATHWITNESS_ENVIRONMENT")
      ->capture_default_str();
}

void AddAccess(CLI::App& command, HttpAccess& access) {
  const auto add_file = [&command](const char* name, std::string& file, const char* help) {
    command.add_option(name, file, help)->type_name("FILE");
  };
  add_file("--ca-file", access.tls.ca_file, "What its certificate is checked with");
  add_file("--cert-file", access.tls.cert_file, "The certificate to show it");
  add_file("--key-file", access.tls.key_file, "The key of that");
  command.add_option("--server-name", access.tls.server_name,
                     "The name in its certificate, where that is not the URL's host");
  command.add_option("--username", access.username, "Who asks, when it wants a password");
  add_file("--password-file", access.password_file, "The password of that user");
}

CLI::App& AddCheckHealth(CLI::App& check, HealthWords& words) {
  CLI::App& health = *check.add_subcommand(
      "health", "Ask a running exporter whether it is healthy and ready; exits 1 if it is not");
  health.add_option("--url", words.url, "The exporter")->capture_default_str();
  AddAccess(health, words.access);
  health.add_option("--wait", words.wait, "How long it may take to become so, such as 10s")
      ->capture_default_str();
  return health;
}

CLI::App& AddCompare(CLI::App& app, CompareWords& words) {
  CLI::App& compare = *app.add_subcommand(
      "compare", "Lay a target's path at several moments side by side, by hop, with its changes");
  AddHistory(compare, words.history);
  AddTarget(compare, words.history);
  compare
      .add_option("--at", words.at,
                  "A moment: 2026-01-31T16:00:00Z, 16:00 (UTC) or -30m; may be repeated")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->required();
  compare.add_option("--length", words.length, "How much of each moment is added up")
      ->capture_default_str();
  compare.add_flag("--json", words.as_json, "Print JSON");
  return compare;
}

CLI::App& AddEvidence(CLI::App& app, EvidenceWords& words) {
  CLI::App& evidence = *app.add_subcommand(
      "evidence", "Report a target's path before, during and after a time, to be sent to others");
  AddHistory(evidence, words.history);
  AddTarget(evidence, words.history);
  evidence.add_option("--from", words.from, "Its beginning, as --at of compare")->required();
  evidence.add_option("--to", words.to, "Its end")->capture_default_str();
  evidence
      .add_option("--output", words.output,
                  "A folder for text, JSON and checksums, in place of standard output")
      ->type_name("DIR");
  evidence.add_flag("--redact", words.is_redacted,
                    "Replace addresses and names of the own network");
  evidence.add_flag("--json", words.as_json, "Print JSON");
  return evidence;
}

CLI::App& AddExport(CLI::App& app, ExportWords& words) {
  CLI::App& exported = *app.add_subcommand(
      "export", "Print what was measured as OpenMetrics, to fill a gap in a Prometheus");
  AddHistory(exported, words.history);
  exported.add_option("--target", words.history.target, "Only this one");
  exported.add_option("--from", words.from, "Its beginning, as --at of compare")->required();
  exported.add_option("--to", words.to, "Its end")->capture_default_str();
  exported.add_option("--label", words.labels, "name=value for all series; may be repeated")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return exported;
}

CLI::App& AddPublish(CLI::App& app, PublishWords& words) {
  CLI::App& publish = *app.add_subcommand(
      "publish", "Write the public status page of a running exporter to files for any web server");
  publish.add_option("DIR", words.folder, "The folder that gets index.html and status.json")
      ->type_name("DIR")
      ->required();
  publish.add_option("--url", words.url, "The exporter")->capture_default_str();
  AddAccess(publish, words.access);
  return publish;
}

CLI::App& AddTrace(CLI::App& app, TraceWords& words) {
  CLI::App& trace = *app.add_subcommand(
      "trace", "Trace a host now: a live table in a terminal, else a report at the end");
  AddConfigFile(trace, words.config_file);
  trace.add_option("HOST", words.host, "A name or an address")->required();
  trace.add_option("--protocol", words.protocol, "Of the probes")
      ->type_name("icmp|udp|tcp")
      ->capture_default_str();
  trace.add_option("--port", words.port, "Of UDP and TCP")->capture_default_str();
  trace.add_option("--family", words.family, "Without it the first that resolves")
      ->type_name("ipv4|ipv6");
  trace.add_option("--rounds", words.rounds, "Passes over the path")->capture_default_str();
  trace.add_option("--interval", words.interval, "From pass to pass")->capture_default_str();
  trace.add_flag("--json", words.as_json, "Print JSON, as of a report");
  return trace;
}

}  // namespace pathwitness
