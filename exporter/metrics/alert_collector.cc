#include "exporter/metrics/alert_collector.h"

#include <string>
#include <utility>

#include "exporter/metrics/families.h"

namespace pathwitness {
namespace {

using prometheus::MetricFamily;

/// "2027-01-31".
std::string DayText(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  const auto two_digits = [](unsigned number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
  };
  return std::to_string(static_cast<int>(date.year())) + "-" +
         two_digits(static_cast<unsigned>(date.month())) + "-" +
         two_digits(static_cast<unsigned>(date.day()));
}

}  // namespace

AlertCollector::AlertCollector(std::shared_ptr<const Config> config, WallTime now)
    : config_(std::move(config)), now_(now) {}

std::vector<MetricFamily> AlertCollector::Collect() const {
  MetricFamily thresholds = NewFamily(kAlertOverride);
  MetricFamily disabled = NewFamily(kAlertDisabledUntil);
  MetricFamily infos = NewFamily(kAlertOverrideInfo);
  for (const AlertOverride& rule : config_->alert_overrides) {
    const Labels labels{{"alert", rule.alert}, {"tier", rule.tier}, {"target", rule.target}};
    if (IsInForce(rule, now_) && rule.threshold) {
      AddSample(thresholds, labels, *rule.threshold);
    }
    if (IsInForce(rule, now_) && rule.is_disabled) {
      AddSample(disabled, labels, ToUnixSeconds(EndOf(rule)));
    }
    Labels info = With(With(labels, "reason", rule.reason), "owner", rule.owner);
    AddSample(infos, With(std::move(info), "expires", DayText(rule.expires)), 1);
  }
  const LinksConfig& links = config_->links;
  return {std::move(thresholds), std::move(disabled), std::move(infos),
          OneSample(kLinkInfo,
                    {{"dashboards", links.dashboards},
                     {"runbooks", links.runbooks},
                     {"evidence", links.evidence}},
                    1)};
}

}  // namespace pathwitness
