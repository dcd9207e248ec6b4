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
      {"PathwitnessEvidenceUploadFailing", {"warning"}},
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
      {"PathwitnessRouteChanged", {"info"}},
      {"PathwitnessRouteFlapping", {"warning"}},
      {"PathwitnessRttAnomalous", {"info"}},
      {"PathwitnessRttHigh", {"warning", "critical"}},
      {"PathwitnessRulesFailing", {"warning"}},
      {"PathwitnessScrapeSlow", {"info"}},
      {"PathwitnessSpoolFilling", {"warning"}},
      {"PathwitnessTargetDown", {"info", "warning", "critical"}},
      {"PathwitnessTargetVanished", {"warning"}},
      {"PathwitnessThresholdMissing", {"warning"}},
      {"PathwitnessTlsCertExpiring", {"info", "warning", "critical"}},
      {"PathwitnessTlsInvalid", {"critical"}},
      {"PathwitnessVantageDown", {"critical"}},
      {"PathwitnessVersionSkew", {"info"}},
  };
  return kAlerts;
}

}  // namespace pathwitness
