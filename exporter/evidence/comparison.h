#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnosis/owners.h"
#include "diagnosis/route_class.h"
#include "exporter/evidence/hop_row.h"
#include "probes/base/prober_key.h"
#include "probes/base/time.h"

// One path at two or more moments, laid side by side: what people do by hand with reports of
// before, during and after.
namespace pathwitness {

/// What the history knows of the path at one moment.
struct MomentFacts {
  WallTime from;
  WallTime to;
  std::optional<TraceStats> stats;  // empty: nothing is known
};

/// A hop at one moment against the one before that is known.
enum class HopMark : std::uint8_t {
  Same,
  Exchanged,   // another one stands in its place
  Inserted,    // the path has one hop more here
  Gone,        // the path has one hop less here
  FellSilent,  // a hop that answered does not
  Answers,     // a silent hop answers
};

/// "same", "exchanged", "inserted", "gone", "fell_silent" or "answers".
std::string_view HopMarkName(HopMark mark);

struct ComparedHop {
  HopMark mark = HopMark::Same;
  std::optional<HopRow> row;  // empty: the path has no such hop then

  bool operator==(const ComparedHop&) const = default;
};

/// Hops of all moments that belong together, by moment.
using ComparedRow = std::vector<ComparedHop>;

struct ComparedMoment {
  WallTime from;
  WallTime to;
  bool is_known = false;
  bool is_reached = false;  // by the newest route
  std::size_t length = 0;   // hops of the longest route
  EndToEndStats end_to_end;
};

/// How the path of one moment differs from that of an earlier one.
struct ComparedChange {
  std::size_t before = 0;  // indexes of the moments
  std::size_t after = 0;
  RouteChangeClass kind = RouteChangeClass::Unknown;
  bool is_partial = false;       // some flows, or for some of the time
  unsigned last_common_ttl = 0;  // 0: no hop is common before the change
  ShownAddress last_common;
  unsigned ttl_before = 0;  // of the first hop that differs; 0: the path ended there
  unsigned ttl_after = 0;
  ShownAddress first_before;  // nobody: silent, or the path ended there
  ShownAddress first_after;
  unsigned rejoin_before = 0;  // where they meet again; 0: they do not
  unsigned rejoin_after = 0;
  ShownAddress rejoin;
  std::optional<int> length_delta;  // after minus before; empty: one of them ended early
};

struct Comparison {
  ProberKey prober;
  std::vector<ComparedMoment> moments;
  std::vector<ComparedRow> rows;        // in path order
  std::vector<ComparedChange> changes;  // in the order of the moments; none: one path throughout
};

/// Each known moment is aligned with the one before that is known. `owners` tells in whose networks
/// a change happened.
Comparison Compare(const ProberKey& prober, const std::vector<MomentFacts>& moments,
                   const Responders& responders, const OwnerTable& owners);

/// "B: after hop 5 (192.0.2.5, AS64500) hop 6 is 198.51.100.9 (AS64501) in place of ..."; `after`
/// and `before` are named by letters, as the columns of ComparisonText are.
std::string DescribeChange(const ComparedChange& change);

/// How text is to look where it is read.
struct TextStyle {
  std::size_t columns = 120;
  bool is_coloured = false;  // only where somebody reads it in a terminal
};

/// A column for each moment; hops that differ have a mark and, in a terminal, a colour.
std::string ComparisonText(const Comparison& comparison, const TextStyle& style);

/// For programs, ending in a line feed; docs/evidence-commands.md describes the fields.
std::string ComparisonJson(const Comparison& comparison);

}  // namespace pathwitness
