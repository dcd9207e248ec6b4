#include "exporter/evidence/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace pathwitness {
namespace {

constexpr std::size_t kMostHops = 255;  // that AlignPaths takes

/// A known moment, as far as it is laid beside others.
struct Side {
  std::size_t moment = 0;
  PathView view;
  bool is_reached = false;
  std::vector<HopRow> rows;
  std::vector<std::size_t> places;  // of each hop among the rows of the comparison
};

Side SideOf(std::size_t moment, const TraceStats& stats, const Responders& responders) {
  Side side{.moment = moment,
            .view = ViewOf(stats),
            .is_reached = !stats.routes.empty() && stats.routes.back()->is_reached,
            .rows = HopRowsOf(stats, responders),
            .places = {}};
  side.view.resize(std::min(side.view.size(), kMostHops));
  side.rows.resize(side.view.size());
  return side;
}

// Where packets get lost the path ends early, which tells nothing of the hops behind: they are
// silent then, and not gone.
void ExtendUnreached(Side& side, std::size_t length) {
  if (side.is_reached) {
    return;
  }
  while (side.view.size() < length) {
    side.view.emplace_back();
    side.rows.push_back({.ttl = static_cast<unsigned>(side.view.size())});
  }
}

HopMark MarkOfPair(const std::vector<IpAddress>& before, const std::vector<IpAddress>& after) {
  if (before.empty() || after.empty()) {
    return before.empty() == after.empty() ? HopMark::Same
           : after.empty()                 ? HopMark::FellSilent
                                           : HopMark::Answers;
  }
  return HasCommonAddress(before, after) ? HopMark::Same : HopMark::Exchanged;
}

class Table {
 public:
  explicit Table(std::size_t moments) : moments_(moments) {}

  void AddFirst(Side& side) {
    for (std::size_t i = 0; i < side.view.size(); ++i) {
      Put(side, i, InsertAt(rows_.size()), HopMark::Same);
    }
  }

  void AddLater(const Side& before, Side& side, const PathAlignment& alignment) {
    std::size_t next_free = 0;  // everything above belongs to hops that are already placed
    std::vector<bool> is_taken(before.view.size());
    for (std::size_t i = 0; i < side.view.size(); ++i) {
      const std::optional<std::size_t> partner = alignment.partners[i];
      const bool is_pair = partner && *partner < before.view.size();
      const std::size_t place = is_pair ? before.places[*partner] + shift_
                                        : PlaceOfInserted(side, i, next_free, before, alignment);
      if (is_pair) {
        is_taken[*partner] = true;
      }
      const HopMark new_hop = partner ? HopMark::Answers : HopMark::Inserted;
      Put(side, i, place, is_pair ? MarkOfPair(before.view[*partner], side.view[i]) : new_hop);
      next_free = place + 1;
    }
    MarkGone(before, side, is_taken);
    shift_ = 0;
  }

  std::vector<ComparedRow> Take() { return std::move(rows_); }

 private:
  std::size_t InsertAt(std::size_t place) {
    rows_.insert(rows_.begin() + static_cast<std::ptrdiff_t>(place), ComparedRow(moments_));
    return place;
  }

  void Put(Side& side, std::size_t hop, std::size_t place, HopMark mark) {
    rows_[place][side.moment] = {.mark = mark, .row = side.rows[hop]};
    side.places.push_back(place);
  }

  /// A row that an earlier moment had and the one just before has not, when the same hop is back;
  /// else a row of its own, which moves those of the moment before down.
  std::size_t PlaceOfInserted(const Side& side, std::size_t hop, std::size_t next_free,
                              const Side& before, const PathAlignment& alignment) {
    std::size_t end = rows_.size();
    for (std::size_t i = hop + 1; i < side.view.size(); ++i) {
      if (alignment.partners[i] && *alignment.partners[i] < before.places.size()) {
        end = before.places[*alignment.partners[i]] + shift_;
        break;
      }
    }
    for (std::size_t place = next_free; place < end; ++place) {
      if (!rows_[place][before.moment].row && HasEarlier(place, side.rows[hop])) {
        return place;
      }
    }
    ++shift_;
    return InsertAt(next_free);
  }

  bool HasEarlier(std::size_t place, const HopRow& row) const {
    return std::ranges::any_of(rows_[place], [&row](const ComparedHop& hop) {
      return hop.row && !hop.row->responders.empty() && !row.responders.empty() &&
             hop.row->responders.front() == row.responders.front();
    });
  }

