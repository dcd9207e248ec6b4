#include "exporter/metrics/route_collector.h"

#include <array>
#include <map>
#include <string>
#include <utility>

#include "exporter/metrics/families.h"

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

constexpr std::array<FamilyRule<RouteSnapshot>, 7> kRules{{
    {kPathRouteChanges, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const RouteSnapshot& route) {
       AddEach(family, identity, "class", kClassNames, route.changes);
     }},
    {kPathRouteLastChange, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const RouteSnapshot& route) {
       if (route.last_change) {
         AddSample(family, identity, ToUnixSeconds(route.last_change->at));
       }
     }},
    {kPathRouteLastChangeInfo, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const RouteSnapshot& route) {
       if (route.last_change) {
         Labels labels = With(identity, "from_hop", std::to_string(route.last_change->ttl));
         labels = With(std::move(labels), "asn_before", AsnText(route.last_located.before.asn));
         labels = With(std::move(labels), "asn_after", AsnText(route.last_located.after.asn));
         AddSample(family, std::move(labels), 1);
       }
     }},
    {kPathEcmpChanges, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const RouteSnapshot& route) {
       AddSample(family, identity, route.ecmp_changes);
     }},
    {kPathHopSilences, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const RouteSnapshot& route) {
       AddSample(family, identity, route.hop_silences);
     }},
    {kPathEcmpWidth, Shown::WhileFresh,
     [](MetricFamily& family, const Labels& identity, const RouteSnapshot& route) {
       AddSample(family, identity, route.ecmp_width);
     }},
    {kPathLoopDetected, Shown::WhileFresh,
     [](MetricFamily& family, const Labels& identity, const RouteSnapshot& route) {
       AddSample(family, identity, route.is_looping);
     }},
}};

// Empty where the owner was told for another responder, or none was.
Labels WithOwner(Labels labels, const RouteSnapshot* route, std::size_t index,
                 const IpAddress& address) {
  const bool is_told =
      route != nullptr && index < route->path.size() && route->path[index] == address;
  const AddressOwner network = is_told ? route->networks[index] : AddressOwner();
  const HopOwner owner = is_told ? route->owners[index] : HopOwner();
  labels = With(std::move(labels), "asn", AsnText(network.asn));
  labels = With(std::move(labels), "as_name", network.as_name);
  labels = With(std::move(labels), "owner", owner.name);
  return With(std::move(labels), "segment", std::string(SegmentName(owner.segment)));
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

MetricFamily HopInfo(const std::vector<TraceBoard::Pointer>& traces,
                     const std::vector<RouteBoard::Pointer>& routes, WallTime now) {
  std::map<ProberKey, const RouteSnapshot*> by_key;
  for (const RouteBoard::Pointer& route : routes) {
    by_key.emplace(route->status.key, route.get());
  }
  MetricFamily family = NewFamily(kPathHopInfo);
  for (const TraceBoard::Pointer& trace : traces) {
    if (!IsFresh(trace->status, now)) {
      continue;
    }
    const auto route = by_key.find(trace->status.key);
    const Labels identity = IdentityLabels(trace->status.key);
    for (std::size_t i = 0; i < trace->hops.size(); ++i) {
      const std::optional<IpAddress>& address = trace->hops[i].address;
      if (address) {
        Labels labels = With(identity, "hop", std::to_string(i + 1));
        labels = With(std::move(labels), "address", address->ToString());
        AddSample(family,
                  WithOwner(std::move(labels), route == by_key.end() ? nullptr : route->second, i,
                            *address),
                  1);
      }
    }
  }
  return family;
}

RouteCollector::RouteCollector(std::vector<TraceBoard::Pointer> traces,
                               std::vector<RouteBoard::Pointer> routes, AsnBoard::Pointer asn,
                               WallTime now)
    : traces_(std::move(traces)), routes_(std::move(routes)), asn_(std::move(asn)), now_(now) {}

std::vector<MetricFamily> RouteCollector::Collect() const {
  std::vector<MetricFamily> families = {HopInfo(traces_, routes_, now_)};
  for (MetricFamily& family : CollectFamilies(kRules, routes_, now_)) {
    families.push_back(std::move(family));
  }
  for (MetricFamily& family : AsnFamilies(asn_)) {
    families.push_back(std::move(family));
  }
  return families;
}

}  // namespace pathwitness
