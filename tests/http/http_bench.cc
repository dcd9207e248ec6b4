#include <sys/resource.h>

#include <chrono>
#include <iostream>

#include "probes/http/http_client.h"
#include "tests/http/fetch.h"
#include "tests/support/nginx_server.h"
#include "tests/support/test_certificates.h"
#include "tests/support/test_folder.h"

// CPU time of this process for one fresh HTTPS probe of a local nginx, four at a time. Run by hand.
namespace pathwitness {
namespace {

constexpr int kProbes = 4000;
constexpr int kAtATime = 4;

double CpuMicroseconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

/// Failed requests among `count`.
int Probe(HttpClient& client, const HttpOrder& order, int count) {
  int failed = 0;
  for (int done = 0; done < count; done += kAtATime) {
    for (int i = 0; i < kAtATime; ++i) {
      client.Start(order,
                   [&failed](const HttpResult& result) { failed += result.failure ? 1 : 0; });
    }
    Finish(client);
  }
  return failed;
}

void Measure(const HttpOrder& order, const char* name) {
  const SystemClock clock;
  HttpClient client(clock);
  Probe(client, order, kAtATime);  // parses the authorities
  const double before = CpuMicroseconds();
  const int failed = Probe(client, order, kProbes);
  std::cout << name << ": " << (CpuMicroseconds() - before) / kProbes << " us CPU per fresh probe, "
            << failed << " of " << kProbes << " failed\n";
}

}  // namespace
}  // namespace pathwitness

int main() {
  using namespace pathwitness;  // NOLINT(google-build-using-namespace): a program of one page
  const TestFolder folder;
  const TestCertificate authority = TestCertificate::Authority("Test Authority");
  const TestCertificate leaf = authority.Issue({});
  const NginxServer server({.certificate_pem = leaf.CertificatePem(),
                            .key_pem = leaf.KeyPem(),
                            .directives = "location / { return 200 'hello'; }"});
  HttpOrder order = OrderOf(server.Url(), folder.Write("ca.pem", authority.CertificatePem()));
  Measure(order, "own CA file");
  order.request.tls.ca_file.clear();
  order.request.tls.insecure_skip_verify = true;
  Measure(order, "system's bundle");
  return 0;
}
