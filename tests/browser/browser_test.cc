#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>

#include "tests/support/dns_server.h"
#include "tests/support/nginx_server.h"
#include "tests/support/simulated_world.h"
#include "tests/support/test_certificates.h"

// An outage in the simulated internet, whose pages are then opened in Chromium where the exporter
// runs: there is nothing else that they could reach. What strangers named is hostile. The claims
// are in pages.test.mjs; PATHWITNESS_PICTURES names a folder for pictures of the pages.
namespace pathwitness {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 240s;

/// A resolver and a service, whose owners chose their names.
class Strangers {
 public:
  Strangers() {
    resolver_.ScriptName(*IpAddress::Parse("198.51.100.2"), {.name = "<script>alert(1)</script>"});
    resolver_.ScriptName(*IpAddress::Parse("198.51.100.4"), {.name = "core4.lab-cloud.example"});
  }

  std::string Configuration() {
    return "resolver: {servers: [\"" + resolver_.Address() +
           "\"]}\nptr: {enabled: true}\n"
           "status_page: {title: \"How we do\", owners: true}\n"
           "targets:\n  - name: here-to-web\n    host: 127.0.0.1\n"
           "    https: {url: \"https://127.0.0.1:" +
           std::to_string(service_.Port()) +
           "/\", interval: 1s, timeout: 800ms, tls: {ca_file: \"" +
           folder_.Write("ca.pem", certificate_.CertificatePem()) + "\"}}\n";
  }

 private:
  TestFolder folder_;
  TestCertificate certificate_ =
      TestCertificate::SelfSigned({.common_name = "<img src=x onerror=alert(0)>"});
  DnsServer resolver_;
  NginxServer service_{{.certificate_pem = certificate_.CertificatePem(),
                        .key_pem = certificate_.KeyPem(),
                        .directives = "location / { return 200 ok; }"}};
};

TEST(Pages, AreAsTheirReadersNeedThemInAnOutage) {
  const std::string why_not = SimulatedWorld::WhyNot();
  if (!why_not.empty()) {
    GTEST_SKIP() << why_not;
  }
  std::optional<Strangers> strangers;
  SimulatedWorld world(
      [&] {
        strangers.emplace();
        return strangers->Configuration();
      },
      {"--web.enable-follow-ups"});
  world.AwaitMore("pathwitness_path_probes_total", 30);
  world.Detour(0.5);
  world.MetricsUntil("pathwitness_incident_info{");
  world.AwaitMore("pathwitness_archive_kept_total", 1);
  world.AwaitFlush();

  const char* const pictures =
      std::getenv("PATHWITNESS_PICTURES");  // NOLINT(concurrency-mt-unsafe)
  const std::string place = PATHWITNESS_NODE_PLACE;
  const std::string claims = PATHWITNESS_SOURCE_DIR "/tests/browser/pages.test.mjs";
  std::optional<ChildProcess> browser;
  world.Do([&] {
    browser.emplace(
        std::vector<std::string>{"env", "EXPORTER=" + world.InnerUrl(), "PLACE=" + place,
                                 std::string("PICTURES=") + (pictures == nullptr ? "" : pictures),
                                 "node", "--test", "--test-reporter=spec", claims});
  });
  EXPECT_EQ(browser->AwaitExit(kPatience), 0);
  std::puts(browser->Output().c_str());
}

}  // namespace
}  // namespace pathwitness
