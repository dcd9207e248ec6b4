#include "exporter/evidence/redaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "exporter/evidence/plain_text.h"

namespace pathwitness {
namespace {

using Visit = std::function<void(std::string&)>;

bool IsInside(const IpAddress& address, const std::vector<IpPrefix>& prefixes) {
  return std::ranges::any_of(
      prefixes, [&address](const IpPrefix& prefix) { return prefix.Contains(address); });
}

bool IsOfAddress(char letter) {
  return std::isxdigit(static_cast<unsigned char>(letter)) != 0 || letter == '.' || letter == ':';
}

bool IsOfWord(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0;
}

/// Replaces what is the observer's, and remembers by what.
class Redactor {
 public:
  Redactor(const OwnThings& own, const OwnerTable& table) : own_(own), table_(table) {}

  void AddOwn(const std::string& address) {
    if (const std::optional<IpAddress> parsed = IpAddress::Parse(address)) {
      extra_.insert(*parsed);
    }
  }

  void AddName(const std::string& name, std::string_view word) {
    if (!name.empty() && !names_.contains(name)) {
      names_[name] = fmt::format("own-{}-{}", word, ++counts_[std::string(word)]);
    }
  }

  bool IsOwn(const std::string& address) const {
    const std::optional<IpAddress> parsed = IpAddress::Parse(address);
    return parsed && IsOwn(*parsed);
  }

  /// First names, longest first, as one may hold another; then whatever reads as an address.
  std::string Apply(std::string text) {
    std::vector<std::pair<std::string, std::string>> longest_first(names_.begin(), names_.end());
    std::ranges::stable_sort(longest_first, [](const auto& a, const auto& b) {
      return a.first.size() > b.first.size();
    });
    for (const auto& [name, word] : longest_first) {
      text = ReplaceName(text, name, word);
    }
    return ReplaceAddresses(text);
  }

 private:
  bool IsOwn(const IpAddress& address) const {
    const AddressKind kind = table_.Of(address).kind;
    return extra_.contains(address) || IsInside(address, own_.prefixes) ||
           kind == AddressKind::Private || kind == AddressKind::Cgnat ||
           kind == AddressKind::Loopback;
  }

  static std::string ReplaceName(const std::string& text, const std::string& name,
                                 const std::string& word) {
    std::string replaced;
    std::size_t at = 0;
    for (std::size_t found = text.find(name); found != std::string::npos;
         found = text.find(name, at)) {
      const std::size_t end = found + name.size();
      const bool is_word = (found == 0 || !IsOfWord(text[found - 1])) &&
                           (end == text.size() || !IsOfWord(text[end]));
      replaced += text.substr(at, found - at) + (is_word ? word : name);
      at = end;
    }
    return replaced + text.substr(at);
  }

  std::string ReplaceAddresses(const std::string& text) {
    std::string replaced;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t begin = at;
      const bool is_address = IsOfAddress(text[at]);
      while (at < text.size() && IsOfAddress(text[at]) == is_address) {
        ++at;
      }
      const std::string run = text.substr(begin, at - begin);
      replaced += is_address ? ReplaceRun(run) : run;
    }
    return replaced;
  }

  /// A sentence may end, or go on behind a colon, after an address.
  std::string ReplaceRun(const std::string& run) {
    const bool has_end = run.ends_with('.') || (run.ends_with(':') && !run.ends_with("::"));
    const std::string candidate = has_end ? run.substr(0, run.size() - 1) : run;
    const std::optional<IpAddress> address = IpAddress::Parse(candidate);
    return address && IsOwn(*address) ? WordFor(*address) + run.substr(candidate.size()) : run;
  }

  const std::string& WordFor(const IpAddress& address) {
    std::string& word = addresses_[address];
    if (word.empty()) {
      word = fmt::format("own-address-{}", addresses_.size());
    }
    return word;
  }

  const OwnThings& own_;
  const OwnerTable& table_;
  std::set<IpAddress> extra_;
  std::map<std::string, std::string> names_;
  std::map<IpAddress, std::string> addresses_;
  std::map<std::string, unsigned> counts_;
};

using VisitAddress = std::function<void(ShownAddress&)>;

void ForEachAddress(Report& report, const VisitAddress& visit) {
  visit(report.source);
  visit(report.destination);
  for (ReportWindow& window : report.windows) {
    for (HopRow& row : window.hops) {
      std::ranges::for_each(row.responders, visit);
    }
  }
  for (ReportChange& change : report.changes) {
    visit(change.last_common);
    std::ranges::for_each(change.before, visit);
    std::ranges::for_each(change.after, visit);
  }
}

void ForEachText(IncidentRecord& incident, const Visit& visit) {
  visit(incident.at);
  visit(incident.witness.target);
  std::ranges::for_each(incident.targets, visit);
  for (IncidentUpdate& update : incident.updates) {
    visit(update.via);
    visit(update.owner);
    visit(update.text);
  }
  for (FollowUp& note : incident.follow_ups) {
    visit(note.author);
    visit(note.text);
  }
}

void ForEachText(Report& report, const Visit& visit) {
  visit(report.target);
  visit(report.host);
  ForEachAddress(report, [&visit](ShownAddress& shown) {
    visit(shown.address);
    visit(shown.name);
    visit(shown.owner);
  });
  if (report.verdict) {
    ReportVerdict& verdict = *report.verdict;
    for (std::string* const text :
         {&verdict.owner, &verdict.likeliest, &verdict.second, &verdict.text}) {
      visit(*text);
    }
  }
  if (report.incident) {
    ForEachText(*report.incident, visit);
  }
  for (ReportFinding& finding : report.findings) {
    visit(finding.text);
  }
  for (ReportContact& contact : report.contacts) {
    visit(contact.who);
  }
}

}  // namespace

OwnThings OwnThingsOf(const Config& config) {
  OwnThings own;
  for (const TargetConfig& target : config.targets) {
    own.names.insert(PlainText(target.name));
  }
  for (const OwnerConfig& owner : config.owners) {
    if (owner.segment == OwnerSegment::SourceLan) {
      own.names.insert(PlainText(owner.name));
      own.prefixes.insert(own.prefixes.end(), owner.prefixes.begin(), owner.prefixes.end());
    }
  }
  return own;
}

Report Redact(Report report, const OwnThings& own) {
  const OwnerTable table({}, {}, nullptr);
  Redactor redactor(own, table);
  redactor.AddOwn(report.source.address);
  redactor.AddName(report.target, "target");
  for (const std::string& name : own.names) {
    redactor.AddName(name, "name");
  }
  if (report.incident) {
    for (const std::string& target : report.incident->targets) {
      redactor.AddName(target, "target");
    }
    for (const FollowUp& note : report.incident->follow_ups) {
      redactor.AddName(note.author, "author");
    }
  }
  ForEachAddress(report, [&redactor](const ShownAddress& shown) {
    if (redactor.IsOwn(shown.address)) {
      redactor.AddName(shown.name, "host");
    }
  });
  ForEachText(report, [&redactor](std::string& text) { text = redactor.Apply(std::move(text)); });
  report.is_redacted = true;
  return report;
}

}  // namespace pathwitness
