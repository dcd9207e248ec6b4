#include "exporter/evidence/report_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "diagnosis/flow_test.h"
#include "diagnosis/loss_blame.h"
#include "exporter/evidence/plain_text.h"

namespace pathwitness {
namespace {

constexpr std::string_view kRuledOut = "ruled_out";
constexpr std::string_view kSuspect = "suspect";
constexpr std::string_view kUnknown = "unknown";
constexpr double kMilliseconds = 1000;
constexpr double kNotableDelay = 0.05;  // seconds

ReportFinding Finding(std::string_view what, std::string_view state, std::string text) {
  return {.what = std::string(what), .state = std::string(state), .text = std::move(text)};
}

std::string Share(std::uint64_t lost, std::uint64_t sent) {
  const double ratio = sent == 0 ? 0 : static_cast<double>(lost) / static_cast<double>(sent);
  return fmt::format("{}/{} ({:.1f} %)", lost, sent, ratio * 100);
}

const ReportWindow* FindWindow(const Report& report, std::string_view name) {
  const auto found = std::ranges::find(report.windows, name, &ReportWindow::name);
  return found == report.windows.end() || !found->is_known ? nullptr : &*found;
}

ReportFinding IcmpLimiting(const ReportWindow& during) {
  std::string hops;
  for (const HopRow& row : during.hops) {
    if (row.hop_class == HopClassName(HopClass::Masked)) {
      hops += fmt::format("{}hop {} {}", hops.empty() ? "" : ", ", row.ttl,
                          Share(row.stats.Lost(), row.stats.sent));
    }
  }
  return Finding("icmp_limiting", kRuledOut,
                 hops.empty()
                     ? "No hop answers less often than what is behind it."
                     : fmt::format("Limits of hops on their own answers, which say nothing "
                                   "of what they forward, were ignored: {}.",
                                   hops));
}

ReportFinding Unsent(const ReportWindow& during) {
  const EndToEndStats& stats = during.end_to_end;
  return Finding("unsent", stats.unsent == 0 ? kRuledOut : kSuspect,
                 fmt::format("{} of {} probes could not be sent from here; they do not count.",
                             stats.unsent, stats.sent));
}

ReportFinding FirstHop(const ReportWindow& during) {
  if (during.hops.empty() || during.hops.front().stats.sent == 0 ||
      during.hops.front().stats.received == 0) {
    return Finding("first_hop", kUnknown, "The first hop does not answer.");
  }
  const HopRow& first = during.hops.front();
  const bool is_clean = first.hop_class != HopClassName(HopClass::Carries);
  return Finding(
      "first_hop", is_clean ? kRuledOut : kSuspect,
      fmt::format("The first hop lost {}.", Share(first.stats.Lost(), first.stats.sent)));
}

ReportFinding Names(const ReportWindow& during) {
  if (!during.service) {
    return Finding("dns", kUnknown, "No request of the target's service asks for its name.");
  }
  const std::uint64_t failed = during.service->failures[static_cast<std::size_t>(HttpFailure::Dns)];
  return Finding("dns", failed == 0 ? kRuledOut : kSuspect,
                 fmt::format("{} of {} requests failed for want of an address.", failed,
                             during.service->requests));
}

std::optional<double> ServerTime(const ReportWindow* window) {
  if (window == nullptr || !window->service) {
    return std::nullopt;
  }
  const HttpsStats::Phase& phase =
      window->service->phases[static_cast<std::size_t>(HttpPhase::Processing)];
  return phase.count == 0 ? std::nullopt
                          : std::optional(phase.sum / static_cast<double>(phase.count));
}

ReportFinding Server(const ReportWindow* before, const ReportWindow& during) {
  const std::optional<double> now = ServerTime(&during);
  if (!now) {
    return Finding("server", kUnknown, "The target's service was not asked, or did not answer.");
  }
  const std::optional<double> then = ServerTime(before);
  const bool is_slower = then && *now - *then > kNotableDelay;
  const std::string past =
      then ? fmt::format(", {:.1f} ms before", *then * kMilliseconds) : std::string();
  return Finding("server", is_slower ? kSuspect : kRuledOut,
                 fmt::format("The service took {:.1f} ms from request to answer{}.",
                             *now * kMilliseconds, past));
}

ReportFinding OtherTargets(const ReportFacts& facts) {
  if (!facts.are_neighbours_known || facts.neighbours.empty()) {
    return Finding("other_targets", kUnknown, "No other target was looked at.");
  }
  const auto is_bad = [](const NeighbourFacts& neighbour) {
    const EndToEndStats& stats = neighbour.end_to_end;
    const auto sent = static_cast<double>(stats.sent - std::min(stats.unsent, stats.sent));
    const auto lost = static_cast<double>(stats.lost - std::min(stats.unsent, stats.lost));
    return lost >= kFewestLosses && WilsonInterval(lost, sent).low > kNegligibleLoss;
  };
  const auto bad = std::ranges::count_if(facts.neighbours, is_bad);
  return Finding("other_targets", bad == 0 ? kRuledOut : kSuspect,
                 fmt::format("{} of {} other paths from here lost packets in the same time.", bad,
                             facts.neighbours.size()));
}

ReportFinding FlowDependence(const ReportFacts& facts) {
  if (facts.flows.size() < 2) {
    return Finding("flow_dependence", kUnknown, "There are no figures of more than one flow.");
  }
  const FlowTest test = TestFlows(facts.flows);
  return Finding("flow_dependence", test.is_dependent ? kSuspect : kRuledOut,
                 fmt::format("{} of {} flows lose more than the others (chi-square p={:.2g}).",
                             test.bad.size(), facts.flows.size(), test.p));
}

ReportFinding ReceiveDrops() {
  return Finding("receive_drops", kUnknown,
                 "Answers that this machine dropped are counted in "
                 "pathwitness_receive_drops_total; verdicts are withheld meanwhile.");
}

void Add(const HopOwner& owner, std::string_view why, std::vector<ReportContact>& contacts) {
  const std::string name = PlainText(owner.name);
  const auto add = [&](const std::string& who, std::uint32_t asn) {
    const bool is_known = std::ranges::any_of(
        contacts, [&](const ReportContact& contact) { return contact.who == who; });
    if (!who.empty() && !is_known) {
      contacts.push_back({.who = who, .asn = asn, .why = std::string(why)});
    }
  };
  if (owner.segment == Segment::Interconnect && owner.asn_near != 0) {
    add(fmt::format("AS{}", owner.asn_near), owner.asn_near);
    add(owner.asn == 0 ? name : fmt::format("AS{}", owner.asn), owner.asn);
    return;
  }
  add(name, owner.asn);
}

}  // namespace

std::vector<ReportFinding> FindingsOf(const ReportFacts& facts, const Report& report) {
  const ReportWindow* const during = FindWindow(report, "during");
  if (during == nullptr) {
    return {};
  }
  return {IcmpLimiting(*during), Unsent(*during),
          ReceiveDrops(),        FirstHop(*during),
          Names(*during),        Server(FindWindow(report, "before"), *during),
          OtherTargets(facts),   FlowDependence(facts)};
}

std::vector<ReportContact> ContactsOf(const Verdict& verdict) {
  std::vector<ReportContact> contacts;
  const Attribution& attribution = verdict.attribution;
  if (attribution.owner) {
    Add(*attribution.owner, "named by the verdict", contacts);
    return contacts;
  }
  if (attribution.probability > 0) {
    Add(attribution.likeliest, "the likeliest, but not likely enough to be named", contacts);
  }
  if (attribution.second_probability > 0) {
    Add(attribution.second, "the second likeliest", contacts);
  }
  return contacts;
}

}  // namespace pathwitness
