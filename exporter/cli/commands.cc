#include "exporter/cli/commands.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iostream>
#include <ostream>
#include <set>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "exporter/cli/alerts_check.h"
#include "exporter/cli/compare_command.h"
#include "exporter/cli/completion.h"
#include "exporter/cli/config_check.h"
#include "exporter/cli/config_diff.h"
#include "exporter/cli/diagnose.h"
#include "exporter/cli/drill_command.h"
#include "exporter/cli/evidence_command.h"
#include "exporter/cli/export_command.h"
#include "exporter/cli/health_command.h"
#include "exporter/cli/manual.h"
#include "exporter/cli/options.h"
#include "exporter/cli/publish_command.h"
#include "exporter/cli/trace_command.h"
#include "exporter/evidence/plain_text.h"
#include "exporter/flags.h"
#include "exporter/version.h"
#include "exporter/web/web_gate.h"

namespace pathwitness {
namespace {

constexpr int kFine = 0;
constexpr int kProblems = 1;  // or differences
constexpr int kCannotTell = 2;

constexpr std::array<std::string_view, 11> kCommands = {
    "check",    "compare", "completion", "config",  "diagnose", "drill",
    "evidence", "export",  "manual",     "publish", "trace"};

/// The words of the command line.
struct Words {
  std::string config_file = Flags().config_file.string();
  std::string environment = std::string(kDefaultEnvironment);
  bool all_environments = false;
  std::string shard = Shard().ToString();
  std::string web_config_file;
  bool as_json = false;
  std::string left;
  std::string right;
  std::string observations;
  std::string other_end;
  DrillWords drill;
  AlertsCheckWords alerts;
  HealthWords health;
  CompareWords compare;
  EvidenceWords evidence;
  ExportWords exported;
  PublishWords published;
  TraceWords trace;
  std::string shell;
};

/// Where a command speaks, and when.
struct Stage {
  std::ostream& out;
  std::ostream& err;
  WallTime now;
};

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

int CheckWebFile(const std::string& file, const Stage& stage) {
  try {
    CheckWebConfig(file);
    fmt::print(stage.out, "{}: valid\n", file);
    return kFine;
  } catch (const ConfigError& error) {
    fmt::print(stage.err, "{}\n", error.what());
    fmt::print(stage.out, "{}: {}\n", file, Counted(error.Problems().size(), "problem"));
    return kProblems;
  }
}

int CheckConfigs(const Words& words, const Stage& stage) {
  const std::vector<std::string> environments = words.all_environments
                                                    ? KnownEnvironments(words.config_file)
                                                    : std::vector{words.environment};
  std::set<std::string> printed;
  int status = kFine;
  for (const std::string& environment : environments) {
    const ConfigReview review =
        ReviewConfig(words.config_file, environment, stage.now, *Shard::Parse(words.shard));
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
  return words.web_config_file.empty()
             ? status
             : std::max(status, CheckWebFile(words.web_config_file, stage));
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
  return Diagnose(
      {.file = words.observations, .other_end = words.other_end, .as_json = words.as_json},
      stage.out, stage.err);
}

int CheckHealth(const Words& words, const Stage& stage) {
  return RunHealth(words.health, stage.out, stage.err);
}

TextStyle StyleOf(const Stage& stage) {
  return &stage.out == &std::cout ? StandardOutputStyle() : TextStyle();
}

int CompareAll(const Words& words, const Stage& stage) {
  return RunCompare(words.compare, stage.now, StyleOf(stage), stage.out);
}

int MakeEvidence(const Words& words, const Stage& stage) {
  return RunEvidence(words.evidence, stage.now, stage.out);
}

int ExportAll(const Words& words, const Stage& stage) {
  return RunExport(words.exported, stage.now, stage.out);
}

int PublishStatus(const Words& words, const Stage& stage) {
  return RunPublish(words.published, stage.out, stage.err);
}

int TraceNow(const Words& words, const Stage& stage) {
  return RunTrace(words.trace, StyleOf(stage), stage.out);
}

int PlayDrill(const Words& words, const Stage& stage) {
  return RunDrill(words.drill, stage.out, stage.err);
}

CommandUsage ProgramUsage();

int PrintCompletion(const Words& words, const Stage& stage) {
  stage.out << (words.shell == "bash" ? BashCompletion : ZshCompletion)(ProgramUsage());
  return kFine;
}

int PrintManual(const Words& /*words*/, const Stage& stage) {
  stage.out << ManualPage(ProgramUsage(), Version());
  return kFine;
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
      ->type_name("DIR")
      ->capture_default_str();
  alerts.add_option("--prometheus.url", words.prometheus_urls, "Compare with it; may be repeated")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  alerts.add_option("--prometheus.username", words.username, "For it, with the next");
  alerts.add_option("--prometheus.password-file", words.password_file, "A file with its password")
      ->type_name("FILE");
  alerts.add_option("--prometheus.bearer-token-file", words.bearer_token_file, "Or with a token")
      ->type_name("FILE");
  alerts.add_option("--prometheus.ca-file", words.ca_file, "Authorities in place of the system's")
      ->type_name("FILE");
  alerts.add_option("--wait", words.wait, "How long it may take to run them, such as 30s")
      ->capture_default_str();
  return alerts;
}

CLI::App& AddDiagnose(CLI::App& app, Words& words) {
  CLI::App& diagnose = *app.add_subcommand(
      "diagnose", "Say what a report of mtr --json, or counts per hop, mean; exits 1 if it cannot");
  diagnose.add_flag("--json", words.as_json, "Print JSON");
  diagnose.add_option("FILE", words.observations, "The report or the counts")
      ->type_name("FILE")
      ->required();
  diagnose
      .add_option("--other-end", words.other_end, "The same as the other end saw it, tracing here")
      ->type_name("FILE");
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
  AddAccess(drill, words.access);
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

CLI::App& AddCompletion(CLI::App& app, Words& words) {
  CLI::App& completion =
      *app.add_subcommand("completion", "Print what makes a shell complete this command line");
  completion.add_option("SHELL", words.shell, "Which shell")
      ->type_name("bash|zsh")
      ->check(CLI::IsMember({"bash", "zsh"}).description(""))
      ->required();
  return completion;
}

CLI::App& AddManual(CLI::App& app) {
  return *app.add_subcommand("manual", "Print the manual page, for man -l");
}

std::vector<Command> Declare(CLI::App& app, Words& words) {
  CLI::App& check = *app.add_subcommand("check", "Check before shipping")->require_subcommand(1);
  CLI::App& config =
      *app.add_subcommand("config", "Show and compare configurations")->require_subcommand(1);

  CLI::App& check_config = *check.add_subcommand(
      "config", "Check an environment's configuration: all problems, and the packet rate planned");
  AddConfigFile(check_config, words.config_file);
  AddEnvironment(check_config, words.environment);
  check_config.add_flag("--all-environments", words.all_environments,
                        "Check each environment that there is");
  check_config
      .add_option("--shard", words.shard,
                  "i/n: check the packet rate of part i (from 0) of n of the targets")
      ->check([](const std::string& text) -> std::string {
        return Shard::Parse(text) ? "" : text + " is not i/n with i from 0 to n - 1";
      })
      ->capture_default_str();
  check_config
      .add_option("--web.config.file", words.web_config_file,
                  "Check this file of the web server, too, and the certificates that it names")
      ->type_name("FILE");

  CLI::App& show = *config.add_subcommand(
      "show", "Print an environment's configuration, each value with its origin");
  AddConfigFile(show, words.config_file);
  AddEnvironment(show, words.environment);

  CLI::App& diff = *config.add_subcommand(
      "diff", "Print what two environments differ in; exits 0 same, 1 different, 2 cannot tell");
  AddConfigFile(diff, words.config_file);
  diff.add_flag("--json", words.as_json, "Print JSON");
  diff.add_option("A", words.left, "One environment")->required();
  diff.add_option("B", words.right, "The other")->required();
  return {{&check_config, CheckConfigs, kProblems},
          {&AddCheckAlerts(check, words.alerts), CheckRules, kCannotTell},
          {&AddCheckHealth(check, words.health), CheckHealth, kProblems},
          {&show, ShowOne, kProblems},
          {&diff, DiffTwo, kCannotTell},
          {&AddCompare(app, words.compare), CompareAll, kProblems},
          {&AddDiagnose(app, words), DiagnoseFile, kProblems},
          {&AddDrill(app, words.drill), PlayDrill, kProblems},
          {&AddEvidence(app, words.evidence), MakeEvidence, kProblems},
          {&AddExport(app, words.exported), ExportAll, kProblems},
          {&AddPublish(app, words.published), PublishStatus, kProblems},
          {&AddTrace(app, words.trace), TraceNow, kProblems},
          {&AddCompletion(app, words), PrintCompletion, kCannotTell},
          {&AddManual(app), PrintManual, kCannotTell}};
}

CommandUsage ProgramUsage() {
  CLI::App app;
  Words words;
  Declare(app, words);
  CommandUsage program = FlagsUsage();
  program.commands = UsageOf(app).commands;
  return program;
}

void AddToOverview(const CommandUsage& parent, const std::string& path, std::string& overview) {
  for (const CommandUsage& command : parent.commands) {
    const std::string name = path.empty() ? command.name : path + " " + command.name;
    if (command.commands.empty()) {
      overview += fmt::format("  {:<28}{}\n", name, command.help);
    }
    AddToOverview(command, name, overview);
  }
}

int RunParsed(const std::vector<Command>& commands, const Words& words, const Stage& stage) {
  const auto chosen =
      std::ranges::find_if(commands, [](const Command& command) { return command.app->parsed(); });
  try {
    return chosen->run(words, stage);
  } catch (const ConfigError& error) {
    fmt::print(stage.err, "{}\n", error.what());
    return chosen->on_bad_config;
  } catch (const CommandError& error) {
    fmt::print(stage.err, "pathwitness: {}\n", PlainText(error.what()));
    return kProblems;
  }
}

}  // namespace

std::string CommandOverview() {
  std::string overview = "Commands, each with a --help:\n";
  AddToOverview(ProgramUsage(), "", overview);
  return overview;
}

std::optional<int> RunCommand(const std::vector<std::string>& arguments, std::ostream& out,
                              std::ostream& err, WallTime now) {
  if (arguments.empty() || std::ranges::find(kCommands, arguments.front()) == kCommands.end()) {
    return std::nullopt;
  }
  CLI::App app("", "pathwitness");
  Words words;
  const std::vector<Command> commands = Declare(app, words);
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
