#include "exporter/metrics/https_collector.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "exporter/metrics/series.h"

namespace pathwitness {
namespace {

void AddPhaseTotals(FamilyText& family, const LabelText& identity, const HttpsSnapshot& https) {
  for (std::size_t i = 0; i < kHttpPhaseNames.size(); ++i) {
    family.AddSummary(With(identity, "phase", kHttpPhaseNames[i]), https.phases[i].sum,
                      https.phases[i].count);
  }
}

void AddLastPhases(FamilyText& family, const LabelText& identity, const HttpsSnapshot& https) {
  for (std::size_t i = 0; i < kHttpPhaseNames.size(); ++i) {
    if (https.phases[i].last) {
      family.Add(With(identity, "phase", kHttpPhaseNames[i]), *https.phases[i].last);
    }
  }
}

void AddExpiry(FamilyText& family, const LabelText& identity, const HttpsSnapshot& https) {
  if (!https.last || https.last->certificates.empty()) {
    return;
  }
  const std::vector<CertificateFacts>& certificates = https.last->certificates;
  family.Add(With(identity, "position", "leaf"), certificates.front().not_after);
  const auto earliest = std::min_element(
      certificates.begin() + 1, certificates.end(),
      [](const auto& left, const auto& right) { return left.not_after < right.not_after; });
  if (earliest != certificates.end()) {
    family.Add(With(identity, "position", "chain"), earliest->not_after);
  }
}

void AddCertificate(FamilyText& family, const LabelText& identity, const HttpsSnapshot& https) {
  if (!https.last || https.last->certificates.empty()) {
    return;
  }
  const CertificateFacts& leaf = https.last->certificates.front();
  LabelText labels = With(identity, "fingerprint_sha256", leaf.fingerprint_sha256);
  labels.Add("issuer", leaf.issuer);
  labels.Add("subject", leaf.subject);
  labels.Add("serial", leaf.serial);
  family.Add(labels, 1);
}

void AddConnection(FamilyText& family, const LabelText& identity, const HttpsSnapshot& https) {
  if (!https.last || https.last->source_address.empty()) {  // never connected
    return;
  }
  LabelText labels = With(identity, "address", https.last->address);
  labels.Add("tls_version", https.last->tls_version);
  labels.Add("cipher", https.last->tls_cipher);
  labels.Add("http_version", https.last->http_version);
  family.Add(labels, 1);
}

constexpr std::array<SeriesRule<HttpsSnapshot>, 16> kRules{{
    {kHttpsRequests, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const HttpsSnapshot& https) {
       family.Add(identity, https.requests);
     }},
    {kHttpsFailures, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const HttpsSnapshot& https) {
       family.AddEach(identity, "reason", kHttpFailureNames, https.failures);
     }},
    {kHttpsResponses, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const HttpsSnapshot& https) {
       for (const auto& [code, count] : https.responses) {
         family.Add(With(identity, "code", std::to_string(code)), count);
       }
     }},
    {kHttpsDuration, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const HttpsSnapshot& https) {
       family.AddHistogram(identity, https.durations);
     }},
    {kHttpsPhaseDuration, Shown::Always, AddPhaseTotals},
    {kHttpsTcpRetransmits, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const HttpsSnapshot& https) {
       family.Add(identity, https.tcp_retransmits);
     }},
    {kHttpsSuccess, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const HttpsSnapshot& https) {
       if (https.last) {
         family.Add(identity, !https.last->failure.has_value());
       }
     }},
    {kHttpsStatusCode, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const HttpsSnapshot& https) {
       if (https.last) {
         family.Add(identity, https.last->status);
       }
     }},
    {kHttpsBodyBytes, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const HttpsSnapshot& https) {
       if (https.last) {
         family.Add(identity, https.last->body_bytes);
       }
     }},
    {kHttpsRedirects, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const HttpsSnapshot& https) {
       if (https.last) {
         family.Add(identity, https.last->redirects);
       }
     }},
    {kHttpsLastPhaseDuration, Shown::WhileFresh, AddLastPhases},
    {kHttpsTcpRtt, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const HttpsSnapshot& https) {
       if (https.last && https.last->tcp_rtt) {
         family.Add(identity, *https.last->tcp_rtt);
       }
     }},
    {kHttpsCertificateNotAfter, Shown::WhileFresh, AddExpiry},
    {kHttpsCertificateVerified, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const HttpsSnapshot& https) {
       if (https.last && https.last->is_verified) {
         family.Add(identity, *https.last->is_verified);
       }
     }},
    {kHttpsCertificateInfo, Shown::WhileFresh, AddCertificate},
    {kHttpsConnectionInfo, Shown::WhileFresh, AddConnection},
}};

}  // namespace

HttpsCollector::HttpsCollector(std::vector<HttpsBoard::Pointer> snapshots, WallTime now)
    : snapshots_(std::move(snapshots)), now_(now) {}

void HttpsCollector::Write(PageWriter& page) const {
  WriteFamilies(kRules, snapshots_, now_, page);
}

}  // namespace pathwitness
