#include "probes/dns/resolver.h"

#include <ares.h>
#include <netdb.h>
#include <sys/select.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "probes/dns/epoll_set.h"
#include "probes/dns/ptr_reply.h"

namespace pathwitness {
namespace {

constexpr std::size_t kMaxAddresses = 64;
constexpr Duration kHostsFileTtl = std::chrono::minutes(1);
constexpr int kClassInternet = 1;
constexpr int kTypeA = 1;
constexpr int kTypePtr = 12;
constexpr int kTypeAaaa = 28;

int SocketFamily(IpFamily family) {
  return family == IpFamily::Ipv4 ? AF_INET : AF_INET6;
}

IpFamily OtherFamily(IpFamily family) {
  return family == IpFamily::Ipv4 ? IpFamily::Ipv6 : IpFamily::Ipv4;
}

// Name servers that block a name answer 0.0.0.0, which would make us probe ourselves; and nobody
// may make us probe a whole network by naming its multicast group.
bool IsProbeable(const IpAddress& address) {
  const auto first = std::to_integer<unsigned>(address.Bytes().front());
  const unsigned first_multicast = address.Family() == IpFamily::Ipv4 ? 224 : 255;
  return !address.IsAny() && first < first_multicast;
}

DnsAnswer AnswerOf(std::vector<IpAddress> addresses, Duration ttl) {
  std::erase_if(addresses, [](const IpAddress& address) { return !IsProbeable(address); });
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  if (addresses.empty()) {
    return {.status = DnsAnswer::Status::NoAddress, .error = "no address"};
  }
  return {.status = DnsAnswer::Status::Addresses, .addresses = std::move(addresses), .ttl = ttl};
}

DnsAnswer FailureOf(int status) {
  if (status == ARES_ENOTFOUND) {
    return {.status = DnsAnswer::Status::NoName, .error = "no such name"};
  }
  if (status == ARES_ENODATA) {
    return {.status = DnsAnswer::Status::NoAddress, .error = "no address"};
  }
  return {.status = DnsAnswer::Status::Failed, .error = ares_strerror(status)};
}

// ares_addrttl and ares_addr6ttl have the address first and the TTL second, under other names.
template <typename Record, typename Address>
DnsAnswer ReadRecords(IpFamily family, std::span<const Record> records, Address Record::*address) {
  std::vector<IpAddress> addresses;
  int ttl = records.empty() ? 0 : records.front().ttl;
  for (const Record& record : records) {
    addresses.push_back(
        IpAddress::FromBytes(family, std::as_bytes(std::span(&(record.*address), 1))));
    ttl = std::min(ttl, record.ttl);
  }
  return AnswerOf(std::move(addresses), std::chrono::seconds(std::max(ttl, 0)));
}

DnsAnswer ReadAddressReply(IpFamily family, std::span<const unsigned char> reply) {
  const int length = static_cast<int>(reply.size());
  int count = kMaxAddresses;
  if (family == IpFamily::Ipv4) {
    std::array<ares_addrttl, kMaxAddresses> records{};
    const int status = ares_parse_a_reply(reply.data(), length, nullptr, records.data(), &count);
    return status != ARES_SUCCESS
               ? FailureOf(status)
               : ReadRecords(
                     family,
                     std::span<const ares_addrttl>(records).first(static_cast<std::size_t>(count)),
                     &ares_addrttl::ipaddr);
  }
  std::array<ares_addr6ttl, kMaxAddresses> records{};
  const int status = ares_parse_aaaa_reply(reply.data(), length, nullptr, records.data(), &count);
  return status != ARES_SUCCESS
             ? FailureOf(status)
             : ReadRecords(
                   family,
                   std::span<const ares_addr6ttl>(records).first(static_cast<std::size_t>(count)),
                   &ares_addr6ttl::ip6addr);
}

DnsAnswer ReadNameReply(std::span<const unsigned char> reply) {
  std::optional<PtrRecord> record = ReadPtrReply(std::as_bytes(reply));
  if (!record) {
    return {.status = DnsAnswer::Status::NoAddress, .error = "no usable name"};
  }
  return {.status = DnsAnswer::Status::Name, .name = std::move(record->name), .ttl = record->ttl};
}

DnsAnswer ReadReply(int type, std::span<const unsigned char> reply) {
  return type == kTypePtr
             ? ReadNameReply(reply)
             : ReadAddressReply(type == kTypeA ? IpFamily::Ipv4 : IpFamily::Ipv6, reply);
}

int Milliseconds(Duration duration) {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return static_cast<int>(std::clamp<std::int64_t>(count, 1, 60'000));
}

void Check(int status, const std::string& operation) {
  if (status != ARES_SUCCESS) {
    throw std::runtime_error(operation + ": " + ares_strerror(status));
  }
}

std::string Joined(const std::vector<std::string>& servers) {
  std::string text;
  for (const std::string& server : servers) {
    text += (text.empty() ? "" : ",") + server;
  }
  return text;
}

void PrepareLibrary() {
  static const int status = ares_library_init(ARES_LIB_INIT_ALL);  // once in a process
  Check(status, "c-ares");
}

struct ChannelDeleter {
  void operator()(ares_channeldata* channel) const { ares_destroy(channel); }
};
using Channel = std::unique_ptr<ares_channeldata, ChannelDeleter>;

}  // namespace

// c-ares knows a question by its id alone. One that was given up at its deadline, or asked again
// of other servers, is no longer in `pending_` when c-ares at last reports it.
class Resolver::Impl {
 public:
  explicit Impl(std::string resolv_conf) : resolv_conf_(std::move(resolv_conf)) { Reopen(); }

  void Configure(const ResolverConfig& config) {
    if (config == config_) {
      return;
    }
    const ResolverConfig old = std::exchange(config_, config);
    try {
      Reopen();
    } catch (...) {
      config_ = old;
      throw;
    }
  }

  void Lookup(const std::string& name, IpFamily family, MonoTime now, Done done) {
    const int type = family == IpFamily::Ipv4 ? kTypeA : kTypeAaaa;
    const std::uint64_t id = Accept({name, type, now, {}, std::move(done)});
    if (auto answer = FromHostsFile(name, family)) {
      Finish(id, *std::move(answer));
      return;
    }
    Ask(id);
  }

  void LookupName(const IpAddress& address, MonoTime now, Done done) {
    Ask(Accept({ReverseName(address), kTypePtr, now, {}, std::move(done)}));
  }

  void Turn(MonoTime now) {
    now_ = now;
    for (const EpollSet::Ready& ready : sockets_.TakeReady()) {
      ares_process_fd(channel_.get(), ready.is_readable ? ready.descriptor : ARES_SOCKET_BAD,
                      ready.is_writable ? ready.descriptor : ARES_SOCKET_BAD);
    }
    ares_process_fd(channel_.get(), ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // retries and timeouts
    GiveUpOverdue();
    for (auto& [done, answer] : std::exchange(finished_, {})) {
      done(std::move(answer));
    }
  }

  MonoTime NextDeadline() const {
    if (!finished_.empty()) {
      return now_;
    }
    if (pending_.empty()) {
      return MonoTime::max();
    }
    MonoTime next = std::min_element(pending_.begin(), pending_.end(), [](auto& a, auto& b) {
                      return a.second.deadline < b.second.deadline;
                    })->second.deadline;
    timeval wait{};
    if (ares_timeout(channel_.get(), nullptr, &wait) != nullptr) {
      next = std::min<MonoTime>(
          next, now_ + std::chrono::seconds(wait.tv_sec) + std::chrono::microseconds(wait.tv_usec));
    }
    return next;
  }

  int Descriptor() const { return sockets_.Descriptor(); }
  std::size_t InFlight() const { return pending_.size() + finished_.size(); }

 private:
  struct Question {
    std::string name;
    int type;
    MonoTime asked;
    MonoTime deadline;
    Done done;
  };
  struct Query {  // what c-ares hands back
    Impl* owner;
    std::uint64_t id;
  };

  static void OnSocketState(void* self, int socket, int readable, int writable) {
    static_cast<Impl*>(self)->sockets_.Watch(
        socket, {.in_reading = readable != 0, .in_writing = writable != 0});
  }

  static void OnReply(void* argument, int status, int /*timeouts*/, unsigned char* reply,
                      int length) {
    const std::unique_ptr<Query> query(static_cast<Query*>(argument));
    if (status == ARES_EDESTRUCTION) {
      return;  // asked again of the channel that replaces this one, or no longer of interest
    }
    query->owner->OnStatus(query->id, status, {reply, static_cast<std::size_t>(length)});
  }

  void OnStatus(std::uint64_t id, int status, std::span<const unsigned char> reply) {
    const auto found = pending_.find(id);
    if (found == pending_.end()) {
      return;
    }
    Finish(id, status == ARES_SUCCESS ? ReadReply(found->second.type, reply) : FailureOf(status));
  }

  std::uint64_t Accept(Question question) {
    now_ = question.asked;
    ReopenWhenServersChanged();
    question.deadline = question.asked + patience_;
    pending_.emplace(++last_id_, std::move(question));
    return last_id_;
  }

  void Finish(std::uint64_t id, DnsAnswer answer) {
    auto question = pending_.extract(id);
    answer.seconds = ToSeconds(now_ - question.mapped().asked);
    finished_.emplace_back(std::move(question.mapped().done), std::move(answer));
  }

  void Ask(std::uint64_t id) {
    const Question& question = pending_.at(id);
    auto query = std::make_unique<Query>(Query{this, id});
    ares_query(channel_.get(), question.name.c_str(), kClassInternet, question.type, &OnReply,
               query.release());
  }

  // c-ares doubles the timeout with every attempt; the configuration promises an end before that.
  void GiveUpOverdue() {
    std::vector<std::uint64_t> overdue;
    for (const auto& [id, question] : pending_) {
      if (question.deadline <= now_) {
        overdue.push_back(id);
      }
    }
    for (const std::uint64_t id : overdue) {
      Finish(id, FailureOf(ARES_ETIMEOUT));
    }
  }

  void Reopen() {
    Channel channel = OpenChannel();
    const std::string servers = Joined(config_.servers);
    if (!servers.empty()) {
      Check(ares_set_servers_ports_csv(channel.get(), servers.c_str()), "DNS servers " + servers);
    }
    channel_ = std::move(channel);
    patience_ = config_.timeout * config_.attempts * std::max<std::int64_t>(1, CountServers());
    servers_changed_ = ServersChanged();
    std::vector<std::uint64_t> ids;
    for (const auto& [id, question] : pending_) {
      ids.push_back(id);
    }
    for (const std::uint64_t id : ids) {
      Ask(id);
    }
  }

  Channel OpenChannel() {
    PrepareLibrary();
    ares_options options{};
    options.flags = ARES_FLAG_NOSEARCH;
    options.timeout = Milliseconds(config_.timeout);
    options.tries = static_cast<int>(config_.attempts);
    options.sock_state_cb = &OnSocketState;
    options.sock_state_cb_data = this;
    options.resolvconf_path = resolv_conf_.data();
    ares_channel channel = nullptr;
    Check(ares_init_options(&channel, &options,
                            ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                                ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF),
          "c-ares channel");
    return Channel(channel);
  }

  std::int64_t CountServers() const {
    ares_addr_port_node* first = nullptr;
    if (ares_get_servers_ports(channel_.get(), &first) != ARES_SUCCESS) {
      return 0;
    }
    std::int64_t count = 0;
    for (const ares_addr_port_node* server = first; server != nullptr; server = server->next) {
      ++count;
    }
    ares_free_data(first);
    return count;
  }

  std::filesystem::file_time_type ServersChanged() const {
    std::error_code missing;
    return std::filesystem::last_write_time(resolv_conf_, missing);
  }

  void ReopenWhenServersChanged() {
    if (!config_.servers.empty() || ServersChanged() == servers_changed_) {
      return;
    }
    try {
      Reopen();
    } catch (const std::runtime_error&) {
      // Half written or unreadable for now: the known servers go on, the next question tries again.
      return;
    }
  }

  // What the file says of a name holds for both families: `127.0.0.1 printer` means that printer
  // has no IPv6 address.
  std::optional<DnsAnswer> FromHostsFile(const std::string& name, IpFamily family) const {
    std::vector<IpAddress> addresses = HostsFileAddresses(name, family);
    if (addresses.empty() && HostsFileAddresses(name, OtherFamily(family)).empty()) {
      return std::nullopt;
    }
    return AnswerOf(std::move(addresses), kHostsFileTtl);
  }

  std::vector<IpAddress> HostsFileAddresses(const std::string& name, IpFamily family) const {
    hostent* host = nullptr;
    std::vector<IpAddress> addresses;
    if (ares_gethostbyname_file(channel_.get(), name.c_str(), SocketFamily(family), &host) !=
        ARES_SUCCESS) {
      return addresses;
    }
    const std::unique_ptr<hostent, decltype(&ares_free_hostent)> owner(host, &ares_free_hostent);
    for (char** address = host->h_addr_list;
         *address != nullptr && addresses.size() < kMaxAddresses; ++address) {
      const std::span bytes(*address, static_cast<std::size_t>(host->h_length));
      addresses.push_back(IpAddress::FromBytes(family, std::as_bytes(bytes)));
    }
    return addresses;
  }

  std::string resolv_conf_;
  ResolverConfig config_;
  EpollSet sockets_;
  std::map<std::uint64_t, Question> pending_;
  std::vector<std::pair<Done, DnsAnswer>> finished_;
  std::uint64_t last_id_ = 0;
  Duration patience_{};
  MonoTime now_{};
  std::filesystem::file_time_type servers_changed_{};
  Channel channel_;  // last: its end still reports to the members above
};

Resolver::Resolver(std::string resolv_conf)
    : impl_(std::make_unique<Impl>(std::move(resolv_conf))) {}

Resolver::~Resolver() = default;

void Resolver::Configure(const ResolverConfig& config) {
  impl_->Configure(config);
}

void Resolver::Lookup(const std::string& name, IpFamily family, MonoTime now, Done done) {
  impl_->Lookup(name, family, now, std::move(done));
}

void Resolver::LookupName(const IpAddress& address, MonoTime now, Done done) {
  impl_->LookupName(address, now, std::move(done));
}

void Resolver::Turn(MonoTime now) {
  impl_->Turn(now);
}

MonoTime Resolver::NextDeadline() const {
  return impl_->NextDeadline();
}

int Resolver::Descriptor() const {
  return impl_->Descriptor();
}

std::size_t Resolver::InFlight() const {
  return impl_->InFlight();
}

}  // namespace pathwitness
