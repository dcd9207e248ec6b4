#pragma once

#include <atomic>
#include <string>

#include "tests/support/dns_server.h"
#include "tests/support/running_server.h"
#include "tests/support/scripted_server.h"
#include "tests/support/test_certificates.h"
#include "tests/support/test_folder.h"
#include "tests/support/webhook_sink.h"

namespace pathwitness {

/// What a SimulatedWorld has beside answers to traces: HTTPS at 203.0.113.9 (shop.example) and
/// 203.0.113.10 (api.example), reflectors at both, a bucket, names of routers and a database of
/// networks.
///
/// The routers know nothing of TCP, so connections are led to servers on loopback.
class LiveServices {
 public:
  /// All is quick and good. Their place is the calling thread's network namespace.
  LiveServices();

  /// From now on shop.example is slow, api.example and the bucket answer 503, half of the requests
  /// to a reflector get lost, and the kernel refuses a packet. Call it in the same namespace.
  void Fail();

  /// The configuration of what is not of one target.
  std::string Layer() const;

  /// The certificate of who issued those of the services, in PEM.
  std::string AuthorityFile() const;
  std::string ReflectorKeyFile() const { return key_file_; }

 private:
  TestCertificate Issue(const std::string& name, std::chrono::seconds valid) const;

  TestFolder folder_;
  TestCertificate authority_;
  TestCertificate shop_;
  TestCertificate api_;
  std::string key_file_;
  ScriptedServer good_shop_;
  ScriptedServer slow_shop_;
  ScriptedServer good_api_;
  ScriptedServer failing_api_;
  DnsServer names_;
  Workplace reflector_place_;
  Server reflector_;
  std::atomic<bool> has_failed_ = false;
  WebhookSink bucket_;  // its thread reads the one above
};

}  // namespace pathwitness
