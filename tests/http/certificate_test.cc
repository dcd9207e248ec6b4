#include "probes/http/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_certificates.h"

namespace pathwitness {
namespace {

using ::testing::MatchesRegex;

std::string SubjectOf(const std::string& common_name) {
  return ReadCertificate(TestCertificate::SelfSigned({.common_name = common_name}).Certificate())
      .subject;
}

TEST(Certificate, TellsItsNamesDatesAndFingerprint) {
  const TestCertificate authority = TestCertificate::Authority("Root");
  const TestCertificate leaf = authority.Issue({.common_name = "service.example"});
  const CertificateFacts facts = ReadCertificate(leaf.Certificate());
  EXPECT_EQ(facts.subject, "CN=service.example");
  EXPECT_EQ(facts.issuer, "CN=Root");
  EXPECT_EQ(facts.not_before, leaf.NotBefore());
  EXPECT_EQ(facts.not_after, leaf.NotAfter());
  EXPECT_THAT(facts.fingerprint_sha256, MatchesRegex("[0-9a-f]{64}"));
  EXPECT_THAT(facts.serial, MatchesRegex("[0-9a-f]{2,8}"));
}

TEST(Certificate, ControlCharactersInNamesAreEscaped) {
  const std::string subject = SubjectOf(std::string("a\nb\0c\x7f", 6));
  EXPECT_EQ(subject, "CN=a\\0Ab\\00c\\7F");
}

TEST(Certificate, BytesAboveAsciiAreEscaped) {
  EXPECT_EQ(SubjectOf("\xc3\xa9"), "CN=\\C3\\A9");
}

TEST(Certificate, AHugeNameIsCut) {
  const TestCertificate huge =
      TestCertificate::SelfSigned({.organization = std::string(100'000, '"')});
  const CertificateFacts facts = ReadCertificate(huge.Certificate());
  EXPECT_EQ(facts.subject.size(), 512U);
  EXPECT_THAT(facts.subject, testing::EndsWith("..."));
}

TEST(Certificate, DatesBeforeTheEpochAreNegative) {
  const auto past = -std::chrono::hours(24 * 365 * 60);
  const TestCertificate old = TestCertificate::SelfSigned({.valid_from = past});
  EXPECT_LT(ReadCertificate(old.Certificate()).not_before, 0);
}

}  // namespace
}  // namespace pathwitness
