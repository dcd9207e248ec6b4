#include "exporter/metrics/route_collector.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "diagnosis/as_path.h"
#include "exporter/metrics/series.h"
#include "exporter/metrics/text_writer.h"

namespace pathwitness {
namespace {

using prometheus::MetricFamily;

constexpr std::array<std::string_view, 4> kClassNames = {
    RouteChangeClassName(RouteChangeClass::IntraAs),
    RouteChangeClassName(RouteChangeClass::InterAs), RouteChangeClassName(RouteChangeClass::Local),
    RouteChangeClassName(RouteChangeClass::Unknown)};

std::string AsnText(std::uint32_t asn) {
  return asn == 0 ? std::string() : std::to_string(asn);
}

std::string AsPathText(const RouteSnapshot& route) {
  std::string text;
  for (const std::uint32_t asn : AsPath(route.networks, RouteCollector::kLongestAsPath)) {
    text += (text.empty() ? "" : " ") + std::to_string(asn);
  }
  return text;
}

constexpr std::array<SeriesRule<RouteSnapshot>, 8> kRules{{
    {kPathRouteInfo, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const RouteSnapshot& route) {
       const std::string as_path = AsPathText(route);
       if (!as_path.empty()) {
         family.Add(With(identity, "as_path", as_path), 1);
       }
     }},
    {kPathRouteChanges, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const RouteSnapshot& route) {
       family.AddEach(identity, "class", kClassNames, route.changes);
     }},
    {kPathRouteLastChange, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const RouteSnapshot& route) {
       if (route.last_change) {
         family.Add(identity, ToUnixSeconds(route.last_change->at));
       }
     }},
    {kPathRouteLastChangeInfo, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const RouteSnapshot& route) {
       if (route.last_change) {
         LabelText labels = identity;
         labels.Add("from_hop", route.last_change->ttl);
         labels.Add("asn_before", AsnText(route.last_located.before.asn));
         labels.Add("asn_after", AsnText(route.last_located.after.asn));
         family.Add(labels, 1);
       }
     }},
    {kPathEcmpChanges, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const RouteSnapshot& route) {
       family.Add(identity, route.ecmp_changes);
     }},
    {kPathHopSilences, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const RouteSnapshot& route) {
       family.Add(identity, route.hop_silences);
     }},
    {kPathEcmpWidth, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const RouteSnapshot& route) {
       family.Add(identity, route.ecmp_width);
     }},
    {kPathLoopDetected, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const RouteSnapshot& route) {
       family.Add(identity, route.is_looping);
     }},
}};

// Empty where the owner was told for another responder, or none was.
void AddOwner(LabelText& labels, const RouteSnapshot* route, std::size_t index,
              const IpAddress& address) {
  const bool is_told =
      route != nullptr && index < route->path.size() && route->path[index] == address;
  const AddressOwner network = is_told ? route->networks[index] : AddressOwner();
  const HopOwner owner = is_told ? route->owners[index] : HopOwner();
  labels.Add("asn", AsnText(network.asn));
  labels.Add("as_name", network.as_name);
  labels.Add("owner", owner.name);
  labels.Add("segment", SegmentName(owner.segment));
}

// Empty when unknown.
std::string_view NameOf(const PtrSnapshot* names, const IpAddress& address) {
  if (names == nullptr) {
    return {};
  }
  const auto name = names->names.find(address);
  return name == names->names.end() ? std::string_view() : name->second;
}

void AddResponders(FamilyText& family, const TraceSnapshot& trace, const RouteSnapshot* route,
                   const PtrSnapshot* names) {
  const LabelText identity(trace.status.key);
  LabelText labels = identity;
  for (std::size_t i = 0; i < trace.hops.size(); ++i) {
    const std::optional<IpAddress>& address = trace.hops[i].address;
    if (address) {
      labels.CutTo(identity.Text().size());
      labels.Add("hop", i + 1);
      labels.Add("address", address->ToString());
      labels.Add("ptr", NameOf(names, *address));
      AddOwner(labels, route, i, *address);
      family.Add(labels, 1);
    }
  }
}

// Of hops that are known well enough; a path may have become shorter since they were judged.
void AddLimits(FamilyText& family, const TraceSnapshot& trace, const VerdictSnapshot& said) {
  const LabelText identity(trace.status.key);
  LabelText labels = identity;
  for (std::size_t i = 0; i < std::min(said.hops.size(), trace.hops.size()); ++i) {
    if (said.hops[i] != HopClass::Undecided && said.hops[i] != HopClass::Silent) {
      labels.CutTo(identity.Text().size());
      family.Add(labels.Add("hop", i + 1), said.hops[i] == HopClass::Masked);
    }
  }
}

