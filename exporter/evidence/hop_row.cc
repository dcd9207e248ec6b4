#include "exporter/evidence/hop_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "exporter/evidence/plain_text.h"

namespace pathwitness {
namespace {

class KnownNetworks final : public AsnLookup {
 public:
  explicit KnownNetworks(Responders responders) : responders_(std::move(responders)) {}

  std::optional<AsnRecord> Find(const IpAddress& address) const override {
    const auto known = responders_.find(address);
    if (known == responders_.end() || known->second.asn == 0) {
      return std::nullopt;
    }
    return AsnRecord{.asn = known->second.asn, .name = known->second.as_name};
  }

 private:
  Responders responders_;
};

}  // namespace

std::shared_ptr<const AsnLookup> NetworksOf(const Responders& responders) {
  return std::make_shared<KnownNetworks>(responders);
}

ShownAddress Show(const IpAddress& address, const Responders& responders) {
  ShownAddress shown{.address = address.ToString()};
  if (const auto known = responders.find(address); known != responders.end()) {
    shown.name = PlainText(known->second.host_name);
    shown.asn = known->second.asn;
    shown.owner = PlainText(known->second.owner_name);
    shown.as_name = PlainText(known->second.as_name);
  }
  return shown;
}

std::string OwnerText(const ShownAddress& shown) {
  if (shown.asn == 0) {
    return shown.owner;
  }
  const std::string number = fmt::format("AS{}", shown.asn);
  const bool is_named = !shown.owner.empty() && shown.owner != number;
  const std::string& name = is_named ? shown.owner : shown.as_name;
  return name.empty() ? number : number + " " + name;
}

std::string HostText(const ShownAddress& shown) {
  if (shown.address.empty()) {
    return "???";
  }
  return shown.name.empty() ? shown.address : fmt::format("{} ({})", shown.name, shown.address);
}

PathView ViewOf(const TraceStats& stats) {
  PathView view;
  for (std::size_t left = stats.routes.size(); left > 0; --left) {  // the newest first
    const std::vector<std::optional<IpAddress>>& hops = stats.routes[left - 1]->hops;
    view.resize(std::max(view.size(), hops.size()));
    for (std::size_t i = 0; i < hops.size(); ++i) {
      if (hops[i] && std::ranges::find(view[i], *hops[i]) == view[i].end()) {
        view[i].push_back(*hops[i]);
      }
    }
  }
  return view;
}

std::vector<HopRow> HopRowsOf(const TraceStats& stats, const Responders& responders) {
  const PathView view = ViewOf(stats);
  std::vector<HopRow> rows;
  for (std::size_t i = 0; i < std::max(view.size(), stats.hops.size()); ++i) {
    HopRow& row = rows.emplace_back();
    row.ttl = static_cast<unsigned>(i + 1);
    if (i < stats.hops.size()) {
      row.stats = stats.hops[i];
    }
    if (i < view.size()) {
      std::ranges::transform(
          view[i], std::back_inserter(row.responders),
          [&responders](const IpAddress& address) { return Show(address, responders); });
    }
  }
  return rows;
}

}  // namespace pathwitness
