#include "tests/support/dns_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>

#include "probes/dns/ptr_reply.h"

namespace pathwitness {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kHeaderLength = 12;
constexpr std::size_t kMaxDatagram = 512;
constexpr std::uint8_t kTruncated = 0x02;  // in the third byte
constexpr std::uint16_t kTypeA = 1;
constexpr std::uint16_t kTypeCname = 5;
constexpr std::uint16_t kTypePtr = 12;
constexpr std::uint16_t kTypeAaaa = 28;

struct Question {
  std::string name;
  std::uint16_t type = 0;
  std::size_t end = 0;  // behind type and class
};

std::optional<Question> ReadQuestion(std::span<const std::uint8_t> message) {
  Question question;
  std::size_t at = kHeaderLength;
  while (at < message.size() && message[at] != 0) {
    const std::size_t length = message[at];
    if (at + 1 + length >= message.size()) {
      return std::nullopt;
    }
    question.name += question.name.empty() ? "" : ".";
    for (const std::uint8_t letter : message.subspan(at + 1, length)) {
      question.name += static_cast<char>(letter);
    }
    at += 1 + length;
  }
  if (at + 5 > message.size()) {
    return std::nullopt;
  }
  question.type = static_cast<std::uint16_t>(message[at + 1] << 8U | message[at + 2]);
  question.end = at + 5;
  return question;
}

void Append16(Bytes& bytes, std::size_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8U));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

void AppendRecord(Bytes& bytes, const IpAddress& address, std::uint32_t ttl) {
  Append16(bytes, 0xc000U | kHeaderLength);  // a pointer to the question's name
  Append16(bytes, address.Family() == IpFamily::Ipv4 ? kTypeA : kTypeAaaa);
  Append16(bytes, 1);  // class IN
  Append16(bytes, ttl >> 16U);
  Append16(bytes, ttl & 0xffffU);
  Append16(bytes, address.Bytes().size());
  for (const std::byte byte : address.Bytes()) {
    bytes.push_back(std::to_integer<std::uint8_t>(byte));
  }
}

Bytes EncodeName(const std::string& name) {
  Bytes bytes;
  for (std::size_t begin = 0; begin < name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    bytes.push_back(static_cast<std::uint8_t>(end - begin));
    bytes.insert(bytes.end(), name.begin() + static_cast<std::ptrdiff_t>(begin),
                 name.begin() + static_cast<std::ptrdiff_t>(end));
    begin = end + 1;
  }
  bytes.push_back(0);
  return bytes;
}

// About the name of the question.
void AppendName(Bytes& bytes, std::uint16_t type, const std::string& name, std::uint32_t ttl) {
  const Bytes encoded = EncodeName(name);
  Append16(bytes, 0xc000U | kHeaderLength);
  Append16(bytes, type);
  Append16(bytes, 1);
  Append16(bytes, ttl >> 16U);
  Append16(bytes, ttl & 0xffffU);
  Append16(bytes, encoded.size());
  bytes.insert(bytes.end(), encoded.begin(), encoded.end());
}

// Source: RFC 1035 section 4.1.
Bytes Encode(std::span<const std::uint8_t> question, const DnsReply& reply) {
  Bytes bytes(question.begin(), question.end());
  const bool is_garbage = reply.kind == DnsReply::Kind::Garbage;
  const std::size_t names = (reply.name.empty() ? 0U : 1U) + (reply.is_delegated ? 1U : 0U);
  const std::size_t records = is_garbage ? 3 : reply.addresses.size() + names;
  const std::uint8_t code = reply.kind == DnsReply::Kind::NoName          ? 3
                            : reply.kind == DnsReply::Kind::ServerFailure ? 2
                                                                          : 0;
  bytes[2] = 0x81;  // an answer, recursion was desired
  bytes[3] = static_cast<std::uint8_t>(0x80U | code);
  bytes[5] = 1;  // one question
  bytes[6] = static_cast<std::uint8_t>(records >> 8U);
  bytes[7] = static_cast<std::uint8_t>(records);
  bytes[8] = bytes[9] = bytes[10] = bytes[11] = 0;
  for (const IpAddress& address : reply.addresses) {
    AppendRecord(bytes, address, reply.ttl);
  }
  if (reply.is_delegated) {
    AppendName(bytes, kTypeCname, "1.0-25.2.0.192.in-addr.arpa", reply.ttl);
  }
  if (!reply.name.empty()) {
    AppendName(bytes, kTypePtr, reply.name, reply.ttl);
  }
  if (is_garbage) {
    bytes.insert(bytes.end(), {0xc0, 0xff, 0x00});
  }
  bytes[0] ^= reply.kind == DnsReply::Kind::WrongId ? 0x55 : 0;
  return bytes;
}

sockaddr* Generic(sockaddr_in* address) {
  return reinterpret_cast<sockaddr*>(address);  // what the socket calls ask for
}

void Require(bool is_good, const char* operation) {
  if (!is_good) {
    throw std::system_error(errno, std::generic_category(), operation);
  }
}

}  // namespace

