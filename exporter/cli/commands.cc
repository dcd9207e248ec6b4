#include "exporter/cli/commands.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <ostream>
#include <set>
#include <string_view>

#include "config/load.h"
#include "exporter/cli/alerts_check.h"
#include "exporter/cli/config_check.h"
#include "exporter/cli/config_diff.h"
#include "exporter/cli/diagnose.h"
#include "exporter/cli/drill_command.h"
#include "exporter/flags.h"

namespace pathwitness {
namespace {

constexpr int kFine = 0;
constexpr int kProblems = 1;  // or differences
constexpr int kCannotTell = 2;

constexpr std::array<std::string_view, 4> kCommands = {"check", "config", "diagnose", "drill"};

/// The words of the command line.
struct Words {
  std::string config_file = Flags().config_file.string();
  std::string environment = std::string(kDefaultEnvironment);
  bool all_environments = false;
  bool as_json = false;
  std::string left;
  std::string right;
  std::string observations;
  DrillWords drill;
  AlertsCheckWords alerts;
};

/// Where a command speaks, and when.
struct Stage {
  std::ostream& out;
  std::ostream& err;
  WallTime now;
};

void AddConfigFile(CLI::App& command, Words& words) {
  command.add_option("--config.file", words.config_file, "What to measure")->capture_default_str();
}

void AddEnvironment(CLI::App& command, Words& words) {
  command
      .add_option("--environment", words.environment,
                  "The environment laid over it, also from PATHWITNESS_ENVIRONMENT")
      ->envname("PATHWITNESS_ENVIRONMENT")
      ->capture_default_str();
}

/// Prints `problems` one a line, each once: what is wrong with a file that many environments share
/// is not repeated.
void PrintProblems(const std::vector<ConfigProblem>& problems, std::set<std::string>& printed,
                   std::ostream& err) {
  for (const ConfigProblem& problem : problems) {
    const std::string line = problem.ToString();
    if (printed.insert(line).second) {
      fmt::print(err, "{}\n", line);
    }
  }
}

int CheckConfigs(const Words& words, const Stage& stage) {
  const std::vector<std::string> environments = words.all_environments
                                                    ? KnownEnvironments(words.config_file)
                                                    : std::vector{words.environment};
  std::set<std::string> printed;
  int status = kFine;
  for (const std::string& environment : environments) {
    const ConfigReview review = ReviewConfig(words.config_file, environment, stage.now);
    PrintProblems(review.problems, printed, stage.err);
    for (const std::string& warning : review.warnings) {
      fmt::print(stage.err, "warning: {}: {}\n", environment, warning);
    }
    if (review.problems.empty()) {
      fmt::print(stage.out, "{}: valid; {}\n", environment, review.summary);
      continue;
    }
    fmt::print(stage.out, "{}: {}\n", environment, Counted(review.problems.size(), "problem"));
    status = kProblems;
  }
  return status;
}

int CheckRules(const Words& words, const Stage& stage) {
  return CheckAlerts(words.alerts, stage.out, stage.err);
}

int ShowOne(const Words& words, const Stage& stage) {
  stage.out << ShowConfig(LoadLayers(words.config_file, words.environment, stage.now));
  return kFine;
}

int DiffTwo(const Words& words, const Stage& stage) {
  const ConfigDifference difference =
      DiffConfigs(LoadLayers(words.config_file, words.left, stage.now),
                  LoadLayers(words.config_file, words.right, stage.now));
  const auto format = words.as_json ? DiffJson : DiffText;
  stage.out << format(difference, words.left, words.right);
  return difference.IsEmpty() ? kFine : kProblems;
}

int DiagnoseFile(const Words& words, const Stage& stage) {
  return Diagnose(words.observations, words.as_json, stage.out, stage.err);
}

int PlayDrill(const Words& words, const Stage& stage) {
  return RunDrill(words.drill, stage.out, stage.err);
}

/// One command: what it is called, what it does, and the status when it cannot.
struct Command {
  CLI::App* app;
  int (*run)(const Words& words, const Stage& stage);
  int on_bad_config;
};

CLI::App& AddCheckAlerts(CLI::App& check, AlertsCheckWords& words) {
  CLI::App& alerts = *check.add_subcommand(
      "alerts", "Check the alert rules, and that each Prometheus runs just these");
  alerts.add_option("--rules", words.rules, "Their folder; runbooks and tests stand beside it")
      ->capture_default_str();
  alerts.add_option("--prometheus.url", words.prometheus_urls, "Compare with it; may be repeated")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  alerts.add_option("--prometheus.username", words.username, "For it, with the next");
  alerts.add_option("--prometheus.password-file", words.password_file, "A file with its password");
  alerts.add_option("--prometheus.bearer-token-file", words.bearer_token_file, "Or with a token");
  alerts.add_option("--prometheus.ca-file", words.ca_file, "Authorities in place of the system's");
  alerts.add_option("--wait", words.wait, "How long it may take to run them, such as 30s")
      ->capture_default_str();
  return alerts;
}

CLI::App& AddDiagnose(CLI::App& app, Words& words) {
  CLI::App& diagnose = *app.add_subcommand(
      "diagnose", "Say what a report of mtr --json, or counts per hop, mean; exits 1 if it cannot");
  diagnose.add_flag("--json", words.as_json, "Print JSON");
  diagnose.add_option("FILE", words.observations, "The report or the counts")->required();
  return diagnose;
}

CLI::App& AddDrill(CLI::App& app, DrillWords& words) {
  CLI::App& drill = *app.add_subcommand(
      "drill", "Play a fault and follow its page; exits 0 arrived, 1 not, 2 not started");
  drill.add_option("TARGET", words.target, "A traced target")->required();
  drill.add_option("--loss", words.loss, "Share of its packets that are lost, such as 30%")
      ->required();
  drill.add_option("--at-hop", words.at_hop, "The hop from which on they are")
      ->capture_default_str();
  drill.add_option("--for", words.length, "How long at most, such as 10m; 1h is the longest")
      ->required();
  drill.add_option("--url", words.url, "The exporter, with --web.enable-lifecycle")
      ->capture_default_str();
  drill.add_option("--prometheus.url", words.prometheus_url, "Look for alerts there too");
  drill.add_option("--alertmanager.url", words.alertmanager_url,
                   "Look for alerts there too, and for the page at the drill receiver");
  drill.add_option("--severity", words.goals.severity, "Severity of the alert that must arrive")
      ->capture_default_str();
  drill.add_option("--receiver", words.goals.receiver, "Where all of a drill must go")
      ->capture_default_str();
  drill.add_flag("--wait-resolved", words.goals.until_resolved, "Wait for the alert's end too");
  return drill;
}

std::array<Command, 6> Declare(CLI::App& app, Words& words) {
  CLI::App& check = *app.add_subcommand("check", "Check before shipping")->require_subcommand(1);
  CLI::App& config =
      *app.add_subcommand("config", "Show and compare configurations")->require_subcommand(1);

  CLI::App& check_config = *check.add_subcommand(
      "config", "Check an environment's configuration: all problems, and the packet rate planned");
  AddConfigFile(check_config, words);
  AddEnvironment(check_config, words);
  check_config.add_flag("--all-environments", words.all_environments,
                        "Check each environment that there is");

  CLI::App& show = *config.add_subcommand(
      "show", "Print an environment's configuration, each value with its origin");
  AddConfigFile(show, words);
  AddEnvironment(show, words);

  CLI::App& diff = *config.add_subcommand(
      "diff", "Print what two environments differ in; exits 0 same, 1 different, 2 cannot tell");
  AddConfigFile(diff, words);
  diff.add_flag("--json", words.as_json, "Print JSON");
  diff.add_option("A", words.left, "One environment")->required();
  diff.add_option("B", words.right, "The other")->required();
  return {{{&check_config, CheckConfigs, kProblems},
           {&AddCheckAlerts(check, words.alerts), CheckRules, kCannotTell},
           {&show, ShowOne, kProblems},
           {&diff, DiffTwo, kCannotTell},
           {&AddDiagnose(app, words), DiagnoseFile, kProblems},
           {&AddDrill(app, words.drill), PlayDrill, kProblems}}};
}

int RunParsed(const std::array<Command, 6>& commands, const Words& words, const Stage& stage) {
  const auto* const chosen =
      std::ranges::find_if(commands, [](const Command& command) { return command.app->parsed(); });
  try {
    return chosen->run(words, stage);
  } catch (const ConfigError& error) {
    fmt::print(stage.err, "{}\n", error.what());
    return chosen->on_bad_config;
  }
}

}  // namespace

std::optional<int> RunCommand(const std::vector<std::string>& arguments, std::ostream& out,
                              std::ostream& err, WallTime now) {
  if (arguments.empty() || std::ranges::find(kCommands, arguments.front()) == kCommands.end()) {
    return std::nullopt;
  }
  CLI::App app("", "pathwitness");
  Words words;
  const std::array<Command, 6> commands = Declare(app, words);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 wants them
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    out << app.help();
    return kFine;
  } catch (const CLI::ParseError& error) {
    fmt::print(err, "pathwitness: {} (--help lists the options)\n", error.what());
    return kCannotTell;
  }
  return RunParsed(commands, words, {.out = out, .err = err, .now = now});
}

}  // namespace pathwitness
