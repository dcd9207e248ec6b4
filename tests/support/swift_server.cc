#include "tests/support/swift_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <stdexcept>

#include "exporter/archive/sigv4.h"
#include "probes/crypto/digest.h"
#include "tests/http/fetch.h"
#include "tests/support/loopback.h"

namespace pathwitness {
namespace {

using namespace std::chrono_literals;

// Of 127.0.0.0/8, chosen by the process: what is free there now stays free.
std::string OwnAddress() {
  const auto id = static_cast<unsigned>(getpid());
  return "127." + std::to_string(64 + (id >> 16U) % 64) + "." + std::to_string((id >> 8U) % 256) +
         "." + std::to_string(1 + id % 254);
}

bool IsListening(const std::string& address, std::uint16_t port) {
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &server.sin_addr);
  const int result = connect(connection, reinterpret_cast<const sockaddr*>(&server), sizeof server);
  close(connection);
  return result == 0;
}

constexpr std::chrono::milliseconds kPatience = 60s;  // loading Python's modules takes seconds

constexpr const char* kMakeRings = R"(
import sys
from swift.common.ring import RingBuilder
folder, ip = sys.argv[1:3]
for name, port in zip(("object", "container", "account"), map(int, sys.argv[3:])):
    builder = RingBuilder(4, 1, 1)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "ip": ip, "port": port, "device": "d1",
                     "weight": 1, "replication_ip": ip, "replication_port": port, "meta": ""})
    builder.rebalance()
    builder.get_ring().save(f"{folder}/{name}.ring.gz")
)";

constexpr const char* kProxyFilters = R"(
[pipeline:main]
pipeline = catch_errors proxy-logging cache s3api tempauth copy slo proxy-logging proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:proxy-logging]
use = egg:swift#proxy_logging
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
[filter:tempauth]
use = egg:swift#tempauth
user_pathwitness_ci = s3secret .admin
[filter:cache]
use = egg:swift#memcache
memcache_servers = )";

}  // namespace

SwiftServer::SwiftServer() : address_(OwnAddress()) {
  TakePorts();
  WriteConfigs();
  MakeRings();
  backends_.push_back(std::make_unique<ChildProcess>(std::vector<std::string>{
      "memcached", "-l", address_, "-p", std::to_string(ports_[3]), "-u", "nobody", "-m", "16"}));
  for (const std::string server : {"object", "container", "account"}) {
    Start("swift-" + server + "-server", server + ".conf");
  }
  Start("swift-proxy-server", "proxy.conf");
  for (std::size_t i = 0; i < backends_.size(); ++i) {
    AwaitListening(ports_[i == 0 ? 3 : i - 1], *backends_[i]);
  }
  AwaitListening(Port(), *proxy_);
}

void SwiftServer::TakePorts() {
  std::vector<int> listeners;
  for (std::size_t i = 0; i <= kProxy; ++i) {
    const auto [listener, port] = ListenOnLoopback(address_);
    listeners.push_back(listener);
    ports_.push_back(port);
  }
  for (const int listener : listeners) {
    close(listener);
  }
}

// One Python for the three, as each that starts loads all of Swift: Debian's, which has it.
void SwiftServer::MakeRings() const {
  ChildProcess process({"/usr/bin/python3", "-c", kMakeRings, folder_.Path().string(), address_,
                        std::to_string(ports_[0]), std::to_string(ports_[1]),
                        std::to_string(ports_[2])});
  if (process.AwaitExit(kPatience) != 0) {
    throw std::runtime_error("no rings for Swift: " + process.Output());
  }
}

void SwiftServer::WriteConfigs() const {
  const std::string folder = folder_.Path().string();
  std::filesystem::create_directories(folder_.Path() / "srv" / "d1");
  folder_.Write("swift.conf",
                "[swift-hash]\nswift_hash_path_prefix = ci\nswift_hash_path_suffix = ci\n"
                "[storage-policy:0]\nname = p0\ndefault = yes\n");
  const auto common = [&](std::uint16_t port) {
    return "[DEFAULT]\nbind_ip = " + address_ + "\nbind_port = " + std::to_string(port) +
           "\nworkers = 0\nuser = root\nswift_dir = " + folder + "\nlog_address = " + folder +
           "/nolog\n";
  };
  std::size_t next = 0;
  for (const std::string server : {"object", "container", "account"}) {
    const std::uint16_t port = ports_[next++];
    folder_.Write(server + ".conf",
                  common(port) + "devices = " + folder +
                      "/srv\nmount_check = false\n[pipeline:main]\npipeline = " + server +
                      "-server\n[app:" + server + "-server]\nuse = egg:swift#" + server + "\n");
  }
  folder_.Write("proxy.conf",
                common(Port()) + kProxyFilters + address_ + ":" + std::to_string(ports_[3]) + "\n");
}

// Nobody reads what it says until something is wrong, so it goes to a file.
void SwiftServer::Start(const std::string& program, const std::string& config) {
  const std::string path = (folder_.Path() / config).string();
  auto process = std::make_unique<ChildProcess>(
      std::vector<std::string>{"sh", "-c", "exec \"$0\" \"$1\" >\"$1.log\" 2>&1", program, path});
  (config == "proxy.conf" ? proxy_ : backends_.emplace_back()) = std::move(process);
}

void SwiftServer::AwaitListening(std::uint16_t port, ChildProcess& process) const {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!IsListening(address_, port)) {
    if (process.HasEnded() || std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("a server of Swift does not listen: " + process.Output());
    }
    process.ReadUntil("never said", 50ms);
  }
}

HttpResult SwiftServer::Ask(const std::string& method, const std::string& path) const {
  const WallTime now = std::chrono::system_clock::now();
  const std::string sha256 = ToHex(Sha256(""));
  SignedRequest request{.method = method,
                        .path = EncodePath(path),
                        .query = "",
                        .headers = {{"host", Address() + ":" + std::to_string(Port())},
                                    {"x-amz-date", AmzDate(now)},
                                    {"x-amz-content-sha256", sha256}},
                        .payload_sha256 = sha256};
  request.headers.emplace_back(
      "authorization",
      Authorization(request,
                    {.access_key = kAccessKey, .secret_key = kSecretKey, .session_token = ""},
                    {.at = now, .region = kRegion}));
  HttpOrder order = OrderOf(Url() + request.path);
  order.address = *IpAddress::Parse(Address());
  order.request.method = method;
  order.request.headers = request.headers;
  return Fetch(order);
}

void SwiftServer::StopProxy() {
  proxy_->Signal(SIGKILL);
  proxy_->AwaitExit(5s);
}

void SwiftServer::StartProxy() {
  Start("swift-proxy-server", "proxy.conf");
  AwaitListening(Port(), *proxy_);
}

}  // namespace pathwitness
