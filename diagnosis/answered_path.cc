#include "diagnosis/answered_path.h"

#include <algorithm>

#include "diagnosis/hop_memory.h"

namespace pathwitness {
namespace {

bool Holds(const std::vector<IpAddress>& hop, const IpAddress& address) {
  return std::find(hop.begin(), hop.end(), address) != hop.end();
}

void AddOnce(std::vector<IpAddress>& addresses, const IpAddress& address) {
  if (addresses.size() < kWidestHop && !Holds(addresses, address)) {
    addresses.push_back(address);
  }
}

void TrimSilence(PathView& view) {
  while (!view.empty() && view.back().empty()) {
    view.pop_back();
  }
}

}  // namespace

std::optional<std::size_t> IndexOf(const PathView& view, const IpAddress& address) {
  const auto at =
      std::find_if(view.begin(), view.end(), [&](const auto& hop) { return Holds(hop, address); });
  return at == view.end() ? std::nullopt
                          : std::optional(static_cast<std::size_t>(at - view.begin()));
}

void EndAtDestination(PathView& view, const IpAddress& destination) {
  if (const std::optional<std::size_t> last = IndexOf(view, destination)) {
    view.resize(*last + 1);
  }
  TrimSilence(view);
}

PathView AnsweredPath(const Round& round) {
  PathView view;
  for (const Hop& hop : round.hops) {
    if (hop.ttl == 0 || hop.ttl > kMostHops) {
      continue;
    }
    view.resize(std::max<std::size_t>(view.size(), hop.ttl));
    for (const HopReply& reply : hop.replies) {
      const bool is_end = reply.kind == ReplyKind::Reached || reply.responder == round.destination;
      if (is_end || reply.kind == ReplyKind::TimeExceeded) {
        AddOnce(view[hop.ttl - 1U], is_end ? round.destination : reply.responder);
      }
    }
  }
  EndAtDestination(view, round.destination);
  return view;
}

std::vector<bool> AskedHops(const Round& round) {
  std::vector<bool> asked(kMostHops);
  for (const Hop& hop : round.hops) {
    if (hop.ttl > 0 && hop.ttl <= kMostHops && hop.sent > 0) {
      asked[hop.ttl - 1U] = true;
    }
  }
  return asked;
}

bool HasCircle(const PathView& view) {
  for (std::size_t i = 0; i < view.size(); ++i) {
    bool has_other = false;
    for (std::size_t j = i + 1; j < view.size(); ++j) {
      const bool is_same = HasCommonAddress(view[i], view[j]);
      if (is_same && has_other) {
        return true;
      }
      has_other = has_other || (!view[j].empty() && !is_same);
    }
  }
  return false;
}

}  // namespace pathwitness
