#include "exporter/cli/history_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "config/load.h"
#include "config/values.h"
#include "exporter/cli/moment.h"
#include "exporter/evidence/shown_time.h"

namespace pathwitness {
namespace {

bool IsTrace(const ProberKey& prober) {
  return ProberName(prober.prober).starts_with("trace_");
}

std::optional<Config> ConfigOf(const HistoryWords& words, WallTime now) {
  try {
    return LoadLayers(words.config_file, words.environment, now).config;
  } catch (const ConfigError&) {
    if (words.directory.empty()) {
      throw;
    }
    return std::nullopt;
  }
}

std::string UnknownTarget(const std::string& target, const std::vector<ProberKey>& probers) {
  std::vector<std::string_view> names;
  for (const ProberKey& prober : probers) {
    if (IsTrace(prober) && (names.empty() || names.back() != prober.target)) {
      names.push_back(prober.target);
    }
  }
  if (names.empty()) {
    return "the history knows no traced target yet";
  }
  return fmt::format("the history knows no traced target {}: {}", Quote(target),
                     Suggest(target, names));
}

}  // namespace

HistorySource::HistorySource(const HistoryWords& words, WallTime now)
    : config_(ConfigOf(words, now)), directory_(words.directory) {
  if (directory_.empty()) {
    if (!config_->history.is_enabled) {
      throw CommandError("the configuration keeps no history: history.enabled is false");
    }
    directory_ = HistoryDirectory(config_->history, config_->state_directory).string();
  }
  reader_ = std::make_unique<HistoryReader>(directory_);
}

ProberKey HistorySource::FindTrace(const HistoryWords& words) {
  const std::vector<ProberKey> probers = reader_->Probers();
  RequireReadable();
  std::vector<ProberKey> candidates;
  std::string all;
  for (const ProberKey& prober : probers) {
    if (prober.target != words.target || !IsTrace(prober)) {
      continue;
    }
    const std::string_view kind = ProberName(prober.prober);
    const std::string_view family = ProberFamilyName(prober.family);
    all += fmt::format("{}{}/{}", all.empty() ? "" : ", ", kind, family);
    if ((words.prober.empty() || words.prober == kind) &&
        (words.family.empty() || words.family == family)) {
      candidates.push_back(prober);
    }
  }
  if (all.empty()) {
    throw CommandError(UnknownTarget(words.target, probers));
  }
  if (candidates.empty()) {
    throw CommandError(fmt::format("{} has no such prober; it has: {}", Quote(words.target), all));
  }
  return candidates.front();
}

void HistorySource::RequireReadable() const {
  if (const std::optional<HistoryFailure> failure = reader_->Failure()) {
    throw CommandError(
        fmt::format("the history in {} cannot be read ({}): is that the exporter's directory "
                    "(--history, history.directory), and may you read it?",
                    directory_, HistoryFailureName(*failure)));
  }
}

std::string HistorySource::KnownSpan() {
  const HistorySpan span = reader_->Span();
  if (!span.newest) {
    return "the history is empty";
  }
  const WallTime oldest =
      std::min(span.oldest_coarse.value_or(*span.newest), span.oldest_fine.value_or(*span.newest));
  return fmt::format("the history goes from {} to {}", ShowTime(oldest), ShowTime(*span.newest));
}

WallTime RequireMoment(const std::string& text, WallTime now) {
  const std::optional<WallTime> moment = ParseMoment(text, now);
  if (!moment) {
    throw CommandError(fmt::format("{} is no time: {}", Quote(text), kMomentForms));
  }
  return *moment;
}

}  // namespace pathwitness
