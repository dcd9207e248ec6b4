#include "exporter/metrics/dns_collector.h"

#include <string>
#include <utility>

#include "exporter/metrics/families.h"

namespace pathwitness {

using prometheus::MetricFamily;

DnsCollector::DnsCollector(std::vector<DnsBoard::Pointer> snapshots)
    : snapshots_(std::move(snapshots)) {}

std::vector<MetricFamily> DnsCollector::Collect() const {
  MetricFamily lookups = NewFamily(kDnsLookups);
  MetricFamily failures = NewFamily(kDnsLookupFailures);
  MetricFamily changes = NewFamily(kDnsAddressChanges);
  MetricFamily addresses = NewFamily(kDnsAddresses);
  for (const DnsBoard::Pointer& dns : snapshots_) {
    const Labels labels{{"target", dns->target}, {"family", std::string(FamilyName(dns->family))}};
    AddSample(lookups, labels, dns->lookups);
    AddSample(failures, labels, dns->failures);
    AddSample(changes, labels, dns->address_changes);
    if (dns->is_known) {
      AddSample(addresses, labels, dns->addresses.size());
    }
  }
  return {std::move(lookups), std::move(failures), std::move(changes), std::move(addresses)};
}

}  // namespace pathwitness