DnsServer::DnsServer() : stop_(eventfd(0, EFD_CLOEXEC)) {
  sockaddr_in address{};
  socklen_t length = sizeof(address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bool have_both = false;
  while (!have_both) {  // a port that is free for TCP may be taken for UDP
    close(listener_);
    close(datagrams_);
    address.sin_port = 0;
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    datagrams_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    Require(bind(listener_, Generic(&address), length) == 0, "bind");
    Require(listen(listener_, 16) == 0, "listen");
    Require(getsockname(listener_, Generic(&address), &length) == 0, "getsockname");
    have_both = bind(datagrams_, Generic(&address), length) == 0;
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

DnsServer::~DnsServer() {
  eventfd_write(stop_, 1);
  thread_.join();
  close(datagrams_);
  close(listener_);
  close(stop_);
}

std::string DnsServer::Address() const {
  return "127.0.0.1:" + std::to_string(port_);
}

void DnsServer::Script(const std::string& name, IpFamily family, DnsReply reply) {
  const std::lock_guard lock(mutex_);
  script_[{name, family}] = std::move(reply);
}

void DnsServer::Script(const std::string& name, const std::vector<std::string>& addresses,
                       std::uint32_t ttl) {
  DnsReply reply{.ttl = ttl};
  for (const std::string& text : addresses) {
    reply.addresses.push_back(IpAddress::Parse(text).value());
  }
  const IpFamily family = reply.addresses.at(0).Family();
  Script(name, family, std::move(reply));
}

std::size_t DnsServer::Asked(const std::string& name, IpFamily family) const {
  const std::lock_guard lock(mutex_);
  const auto found = asked_.find({name, family});
  return found == asked_.end() ? 0 : found->second;
}

// Nobody asks such a name for addresses, so names are kept beside them.
void DnsServer::ScriptName(const IpAddress& address, DnsReply reply) {
  Script(ReverseName(address), IpFamily::Ipv4, std::move(reply));
}

std::size_t DnsServer::AskedName(const IpAddress& address) const {
  return Asked(ReverseName(address), IpFamily::Ipv4);
}

void DnsServer::Serve() {
  std::array<pollfd, 3> watched = {{{.fd = datagrams_, .events = POLLIN, .revents = 0},
                                    {.fd = listener_, .events = POLLIN, .revents = 0},
                                    {.fd = stop_, .events = POLLIN, .revents = 0}}};
  while (poll(watched.data(), watched.size(), -1) > 0 && watched[2].revents == 0) {
    if (watched[0].revents != 0) {
      ServeDatagram();
    }
    if (watched[1].revents != 0) {
      ServeConnection();
    }
  }
}

void DnsServer::ServeDatagram() {
  std::array<std::uint8_t, kMaxDatagram> buffer{};
  sockaddr_in from{};
  socklen_t length = sizeof(from);
  const ssize_t size =
      recvfrom(datagrams_, buffer.data(), buffer.size(), 0, Generic(&from), &length);
  Bytes answer = Answer(std::span(buffer).first(size > 0 ? static_cast<std::size_t>(size) : 0));
  if (answer.size() > kMaxDatagram) {
    answer.resize(kMaxDatagram);
    answer[2] |= kTruncated;
  }
  if (!answer.empty()) {
    sendto(datagrams_, answer.data(), answer.size(), 0, Generic(&from), length);
  }
}

// One question a connection, which then ends. Source: RFC 1035 section 4.2.2.
void DnsServer::ServeConnection() {
  const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  const timeval patience{.tv_sec = 1, .tv_usec = 0};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  std::array<std::uint8_t, 2> length{};
  std::array<std::uint8_t, kMaxDatagram> buffer{};
  if (recv(connection, length.data(), length.size(), MSG_WAITALL) == 2) {
    const auto size =
        std::min<std::size_t>(std::size_t{length[0]} << 8U | length[1], buffer.size());
    recv(connection, buffer.data(), size, MSG_WAITALL);
    const Bytes answer = Answer(std::span(buffer).first(size));
    Bytes framed;
    Append16(framed, answer.size());
    framed.insert(framed.end(), answer.begin(), answer.end());
    send(connection, framed.data(), framed.size(), MSG_NOSIGNAL);
  }
  close(connection);
}

// Empty: nothing is said.
std::vector<std::uint8_t> DnsServer::Answer(std::span<const std::uint8_t> message) {
  const auto question = ReadQuestion(message);
  if (!question) {
    return {};
  }
  const DnsReply reply =
      Note(question->name, question->type == kTypeAaaa ? IpFamily::Ipv6 : IpFamily::Ipv4);
  return reply.kind == DnsReply::Kind::Silence ? Bytes{}
                                               : Encode(message.first(question->end), reply);
}

DnsReply DnsServer::Note(const std::string& name, IpFamily family) {
  const std::lock_guard lock(mutex_);
  ++asked_[{name, family}];
  const auto found = script_.find({name, family});
  return found == script_.end() ? DnsReply{.kind = DnsReply::Kind::NoName} : found->second;
}

}  // namespace pathwitness
