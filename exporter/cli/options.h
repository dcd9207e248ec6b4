#pragma once

#include <string>

#include "exporter/cli/compare_command.h"
#include "exporter/cli/evidence_command.h"
#include "exporter/cli/export_command.h"
#include "exporter/cli/health_command.h"
#include "exporter/cli/http_asker.h"
#include "exporter/cli/publish_command.h"
#include "exporter/cli/trace_command.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the parser's
class App;
}

// The options of commands, declared to the parser, which writes what it reads to `words`; these
// must outlive it.
namespace pathwitness {

void AddConfigFile(CLI::App& command, std::string& file);

/// Each command needs a variable of its own: what the environment says is written to those of
/// commands that are not run, too.
void AddEnvironment(CLI::App& command, std::string& environment);

/// How to reach an exporter that has a --web.config.file.
void AddAccess(CLI::App& command, HttpAccess& access);

/// The command itself. `check` is the one that it stands below.
CLI::App& AddCheckHealth(CLI::App& check, HealthWords& words);
CLI::App& AddCompare(CLI::App& app, CompareWords& words);
CLI::App& AddEvidence(CLI::App& app, EvidenceWords& words);
CLI::App& AddExport(CLI::App& app, ExportWords& words);
CLI::App& AddPublish(CLI::App& app, PublishWords& words);
CLI::App& AddTrace(CLI::App& app, TraceWords& words);

}  // namespace pathwitness
