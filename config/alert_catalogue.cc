#include "config/alert_catalogue.h"

namespace pathwitness {

std::span<const AlertEntry> AlertCatalogue() {
  static const std::vector<AlertEntry> kAlerts = {
      {"PathwitnessAbsent", {"critical"}},
      {"PathwitnessAlertDisableExpired", {"info"}},
      {"PathwitnessAlertDisabled", {"none"}},
      {"PathwitnessCardinalityHigh", {"warning"}},
      {"PathwitnessClockSkew", {"warning"}},
      {"PathwitnessConfigReloadFailed", {"warning"}},
      {"PathwitnessDnsAnswerChanged", {"info"}},
      {"PathwitnessErrorBudgetBurn", {"warning", "critical"}},
      {"PathwitnessExporterDown", {"warning", "critical"}},
      {"PathwitnessFdsHigh", {"warning"}},
      {"PathwitnessFlapping", {"warning"}},
      {"PathwitnessHopLoss", {"info"}},
      {"PathwitnessHttpsPhaseAnomalous", {"info"}},
      {"PathwitnessHttpsSlow", {"warning", "critical"}},
      {"PathwitnessHttpsStatusUnexpected", {"warning", "critical"}},
      {"PathwitnessHttpsTrafficDip", {"warning"}},
      {"PathwitnessJitterHigh", {"info", "warning"}},
      {"PathwitnessMemoryHigh", {"warning"}},
      {"PathwitnessOverrideUnmatched", {"warning"}},
      {"PathwitnessPagingBroken", {"critical"}},
      {"PathwitnessPathIncomplete", {"info", "warning"}},
      {"PathwitnessPathLossHigh", {"warning", "critical"}},
      {"PathwitnessProberErrors", {"warning"}},
      {"PathwitnessProberOverrun", {"warning"}},
      {"PathwitnessProberStalled", {"warning", "critical"}},
      {"PathwitnessPulseStale", {"info", "warning", "critical"}},
      {"PathwitnessRestarting", {"warning"}},
      {"PathwitnessRttAnomalous", {"info"}},
      {"PathwitnessRttHigh", {"info", "warning"}},
      {"PathwitnessRulesFailing", {"warning"}},
      {"PathwitnessScrapeSlow", {"info"}},
      {"PathwitnessTargetDown", {"info", "warning", "critical"}},
      {"PathwitnessTargetNeverWorked", {"warning"}},
      {"PathwitnessTargetVanished", {"warning"}},
      {"PathwitnessThresholdMissing", {"warning"}},
      {"PathwitnessTlsCertExpiring", {"info", "warning", "critical"}},
      {"PathwitnessTlsInvalid", {"critical"}},
      {"PathwitnessTlsIssuerChanged", {"info"}},
      {"PathwitnessVantageDown", {"critical"}},
      {"PathwitnessVersionSkew", {"info"}},
  };
  return kAlerts;
}

}  // namespace pathwitness
