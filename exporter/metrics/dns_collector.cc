#include "exporter/metrics/dns_collector.h"

#include <string>
#include <utility>

#include "exporter/metrics/families.h"

namespace pathwitness {

using prometheus::MetricFamily;

DnsCollector::DnsCollector(std::vector<DnsBoard::Pointer> snapshots, PtrBoard::Pointer names)
    : snapshots_(std::move(snapshots)), names_(std::move(names)) {}

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
  std::vector<MetricFamily> families = {std::move(lookups), std::move(failures), std::move(changes),
                                        std::move(addresses)};
  if (names_) {
    families.push_back(OneSample(kPtrLookups, {}, names_->lookups));
    families.push_back(OneSample(kPtrLookupFailures, {}, names_->failures));
    families.push_back(OneSample(kPtrNames, {}, names_->names.size()));
    families.push_back(OneSample(kPtrRefused, {}, names_->refused));
  }
  return families;
}

}  // namespace pathwitness
