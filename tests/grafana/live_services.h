#pragma once

#include <string>

#include "tests/support/running_server.h"
#include "tests/support/scripted_server.h"
#include "tests/support/test_certificates.h"
#include "tests/support/test_folder.h"

namespace pathwitness {

/// What stands at the destinations of a SimulatedWorld beside the answers to traces: HTTPS at
/// 203.0.113.9 (shop.example) and 203.0.113.10 (api.example), and a reflector at both.
///
/// The routers know nothing of TCP, so connections are led to servers on loopback.
class LiveServices {
 public:
  /// All is quick and good. Their place is the calling thread's network namespace.
  LiveServices();

  /// From now on shop.example is slow, api.example answers 503, and half of the requests to the
  /// reflector get lost. Call it in the same namespace.
  void Fail() const;

  /// The certificate of who issued those of the services, in PEM.
  std::string AuthorityFile() const { return authority_file_; }
  std::string ReflectorKeyFile() const { return key_file_; }

 private:
  TestCertificate Issue(const std::string& name, std::chrono::seconds valid) const;

  TestFolder folder_;
  TestCertificate authority_;
  TestCertificate shop_;
  TestCertificate api_;
  std::string authority_file_;
  std::string key_file_;
  ScriptedServer good_shop_;
  ScriptedServer slow_shop_;
  ScriptedServer good_api_;
  ScriptedServer failing_api_;
  Workplace reflector_place_;
  Server reflector_;
};

}  // namespace pathwitness
