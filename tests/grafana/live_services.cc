#include "tests/grafana/live_services.h"

#include <stdexcept>

#include "tests/reflect/keys.h"
#include "tests/support/mmdb_writer.h"

namespace pathwitness {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kReflectorTargets =
    "targets: [{name: idle, pulse: {push: {}, expected_interval: 1d}}]\n";

void Nft(const std::string& commands) {
  const Ended nft = RunToEnd({"nft", commands});
  if (nft.status != 0) {
    throw std::runtime_error("nft: " + nft.output);
  }
}

/// Connections to HTTPS at these two are led to these servers from now on.
std::string Lead(const ScriptedServer& shop, const ScriptedServer& api) {
  const auto rule = [](const std::string& address, const ScriptedServer& server) {
    return "add rule ip services out ip daddr " + address +
           " tcp dport 443 redirect to :" + std::to_string(server.Port()) + "; ";
  };
  return rule("203.0.113.9", shop) + rule("203.0.113.10", api) +
         "add rule ip services out ip daddr 203.0.113.0/24 udp dport 10060 redirect; ";
}

}  // namespace

LiveServices::LiveServices()
    : authority_(TestCertificate::Authority("lab authority")),
      shop_(Issue("shop.example", 60 * 24h)),
      api_(Issue("api.example", 5 * 24h)),
      key_file_(folder_.Write("reflector.key", kLineOfOnes)),
      good_shop_({.before_handshake = 8ms, .before_answer = 40ms, .before_rest = 5ms}, &shop_),
      slow_shop_({.before_handshake = 150ms, .before_answer = 400ms, .before_rest = 80ms}, &shop_),
      good_api_({.before_handshake = 5ms, .before_answer = 25ms, .before_rest = 2ms}, &api_),
      failing_api_({.before_answer = 60ms,
                    .answer = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nhe"},
                   &api_),
      reflector_place_(kReflectorTargets),
      reflector_(reflector_place_, {"--responder", "--responder.listen-address=127.0.0.1:10060",
                                    "--responder.key-file=" + key_file_}),
      bucket_([this](const ReceivedRequest&) {
        return HttpAnswer{.status = has_failed_ ? 503 : 200, .body = ""};
      }) {
  for (const int router : {1, 2, 3, 4, 5, 6, 7, 64, 65}) {
    const std::string number = std::to_string(router);
    names_.ScriptName(*IpAddress::Parse("198.51.100." + number),
                      {.name = "r" + number + (router < 2 ? ".isp.example" : ".cloud.example")});
  }
  Nft("add table ip services; "
      "add chain ip services out { type nat hook output priority -100; }; "
      "add chain ip services refuse { type filter hook output priority 0; }; "
      "add chain ip services in { type filter hook input priority 0; }; " +
      Lead(good_shop_, good_api_));
}

void LiveServices::Fail() {
  has_failed_ = true;
  Nft("flush chain ip services out; " + Lead(slow_shop_, failing_api_) +
      "add rule ip services in udp dport 10060 numgen random mod 2 == 0 drop; "
      "add rule ip services refuse ip daddr 203.0.113.10 icmp type echo-request "
      "limit rate 1/hour burst 1 packets drop");
}

std::string LiveServices::Layer() const {
  const std::string networks =
      folder_.Write("networks.mmdb", MmdbWriter()
                                         .AddAs("198.51.100.0/31", 64500, "LAB-ISP")
                                         .AddAs("198.51.100.2/31", 64501, "LAB-CLOUD")
                                         .Content());
  return "asn_database: {path: \"" + networks + "\"}\nresolver: {servers: \"" + names_.Address() +
         "\"}\nptr: {enabled: true}\nupload: {endpoint: \"" + bucket_.Url() +
         "\", bucket: reports, access_key_file: \"" + folder_.Write("access", "a") +
         "\", secret_key_file: \"" + folder_.Write("secret", "s") + "\"}\n";
}

std::string LiveServices::AuthorityFile() const {
  return folder_.Write("authority.pem", authority_.CertificatePem());
}

TestCertificate LiveServices::Issue(const std::string& name, std::chrono::seconds valid) const {
  return authority_.Issue({.common_name = name, .dns_names = {name}, .valid_to = valid});
}

}  // namespace pathwitness
