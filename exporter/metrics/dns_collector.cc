#include "exporter/metrics/dns_collector.h"

#include <string>
#include <utility>

#include "exporter/metrics/families.h"
#include "exporter/metrics/series.h"
#include "exporter/metrics/text_writer.h"

namespace pathwitness {
namespace {

/// Calls `add(family, labels, dns)` for each of the snapshots.
template <typename Add>
void WriteFamily(const Metric& metric, const std::vector<DnsBoard::Pointer>& snapshots,
                 PageWriter& page, Add add) {
  FamilyText family(metric, page.Text());
  for (const DnsBoard::Pointer& dns : snapshots) {
    LabelText labels;
    labels.Add("target", dns->target).Add("family", FamilyName(dns->family));
    add(family, labels, *dns);
    page.PassOn();
  }
}

}  // namespace

DnsCollector::DnsCollector(std::vector<DnsBoard::Pointer> snapshots, PtrBoard::Pointer names)
    : snapshots_(std::move(snapshots)), names_(std::move(names)) {}

void DnsCollector::Write(PageWriter& page) const {
  using Family = FamilyText;
  WriteFamily(kDnsLookups, snapshots_, page,
              [](Family& family, const LabelText& labels, const DnsSnapshot& dns) {
                family.Add(labels, dns.lookups);
              });
  WriteFamily(kDnsLookupFailures, snapshots_, page,
              [](Family& family, const LabelText& labels, const DnsSnapshot& dns) {
                family.Add(labels, dns.failures);
              });
  WriteFamily(kDnsAddressChanges, snapshots_, page,
              [](Family& family, const LabelText& labels, const DnsSnapshot& dns) {
                family.Add(labels, dns.address_changes);
              });
  WriteFamily(kDnsAddresses, snapshots_, page,
              [](Family& family, const LabelText& labels, const DnsSnapshot& dns) {
                if (dns.is_known) {
                  family.Add(labels, dns.addresses.size());
                }
              });
  if (names_) {
    AppendText({OneSample(kPtrLookups, {}, names_->lookups),
                OneSample(kPtrLookupFailures, {}, names_->failures),
                OneSample(kPtrNames, {}, names_->names.size()),
                OneSample(kPtrRefused, {}, names_->refused)},
               page.Text());
  }
}

}  // namespace pathwitness
