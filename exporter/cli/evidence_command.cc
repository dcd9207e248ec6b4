#include "exporter/cli/evidence_command.h"

#include <fmt/format.h>

#include <filesystem>
#include <ostream>
#include <string_view>
#include <system_error>

#include "exporter/archive/manifest.h"
#include "exporter/evidence/gather.h"
#include "exporter/evidence/kernel_clock.h"
#include "exporter/evidence/redaction.h"
#include "exporter/version.h"
#include "probes/disk/files.h"

namespace pathwitness {
namespace {

Report MakeRequested(const EvidenceWords& words, HistorySource& source, WallTime now) {
  const ReportOrder order{.prober = source.FindTrace(words.history),
                          .from = RequireMoment(words.from, now),
                          .to = RequireMoment(words.to, now),
                          .now = now};
  if (order.to <= order.from) {
    throw CommandError("--to is not after --from");
  }
  ReportFacts facts = GatherReport(source.Reader(), order, source.Settings());
  source.RequireReadable();
  if (!JudgeWindows(facts)) {
    throw CommandError(fmt::format("nothing is known of that time: {}", source.KnownSpan()));
  }
  facts.clock = ReadKernelClock();
  facts.version = Version();
  facts.revision = Revision();
  Report report = MakeReport(facts);
  if (!words.is_redacted) {
    return report;
  }
  return Redact(report,
                source.Settings() == nullptr ? OwnThings{} : OwnThingsOf(*source.Settings()));
}

void Write(const std::filesystem::path& file, std::string_view text) {
  if (const std::error_code error = WriteAtomically(file, text)) {
    throw CommandError(fmt::format("{}: {}", file.string(), error.message()));
  }
}

/// Under the names that the archive has, the manifest last: it vouches for the others.
void WriteBundle(const Report& report, const std::filesystem::path& folder, WallTime at,
                 std::ostream& out) {
  const ReportFiles files{.target = report.target,
                          .source = report.source.address,
                          .destination = report.destination.address,
                          .at = at,
                          .forms = {{"json", ReportJson(report)}, {"txt", ReportText(report)}}};
  const ReportName name = NameOf(files, 1);
  std::error_code error;
  std::filesystem::create_directories(folder / name.Folder(), error);
  if (error) {
    throw CommandError(fmt::format("{}: {}", (folder / name.Folder()).string(), error.message()));
  }
  const std::string stem = (folder / name.Path()).string();
  const auto write = [&](std::string_view extension, std::string_view text) {
    const std::string file = fmt::format("{}.{}", stem, extension);
    Write(file, text);
    out << file << "\n";
  };
  for (const auto& [extension, text] : files.forms) {
    write(extension, text);
  }
  write(kManifestExtension, ToText(MakeManifest(name, files)));
}

}  // namespace

int RunEvidence(const EvidenceWords& words, WallTime now, std::ostream& out) {
  HistorySource source(words.history, now);
  const Report report = MakeRequested(words, source, now);
  if (words.output.empty()) {
    out << (words.as_json ? ReportJson(report) : ReportText(report));
  } else {
    WriteBundle(report, words.output, RequireMoment(words.to, now), out);
  }
  return 0;
}

}  // namespace pathwitness
