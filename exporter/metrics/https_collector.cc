#include "exporter/metrics/https_collector.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "exporter/metrics/families.h"

namespace pathwitness {
namespace {

using prometheus::MetricFamily;

void AddPhaseTotals(MetricFamily& family, const Labels& identity, const HttpsSnapshot& https) {
  for (std::size_t i = 0; i < kHttpPhaseNames.size(); ++i) {
    AddSummary(family, With(identity, "phase", std::string(kHttpPhaseNames[i])),
               https.phases[i].sum, https.phases[i].count);
  }
}

void AddLastPhases(MetricFamily& family, const Labels& identity, const HttpsSnapshot& https) {
  for (std::size_t i = 0; i < kHttpPhaseNames.size(); ++i) {
    if (https.phases[i].last) {
      AddSample(family, With(identity, "phase", std::string(kHttpPhaseNames[i])),
                *https.phases[i].last);
    }
  }
}

void AddExpiry(MetricFamily& family, const Labels& identity, const HttpsSnapshot& https) {
  if (!https.last || https.last->certificates.empty()) {
    return;
  }
  const std::vector<CertificateFacts>& certificates = https.last->certificates;
  AddSample(family, With(identity, "position", "leaf"), certificates.front().not_after);
  const auto earliest = std::min_element(
      certificates.begin() + 1, certificates.end(),
      [](const auto& left, const auto& right) { return left.not_after < right.not_after; });
  if (earliest != certificates.end()) {
    AddSample(family, With(identity, "position", "chain"), earliest->not_after);
  }
}

void AddCertificate(MetricFamily& family, const Labels& identity, const HttpsSnapshot& https) {
  if (!https.last || https.last->certificates.empty()) {
    return;
  }
  const CertificateFacts& leaf = https.last->certificates.front();
  Labels labels = With(identity, "fingerprint_sha256", leaf.fingerprint_sha256);
  labels = With(std::move(labels), "issuer", leaf.issuer);
  labels = With(std::move(labels), "subject", leaf.subject);
  labels = With(std::move(labels), "serial", leaf.serial);
  AddSample(family, std::move(labels), 1);
}

void AddConnection(MetricFamily& family, const Labels& identity, const HttpsSnapshot& https) {
  if (!https.last || https.last->source_address.empty()) {  // never connected
    return;
  }
  Labels labels = With(identity, "address", https.last->address);
  labels = With(std::move(labels), "tls_version", https.last->tls_version);
  labels = With(std::move(labels), "cipher", https.last->tls_cipher);
  labels = With(std::move(labels), "http_version", https.last->http_version);
  AddSample(family, std::move(labels), 1);
}

constexpr std::array<FamilyRule<HttpsSnapshot>, 16> kRules{{
    {kHttpsRequests, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const HttpsSnapshot& https) {
       AddSample(family, identity, https.requests);
     }},
    {kHttpsFailures, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const HttpsSnapshot& https) {
       AddEach(family, identity, "reason", kHttpFailureNames, https.failures);
     }},
    {kHttpsResponses, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const HttpsSnapshot& https) {
       for (const auto& [code, count] : https.responses) {
         AddSample(family, With(identity, "code", std::to_string(code)), count);
       }
     }},
    {kHttpsDuration, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const HttpsSnapshot& https) {
       AddHistogram(family, identity, https.durations);
     }},
    {kHttpsPhaseDuration, Shown::Always, AddPhaseTotals},
    {kHttpsTcpRetransmits, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const HttpsSnapshot& https) {
       AddSample(family, identity, https.tcp_retransmits);
     }},
    {kHttpsSuccess, Shown::WhileFresh,
     [](MetricFamily& family, const Labels& identity, const HttpsSnapshot& https) {
       if (https.last) {
         AddSample(family, identity, !https.last->failure.has_value());
       }
     }},
    {kHttpsStatusCode, Shown::WhileFresh,
     [](MetricFamily& family, const Labels& identity, const HttpsSnapshot& https) {
       if (https.last) {
         AddSample(family, identity, https.last->status);
       }
     }},
    {kHttpsBodyBytes, Shown::WhileFresh,
     [](MetricFamily& family, const Labels& identity, const HttpsSnapshot& https) {
       if (https.last) {
         AddSample(family, identity, https.last->body_bytes);
       }
     }},
    {kHttpsRedirects, Shown::WhileFresh,
     [](MetricFamily& family, const Labels& identity, const HttpsSnapshot& https) {
       if (https.last) {
         AddSample(family, identity, https.last->redirects);
       }
     }},
    {kHttpsLastPhaseDuration, Shown::WhileFresh, AddLastPhases},
    {kHttpsTcpRtt, Shown::WhileFresh,
     [](MetricFamily& family, const Labels& identity, const HttpsSnapshot& https) {
       if (https.last && https.last->tcp_rtt) {
         AddSample(family, identity, *https.last->tcp_rtt);
       }
     }},
    {kHttpsCertificateNotAfter, Shown::WhileFresh, AddExpiry},
    {kHttpsCertificateVerified, Shown::WhileFresh,
     [](MetricFamily& family, const Labels& identity, const HttpsSnapshot& https) {
       if (https.last && https.last->is_verified) {
         AddSample(family, identity, *https.last->is_verified);
       }
     }},
    {kHttpsCertificateInfo, Shown::WhileFresh, AddCertificate},
    {kHttpsConnectionInfo, Shown::WhileFresh, AddConnection},
}};

}  // namespace

HttpsCollector::HttpsCollector(std::vector<HttpsBoard::Pointer> snapshots, WallTime now)
    : snapshots_(std::move(snapshots)), now_(now) {}

std::vector<MetricFamily> HttpsCollector::Collect() const {
  return CollectFamilies(kRules, snapshots_, now_);
}

}  // namespace pathwitness
