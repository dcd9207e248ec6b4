#include "exporter/cli/manual.h"

#include <fmt/format.h>

#include <string_view>

namespace pathwitness {
namespace {

constexpr std::string_view kBeforeFlags = R"(.SH NAME
pathwitness \- watch network paths and HTTPS services, for Prometheus
.SH SYNOPSIS
.B pathwitness
[\fIFLAG\fR ...]
.br
.B pathwitness
\fICOMMAND\fR [\fIOPTION\fR ...] [\fIARGUMENT\fR ...]
.SH DESCRIPTION
Without a command
.B pathwitness
serves: it watches the network path and the HTTPS service of every configured target without
pause, says where a fault lies and whose it is, keeps the evidence, and answers Prometheus at
.IR http://localhost:10059/metrics .
A page for people is at the root of the same address.
.PP
With a command it prints something and ends.
.SH FLAGS
)";

constexpr std::string_view kAfterCommands = R"(.SH SIGNALS
.TP
.B SIGHUP
The configuration is read again; one with problems leaves the old one in force.
.TP
.BR SIGTERM ", " SIGINT
It ends, within a second.
.SH ENVIRONMENT
.TP
.B PATHWITNESS_ENVIRONMENT
Stands in for an absent
.BR \-\-environment .
.TP
.BR NOTIFY_SOCKET ", " WATCHDOG_USEC ", " WATCHDOG_PID
Set by
.BR systemd (1),
which is told of the start, of reloads and of the end, and whose watchdog is fed while every
engine makes progress.
.SH FILES
.TP
.I /etc/pathwitness/config/default.yaml
What the service measures. Files in
.I environments
and
.I targets.d
beside it are read too.
.TP
.I /etc/default/pathwitness
Flags and environment of the service.
.TP
.I /var/lib/pathwitness
History, evidence and pushed heartbeats.
.TP
.I /usr/share/pathwitness/alerts
Alert rules for Prometheus, and a runbook for each.
.SH EXIT STATUS
0 for success and 1 for a problem or a difference; 2 when a command was not understood, or cannot
tell.
.SH SEE ALSO
.BR prometheus (1),
.BR promtool (1),
.BR mtr (8)
)";

/// Text in which nothing is a request or an escape, and a dash is one that can be copied.
std::string Plain(std::string_view text) {
  std::string plain;
  for (const char letter : text) {
    if (letter == '\\') {
      plain += "\\e";
    } else if (letter == '-') {
      plain += "\\-";
    } else {
      plain += letter;
    }
  }
  const bool is_request = plain.starts_with('.') || plain.starts_with('\'');
  return is_request ? "\\&" + plain : plain;
}

std::string Bold(std::string_view text) {
  return "\\fB" + Plain(text) + "\\fR";
}

std::string Italic(std::string_view text) {
  return "\\fI" + Plain(text) + "\\fR";
}

std::string Head(const OptionUsage& option) {
  if (option.is_positional) {
    return Italic(option.names.front());
  }
  std::string names;
  for (const std::string& name : option.names) {
    names += (names.empty() ? "" : ", ") + Bold(name);
  }
  return option.value.empty() ? names : names + " " + Italic(option.value);
}

std::string Remarks(const OptionUsage& option) {
  std::string remarks;
  if (option.is_required && !option.is_positional) {
    remarks += " Required.";
  }
  if (!option.default_value.empty()) {
    remarks += " Without it: " + Plain(option.default_value) + ".";
  }
  return remarks;
}

std::string Options(const CommandUsage& command) {
  std::string page;
  for (const OptionUsage& option : command.options) {
    page += fmt::format(".TP\n{}\n{}.{}\n", Head(option), Plain(option.help), Remarks(option));
  }
  return page;
}

std::string Positionals(const CommandUsage& command) {
  std::string words;
  for (const OptionUsage& option : command.options) {
    if (option.is_positional) {
      words += " " + Italic(option.names.front());
    }
  }
  return words;
}

/// The commands that do something: those that stand at an end.
std::string Commands(const CommandUsage& parent, const std::string& path) {
  std::string page;
  for (const CommandUsage& command : parent.commands) {
    const std::string name = path.empty() ? command.name : path + " " + command.name;
    if (command.commands.empty()) {
      page += fmt::format(".SS {}{}\n{}.\n{}", Bold(name), Positionals(command),
                          Plain(command.help), Options(command));
    }
    page += Commands(command, name);
  }
  return page;
}

}  // namespace

std::string ManualPage(const CommandUsage& program, std::string_view version) {
  std::string page =
      fmt::format(".TH PATHWITNESS 1 \"\" \"pathwitness {}\" \"User Commands\"\n", version);
  page += kBeforeFlags;
  page += Options(program);
  page += ".SH COMMANDS\n" + Commands(program, "");
  page += kAfterCommands;
  return page;
}

}  // namespace pathwitness
