#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "probes/base/ip_address.h"

namespace pathwitness {

/// What a DnsServer says to one question.
struct DnsReply {
  enum class Kind : std::uint8_t {
    Addresses,  // none: the name exists without such a record
    NoName,
    ServerFailure,
    Silence,
    Garbage,  // a header that promises records which are not there
    WrongId,  // a good answer to another question
  };
  Kind kind = Kind::Addresses;
  std::vector<IpAddress> addresses = {};
  std::string name = {};      // of an address, with any bytes; labels between dots
  bool is_delegated = false;  // the name comes behind a CNAME, as RFC 2317 has it
  std::uint32_t ttl = 60;     // seconds
};

/// A name server on 127.0.0.1, on a free port of UDP and TCP, in a thread of its own. Answers that
/// do not fit a datagram come by TCP only. Names that were not scripted do not exist. All members
/// may be used from any thread.
class DnsServer {
 public:
  DnsServer();
  ~DnsServer();
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  /// As in resolver.servers: "127.0.0.1:port".
  std::string Address() const;

  /// What is said from now on to questions for `name` (lower case, without the last dot).
  void Script(const std::string& name, IpFamily family, DnsReply reply);

  /// Scripts addresses, given as text, in the family of the first one.
  void Script(const std::string& name, const std::vector<std::string>& addresses,
              std::uint32_t ttl = 60);

  /// What is said from now on to questions for the name of `address`.
  void ScriptName(const IpAddress& address, DnsReply reply);

  std::size_t AskedName(const IpAddress& address) const;

  /// How many questions came for it.
  std::size_t Asked(const std::string& name, IpFamily family) const;

 private:
  void Serve();
  void ServeDatagram();
  void ServeConnection();
  std::vector<std::uint8_t> Answer(std::span<const std::uint8_t> message);
  DnsReply Note(const std::string& name, IpFamily family);

  int datagrams_ = -1;
  int listener_ = -1;
  int stop_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, IpFamily>, DnsReply> script_;    // guarded by mutex_
  std::map<std::pair<std::string, IpFamily>, std::size_t> asked_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace pathwitness
