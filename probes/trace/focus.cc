#include "probes/trace/focus.h"

#include <algorithm>
#include <unordered_map>

namespace pathwitness {
namespace {

/// How many failing flows lead through each node, by NodeId.
std::vector<std::uint32_t> CountFailing(const SharedPaths& tree,
                                        const std::vector<FailingPath>& failing) {
  std::vector<std::uint32_t> counts(tree.IdLimit());
  for (const FailingPath& path : failing) {
    path.paths->ForEachNode([&](SharedPaths::NodeId node, std::uint8_t, std::uint32_t flows) {
      counts[node] += flows;
    });
  }
  return counts;
}

/// The first responder of whose paths at least half fail; kNone when there is none.
SharedPaths::NodeId ClusterOf(const SharedPaths& tree, const std::vector<std::uint32_t>& counts,
                              const PathMembership& paths) {
  SharedPaths::NodeId first = SharedPaths::kNone;
  std::uint8_t first_ttl = UINT8_MAX;
  paths.ForEachNode([&](SharedPaths::NodeId node, std::uint8_t ttl, std::uint32_t) {
    if (ttl < first_ttl && 2 * counts[node] >= tree.At(node).members) {
      first = node;
      first_ttl = ttl;
    }
  });
  return first;
}

}  // namespace

std::vector<std::uint32_t> PickFocus(const SharedPaths& tree,
                                     const std::vector<FailingPath>& failing, std::size_t limit) {
  struct Cluster {
    std::uint32_t prober = 0;
    std::size_t size = 0;
  };
  const std::vector<std::uint32_t> counts = CountFailing(tree, failing);
  std::vector<Cluster> clusters;
  std::unordered_map<SharedPaths::NodeId, std::size_t> by_node;
  for (const FailingPath& path : failing) {
    const SharedPaths::NodeId node = ClusterOf(tree, counts, *path.paths);
    const bool is_alone = node == SharedPaths::kNone;
    const std::size_t index =
        is_alone ? clusters.size() : by_node.emplace(node, clusters.size()).first->second;
    if (index == clusters.size()) {
      clusters.push_back({.prober = path.prober});
    }
    ++clusters[index].size;
  }
  std::ranges::stable_sort(clusters, std::greater<>(), &Cluster::size);
  clusters.resize(std::min(clusters.size(), limit));
  std::vector<std::uint32_t> picked;
  picked.reserve(clusters.size());
  for (const Cluster& cluster : clusters) {
    picked.push_back(cluster.prober);
  }
  return picked;
}

}  // namespace pathwitness
