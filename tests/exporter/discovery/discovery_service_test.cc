// The engine against a real nginx, whose answers are files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/exporter/discovery/engine_fixture.h"
#include "tests/support/nginx_server.h"
#include "tests/support/test_certificates.h"

namespace pathwitness {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;
using testing::StartsWith;

class DiscoveryServiceTest : public DiscoveryEngineTest {
 protected:
  DiscoveryServiceTest()
      : authority_(TestCertificate::Authority("discovery test")),
        leaf_(authority_.Issue({.common_name = "localhost"})) {
    std::filesystem::permissions(folder_.Path(), std::filesystem::perms::others_all,
                                 std::filesystem::perm_options::add);
    server_ = std::make_unique<NginxServer>(
        NginxServer::Options{.certificate_pem = leaf_.CertificatePem(),
                             .key_pem = leaf_.KeyPem(),
                             .directives = "location / { root " + folder_.Path().string() + "; }"});
  }

  HttpSourceConfig Source() const {
    HttpSourceConfig source;
    source.request.url = server_->Url("/sd.json");
    source.request.timeout = std::chrono::seconds(5);
    source.request.tls.ca_file = folder_.Write("ca.pem", authority_.CertificatePem());
    return source;
  }

  TestCertificate authority_;
  TestCertificate leaf_;
  std::unique_ptr<NginxServer> server_;
};

TEST_F(DiscoveryServiceTest, TargetsAreKeptThroughAFailureAndRenewedAfterIt) {
  const HttpSourceConfig source = Source();
  const std::string& url = source.request.url;
  Replace("sd.json", R"([{"targets": ["a.example"]}])");
  Apply({.target_http = {source}});
  ASSERT_TRUE(Drive([&] { return Entries(url) == "a.example"; })) << Snapshot(url).error;

  std::filesystem::remove(Path("sd.json"));
  clock_.Advance(minutes(1));
  ASSERT_TRUE(Drive([&] { return Snapshot(url).is_failing; }));
  EXPECT_EQ(Failures(url, DiscoveryFailure::Status), 1U);
  EXPECT_EQ(Entries(url), "a.example");

  Replace("sd.json", R"([{"targets": ["b.example"]}])");
  clock_.Advance(minutes(1));
  ASSERT_TRUE(Drive([&] { return !Snapshot(url).is_failing; }));
  EXPECT_EQ(Entries(url), "b.example");
  EXPECT_THAT(log_.Lines(), ElementsAre(StartsWith("discovery source has new targets"),
                                        StartsWith("discovery source broke"),
                                        StartsWith("discovery source works again")));
}

TEST_F(DiscoveryServiceTest, AnUnknownAuthorityIsRefused) {
  HttpSourceConfig source = Source();
  source.request.tls.ca_file =
      folder_.Write("other.pem", TestCertificate::Authority("another").CertificatePem());
  Replace("sd.json", R"([{"targets": ["a.example"]}])");
  Apply({.target_http = {source}});
  ASSERT_TRUE(Drive([&] { return Snapshot(source.request.url).is_failing; }));
  EXPECT_EQ(Failures(source.request.url, DiscoveryFailure::Tls), 1U);
}

}  // namespace
}  // namespace pathwitness
