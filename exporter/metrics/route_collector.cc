#include "exporter/metrics/route_collector.h"

#include <array>
#include <map>
#include <string>
#include <utility>

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

constexpr std::array<SeriesRule<RouteSnapshot>, 7> kRules{{
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

void AddResponders(FamilyText& family, const TraceSnapshot& trace, const RouteSnapshot* route) {
  const LabelText identity(trace.status.key);
  LabelText labels = identity;
  for (std::size_t i = 0; i < trace.hops.size(); ++i) {
    const std::optional<IpAddress>& address = trace.hops[i].address;
    if (address) {
      labels.CutTo(identity.Text().size());
      labels.Add("hop", i + 1);
      labels.Add("address", address->ToString());
      AddOwner(labels, route, i, *address);
      family.Add(labels, 1);
    }
  }
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

void WriteHopInfo(const std::vector<TraceBoard::Pointer>& traces,
                  const std::vector<RouteBoard::Pointer>& routes, WallTime now, PageWriter& page) {
  std::map<ProberKey, const RouteSnapshot*> by_key;
  for (const RouteBoard::Pointer& route : routes) {
    by_key.emplace(route->status.key, route.get());
  }
  FamilyText family(kPathHopInfo, page.Text());
  for (const TraceBoard::Pointer& trace : traces) {
    if (page.IsRead() && IsFresh(trace->status, now)) {
      const auto route = by_key.find(trace->status.key);
      AddResponders(family, *trace, route == by_key.end() ? nullptr : route->second);
      page.PassOn();
    }
  }
}

RouteCollector::RouteCollector(std::vector<TraceBoard::Pointer> traces,
                               std::vector<RouteBoard::Pointer> routes, AsnBoard::Pointer asn,
                               WallTime now)
    : traces_(std::move(traces)), routes_(std::move(routes)), asn_(std::move(asn)), now_(now) {}

void RouteCollector::Write(PageWriter& page) const {
  WriteHopInfo(traces_, routes_, now_, page);
  WriteFamilies(kRules, routes_, now_, page);
  AppendText(AsnFamilies(asn_), page.Text());
}

}  // namespace pathwitness