  void MarkGone(const Side& before, const Side& side, const std::vector<bool>& is_taken) {
    for (ComparedRow& row : rows_) {
      const std::optional<HopRow>& old = row[before.moment].row;
      if (old && !row[side.moment].row && old->ttl <= is_taken.size() && !is_taken[old->ttl - 1]) {
        row[side.moment].mark = HopMark::Gone;
      }
    }
  }

  std::size_t moments_;
  std::vector<ComparedRow> rows_;
  std::size_t shift_ = 0;  // rows inserted above since the moment before was placed
};

ShownAddress ShownAt(const std::vector<HopRow>& rows, unsigned ttl) {
  const bool is_there = ttl > 0 && ttl <= rows.size() && !rows[ttl - 1].responders.empty();
  return is_there ? rows[ttl - 1].responders.front() : ShownAddress();
}

ComparedChange ChangeBetween(const Side& before, const Side& after, const PathAlignment& alignment,
                             const OwnerTable& owners) {
  ComparedChange change{.before = before.moment,
                        .after = after.moment,
                        .last_common_ttl = alignment.last_common,
                        .last_common = ShownAt(after.rows, alignment.last_common),
                        .rejoin_before = alignment.rejoin_before,
                        .rejoin_after = alignment.rejoin_after,
                        .rejoin = ShownAt(after.rows, alignment.rejoin_after)};
  if (before.is_reached && after.is_reached) {
    change.length_delta =
        static_cast<int>(after.rows.size()) - static_cast<int>(before.rows.size());
  }
  // Up to the first difference hop stands beside hop, so its TTL is the same in both paths.
  const unsigned ttl = alignment.first_different;
  change.ttl_before = ttl <= before.rows.size() ? ttl : 0;
  change.ttl_after = ttl <= after.rows.size() ? ttl : 0;
  change.first_before = ShownAt(before.rows, change.ttl_before);
  change.first_after = ShownAt(after.rows, change.ttl_after);

  RouteEvent event{.ttl = alignment.first_different,
                   .last_common_ttl = alignment.last_common,
                   .rejoin_ttl_before = alignment.rejoin_before,
                   .rejoin_ttl = alignment.rejoin_after,
                   .before = before.view,
                   .after = after.view};
  if (alignment.last_common > 0 && !after.view[alignment.last_common - 1U].empty()) {
    event.last_common = after.view[alignment.last_common - 1U].front();
  }
  change.kind = LocateChange(event, owners).kind;
  return change;
}

ComparedMoment MomentOf(const MomentFacts& facts) {
  ComparedMoment moment{.from = facts.from, .to = facts.to};
  if (facts.stats) {
    moment.is_known = true;
    moment.is_reached = !facts.stats->routes.empty() && facts.stats->routes.back()->is_reached;
    moment.length = ViewOf(*facts.stats).size();
    moment.end_to_end = facts.stats->end_to_end;
  }
  return moment;
}

PathAlignment Align(const Side& before, Side& after) {
  ExtendUnreached(after, before.view.size());
  PathView earlier = before.view;
  if (!before.is_reached) {
    earlier.resize(std::max(earlier.size(), after.view.size()));
  }
  return AlignPaths(earlier, after.view);
}

}  // namespace

std::string_view HopMarkName(HopMark mark) {
  constexpr std::array<std::string_view, 6> kNames = {"same", "exchanged",   "inserted",
                                                      "gone", "fell_silent", "answers"};
  return kNames[static_cast<std::size_t>(mark)];
}

Comparison Compare(const ProberKey& prober, const std::vector<MomentFacts>& moments,
                   const Responders& responders, const OwnerTable& owners) {
  Comparison comparison{.prober = prober};
  Table table(moments.size());
  std::optional<Side> before;
  for (std::size_t i = 0; i < moments.size(); ++i) {
    comparison.moments.push_back(MomentOf(moments[i]));
    if (!moments[i].stats) {
      continue;
    }
    Side side = SideOf(i, *moments[i].stats, responders);
    if (!before) {
      table.AddFirst(side);
      before = std::move(side);
      continue;
    }
    const PathAlignment alignment = Align(*before, side);
    table.AddLater(*before, side, alignment);
    if (alignment.first_different != 0) {
      comparison.changes.push_back(ChangeBetween(*before, side, alignment, owners));
    }
    before = std::move(side);
  }
  comparison.rows = table.Take();
  return comparison;
}

}  // namespace pathwitness