/// `judged` by the prober they are about.
template <typename Snapshot>
std::map<ProberKey, const Snapshot*> ByKey(
    const std::vector<std::shared_ptr<const Snapshot>>& judged) {
  std::map<ProberKey, const Snapshot*> by_key;
  for (const auto& one : judged) {
    by_key.emplace(one->status.key, one.get());
  }
  return by_key;
}

template <typename Snapshot>
const Snapshot* Find(const std::map<ProberKey, const Snapshot*>& by_key, const ProberKey& key) {
  const auto found = by_key.find(key);
  return found == by_key.end() ? nullptr : found->second;
}

void WriteLimits(const RouteSights& sights, WallTime now, PageWriter& page) {
  const auto verdicts = ByKey(sights.verdicts);
  FamilyText family(kPathHopIcmpLimited, page.Text());
  for (const TraceBoard::Pointer& trace : sights.traces) {
    const VerdictSnapshot* const said = Find(verdicts, trace->status.key);
    if (page.IsRead() && said != nullptr && IsFresh(trace->status, now)) {
      AddLimits(family, *trace, *said);
      page.PassOn();
    }
  }
}

/// What a target did not expect on a prober's path; perhaps nothing.
struct Unexpected {
  LabelText identity;
  std::vector<AddressOwner> networks;
};

/// Of targets that expect anything.
std::vector<Unexpected> FindUnexpected(const RouteSights& sights, WallTime now) {
  std::map<std::string_view, const std::vector<std::string>*> expected;
  for (const TargetConfig& target : sights.config->targets) {
    if (!target.expect_transit.empty()) {
      expected.emplace(target.name, &target.expect_transit);
    }
  }
  std::vector<Unexpected> found;
  for (const RouteBoard::Pointer& route : sights.routes) {
    const auto wanted = expected.find(route->status.key.target);
    if (wanted != expected.end() && IsFresh(route->status, now)) {
      found.push_back({LabelText(route->status.key),
                       UnexpectedTransit(route->networks, route->owners, *wanted->second)});
    }
  }
  return found;
}

void WriteUnexpected(const std::vector<Unexpected>& found, PageWriter& page) {
  FamilyText counts(kPathUnexpectedTransit, page.Text());
  for (const Unexpected& one : found) {
    counts.Add(one.identity, one.networks.size());
  }
  FamilyText infos(kPathUnexpectedTransitInfo, page.Text());
  for (const Unexpected& one : found) {
    for (const AddressOwner& network : one.networks) {
      LabelText labels = With(one.identity, "asn", AsnText(network.asn));
      infos.Add(labels.Add("owner", network.name), 1);
    }
  }
  page.PassOn();
}

std::vector<MetricFamily> AsnFamilies(const AsnBoard::Pointer& asn) {
  MetricFamily built = NewFamily(kAsnDatabaseBuilt);
  MetricFamily failing = NewFamily(kAsnDatabaseFailing);
  if (asn && asn->built) {
    AddSample(built, {}, ToUnixSeconds(*asn->built));
  }
  for (std::size_t i = 0; asn && i < kMmdbFailureNames.size(); ++i) {
    const bool is_this = asn->failure && static_cast<std::size_t>(*asn->failure) == i;
    AddSample(failing, {{"reason", std::string(kMmdbFailureNames.at(i))}}, is_this);
  }
  return {std::move(built), std::move(failing)};
}

}  // namespace

void WriteHopInfo(const RouteSights& sights, WallTime now, PageWriter& page) {
  const auto routes = ByKey(sights.routes);
  FamilyText family(kPathHopInfo, page.Text());
  for (const TraceBoard::Pointer& trace : sights.traces) {
    if (page.IsRead() && IsFresh(trace->status, now)) {
      AddResponders(family, *trace, Find(routes, trace->status.key), sights.names.get());
      page.PassOn();
    }
  }
}

RouteCollector::RouteCollector(RouteSights sights, WallTime now)
    : sights_(std::move(sights)), now_(now) {}

void RouteCollector::Write(PageWriter& page) const {
  WriteHopInfo(sights_, now_, page);
  WriteLimits(sights_, now_, page);
  WriteUnexpected(FindUnexpected(sights_, now_), page);
  WriteFamilies(kRules, sights_.routes, now_, page);
  AppendText(AsnFamilies(sights_.asn), page.Text());
}

}  // namespace pathwitness
