#include "exporter/web/connection_census.h"

#include <sys/socket.h>

#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "probes/base/ip_address.h"

namespace pathwitness {
/// An IPv4 address as text; an IPv6 address as the 8 bytes of its network.
std::string CountedName(std::string_view address) {
  constexpr std::string_view kMapped = "::ffff:";
  const std::optional<IpAddress> parsed = IpAddress::Parse(address);
  if (!parsed || parsed->Family() == IpFamily::Ipv4) {
    return std::string(address);
  }
  if (address.starts_with(kMapped) && address.find('.') != std::string_view::npos) {
    return std::string(address.substr(kMapped.size()));
  }
  constexpr std::size_t kNetworkBytes = 8;
  const std::span<const std::byte> network = parsed->Bytes().first(kNetworkBytes);
  return {reinterpret_cast<const char*>(network.data()), network.size()};
}

bool ConnectionCensus::Enter(const void* connection, std::string_view address, int socket,
                             MonoTime deadline) {
  std::string name = CountedName(address);
  const std::lock_guard lock(mutex_);
  std::size_t& count = counts_[name];
  if (count == most_) {
    return false;
  }
  ++count;
  guests_.insert_or_assign(connection, Guest{std::move(name), socket, deadline});
  return true;
}

void ConnectionCensus::SetDeadline(const void* connection, MonoTime deadline) {
  const std::lock_guard lock(mutex_);
  const auto guest = guests_.find(connection);
  if (guest != guests_.end()) {
    guest->second.deadline = deadline;
  }
}

bool ConnectionCensus::Leave(const void* connection) {
  const std::lock_guard lock(mutex_);
  const auto guest = guests_.find(connection);
  if (guest == guests_.end()) {
    return false;
  }
  const auto count = counts_.find(guest->second.name);
  if (--count->second == 0) {
    counts_.erase(count);
  }
  guests_.erase(guest);
  return true;
}

/// Under the lock, so that no socket's number has a new owner by then.
std::size_t ConnectionCensus::CutOff(MonoTime now) {
  const std::lock_guard lock(mutex_);
  std::size_t cut = 0;
  for (auto& [connection, guest] : guests_) {
    if (guest.deadline <= now) {
      shutdown(guest.socket, SHUT_RDWR);
      guest.deadline = MonoTime::max();
      ++cut;
    }
  }
  return cut;
}

std::size_t ConnectionCensus::Open() const {
  const std::lock_guard lock(mutex_);
  return guests_.size();
}

}  // namespace pathwitness
