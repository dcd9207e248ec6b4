#include "exporter/cli/export_command.h"

#include <fmt/format.h>

#include <ostream>

#include "config/values.h"
#include "exporter/evidence/open_metrics.h"

namespace pathwitness {
namespace {

ExtraLabels LabelsOf(const std::vector<std::string>& words) {
  ExtraLabels labels;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    if (equals == std::string::npos || !IsExtraLabelName(name)) {
      throw CommandError(fmt::format(
          "--label {}: wanted is name=value, with a name that no series has itself", Quote(word)));
    }
    labels[name] = word.substr(equals + 1);
  }
  return labels;
}

}  // namespace

int RunExport(const ExportWords& words, WallTime now, std::ostream& out) {
  const ExtraLabels labels = LabelsOf(words.labels);
  const WallTime from = RequireMoment(words.from, now);
  const WallTime to = RequireMoment(words.to, now);
  if (to <= from) {
    throw CommandError("--to is not after --from");
  }
  HistorySource source(words.history, now);
  std::vector<ExportedTrace> traces;
  std::vector<ExportedHttps> services;
  std::vector<ExportedOneWay> one_way;
  if (!words.history.target.empty()) {
    source.FindTrace(words.history);
  }
  for (const ProberKey& prober : source.Reader().Probers()) {
    if (!words.history.target.empty() && prober.target != words.history.target) {
      continue;
    }
    if (prober.prober == ProberKind::Https) {
      services.push_back({prober, source.Reader().Https(prober, from, to, Resolution::Coarse)});
    } else if (prober.prober == ProberKind::Reflector) {
      one_way.push_back({prober, source.Reader().OneWay(prober, from, to, Resolution::Coarse)});
    } else {
      traces.push_back({prober, source.Reader().Traces(prober, from, to, Resolution::Coarse)});
    }
    source.RequireReadable();
  }
  source.RequireReadable();
  out << OpenMetricsText(traces, services, one_way, labels);
  return 0;
}

}  // namespace pathwitness
