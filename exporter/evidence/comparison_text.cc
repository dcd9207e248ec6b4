#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "exporter/evidence/comparison.h"
#include "exporter/evidence/end_to_end_text.h"
#include "exporter/evidence/plain_text.h"
#include "exporter/evidence/shown_time.h"

namespace pathwitness {
namespace {

constexpr double kMilliseconds = 1000;
constexpr std::size_t kNumberColumns = 5;
constexpr std::string_view kFigureNames = "  Loss%     Avg";
constexpr std::string_view kBetween = "  |";

char LetterOf(std::size_t moment) {
  return static_cast<char>('A' + moment);
}

// As the first column of a hop; a space: nothing changed.
char SignOf(HopMark mark) {
  switch (mark) {
    case HopMark::Exchanged:
      return '!';
    case HopMark::Inserted:
      return '+';
    case HopMark::Gone:
      return '-';
    case HopMark::FellSilent:
    case HopMark::Answers:
      return '~';
    case HopMark::Same:
      break;
  }
  return ' ';
}

std::string_view ColourOf(HopMark mark) {
  switch (mark) {
    case HopMark::Exchanged:
    case HopMark::Inserted:
    case HopMark::Gone:
      return "\x1b[1;31m";
    case HopMark::FellSilent:
    case HopMark::Answers:
      return "\x1b[33m";
    case HopMark::Same:
      break;
  }
  return "";
}

std::string FiguresOf(const HopStats& stats) {
  if (stats.sent == 0) {
    return PadLeft("-", kFigureNames.size());
  }
  const double ratio = static_cast<double>(stats.Lost()) / static_cast<double>(stats.sent);
  const std::string average = stats.round_trips.count == 0
                                  ? "-"
                                  : fmt::format("{:.1f}", stats.round_trips.mean * kMilliseconds);
  return fmt::format("{:>6.1f}%{:>8}", ratio * 100, average);
}

/// What a column holds of a hop: its sign, who answers, and, where there is room, the figures.
class Layout {
 public:
  Layout(const Comparison& comparison, std::size_t columns)
      : host_columns_(HostColumns(comparison)),
        has_figures_(kNumberColumns + comparison.moments.size() * (Width(true) + kBetween.size()) <=
                     columns) {}

  std::string Cell(const ComparedHop& hop) const {
    std::string cell = fmt::format(" {} {}", SignOf(hop.mark), PadRight(Host(hop), host_columns_));
    if (has_figures_) {
      cell += hop.row ? FiguresOf(hop.row->stats) : std::string(kFigureNames.size(), ' ');
    }
    return cell;
  }

  std::string Heading(std::string_view text) const {
    return PadRight(fmt::format("   {}", text), Width(has_figures_));
  }

  std::string Names() const {
    return PadRight("   Host", Width(false)) + (has_figures_ ? std::string(kFigureNames) : "");
  }

 private:
  static std::string Host(const ComparedHop& hop) {
    if (!hop.row) {
      return "";
    }
    const std::vector<ShownAddress>& responders = hop.row->responders;
    if (responders.empty()) {
      return "???";
    }
    const std::string more =
        responders.size() > 1 ? fmt::format(" (+{})", responders.size() - 1) : "";
    return responders.front().address + more;
  }

  static std::size_t HostColumns(const Comparison& comparison) {
    std::size_t columns = std::string_view("198.51.100.100").size();
    for (const ComparedRow& row : comparison.rows) {
      for (const ComparedHop& hop : row) {
        columns = std::max(columns, ColumnsOf(Host(hop)));
      }
    }
    return columns;
  }

  std::size_t Width(bool has_figures) const {
    return 3 + host_columns_ + (has_figures ? kFigureNames.size() : 0);
  }

  std::size_t host_columns_;
  bool has_figures_;
};

std::string MomentLine(const ComparedMoment& moment, std::size_t index) {
  const std::string times = ShowTimes(moment.from, moment.to);
  if (!moment.is_known) {
    return fmt::format("{}  {}: nothing is known\n", LetterOf(index), times);
  }
  return fmt::format("{}  {}: {}{}\n", LetterOf(index), times, EndToEndText(moment.end_to_end),
                     moment.is_reached ? "" : "; the destination did not answer to its trace");
}

std::string Coloured(const ComparedHop& hop, std::string cell, bool is_coloured) {
  const std::string_view colour = is_coloured ? ColourOf(hop.mark) : "";
  return colour.empty() ? cell : fmt::format("{}{}\x1b[0m", colour, cell);
}

std::string RowNumber(const ComparedRow& row) {
  std::string number(kNumberColumns, ' ');
  for (const ComparedHop& hop : row) {
    if (hop.row) {
      number = fmt::format("{:>4} ", hop.row->ttl);
    }
  }
  return number;
}

std::string WithoutTrailingSpaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string TableText(const Comparison& comparison, const TextStyle& style) {
  const Layout layout(comparison, style.columns);
  std::string letters(kNumberColumns, ' ');
  std::string names = "  TTL";
  for (std::size_t i = 0; i < comparison.moments.size(); ++i) {
    const std::string_view between = i == 0 ? "" : kBetween;
    letters += fmt::format("{}{}", between, layout.Heading(std::string(1, LetterOf(i))));
    names += fmt::format("{}{}", between, layout.Names());
  }
  std::string text = WithoutTrailingSpaces(letters) + WithoutTrailingSpaces(names);
  for (const ComparedRow& row : comparison.rows) {
    std::string line = RowNumber(row);
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += fmt::format("{}{}", i == 0 ? "" : kBetween,
                          Coloured(row[i], layout.Cell(row[i]), style.is_coloured));
    }
    text += WithoutTrailingSpaces(std::move(line));
  }
  return text + "  ! another hop   + one more   - one less   ~ silent, or answers again\n";
}

/// Those of a hop of which more than the address is known, each once.
void AddKnown(const ComparedHop& hop, std::vector<ShownAddress>& known) {
  if (!hop.row) {
    return;
  }
  for (const ShownAddress& responder : hop.row->responders) {
    const bool says_more = !responder.name.empty() || !OwnerText(responder).empty();
    if (says_more && std::ranges::find(known, responder) == known.end()) {
      known.push_back(responder);
    }
  }
}

/// Whose the hops are, each address once.
std::string LegendText(const Comparison& comparison) {
  std::vector<ShownAddress> shown;
  for (const ComparedRow& row : comparison.rows) {
    std::ranges::for_each(row, [&](const ComparedHop& hop) { AddKnown(hop, shown); });
  }
  std::size_t address_columns = 0;
  std::size_t owner_columns = 0;
  for (const ShownAddress& responder : shown) {
    address_columns = std::max(address_columns, ColumnsOf(responder.address));
    owner_columns = std::max(owner_columns, ColumnsOf(OwnerText(responder)));
  }
  std::string text;
  for (const ShownAddress& responder : shown) {
    text += WithoutTrailingSpaces(
        fmt::format("  {}  {}  {}", PadRight(responder.address, address_columns),
                    PadRight(OwnerText(responder), owner_columns), responder.name));
  }
  return text.empty() ? "" : "\nHops\n" + text;
}

std::string AddressText(const ShownAddress& shown) {
  const std::string owner = OwnerText(shown);
  if (shown.address.empty()) {
    return "a silent hop";
  }
  return owner.empty() ? shown.address : fmt::format("{} ({})", shown.address, owner);
}

std::string DifferenceText(const ComparedChange& change) {
  if (change.ttl_after == 0) {
    return fmt::format("the path ends before hop {}, {}", change.ttl_before,
                       AddressText(change.first_before));
  }
  if (change.ttl_before == 0) {
    return fmt::format("hop {} is new, {}", change.ttl_after, AddressText(change.first_after));
  }
  return fmt::format("hop {} is {} in place of {}", change.ttl_after,
                     AddressText(change.first_after), AddressText(change.first_before));
}

std::string_view KindText(RouteChangeClass kind) {
  switch (kind) {
    case RouteChangeClass::IntraAs:
      return "inside one network";
    case RouteChangeClass::InterAs:
      return "through other networks";
    case RouteChangeClass::Local:
      return "at the first hops";
    case RouteChangeClass::Unknown:
      break;
  }
  return "in networks that are not known";
}

}  // namespace

std::string DescribeChange(const ComparedChange& change) {
  const std::string common = change.last_common_ttl == 0
                                 ? "no hop in common before it"
                                 : fmt::format("last common hop {}, {}", change.last_common_ttl,
                                               AddressText(change.last_common));
  const std::string rejoin =
      change.rejoin_after == 0
          ? "they do not meet again"
          : fmt::format("they meet again at {}, hop {} then {}", AddressText(change.rejoin),
                        change.rejoin_before, change.rejoin_after);
  const std::string length =
      change.length_delta.value_or(0) == 0
          ? ""
          : fmt::format("; {:+} {}", *change.length_delta,
                        *change.length_delta == 1 || *change.length_delta == -1 ? "hop" : "hops");
  return fmt::format("{} to {}: {}another way {}: {}; then {}; {}{}.", LetterOf(change.before),
                     LetterOf(change.after), change.is_partial ? "in part " : "",
                     KindText(change.kind), common, DifferenceText(change), rejoin, length);
}

std::string ComparisonText(const Comparison& comparison, const TextStyle& style) {
  std::string text =
      fmt::format("{}  {}/{}\n\n", PlainText(comparison.prober.target),
                  ProberName(comparison.prober.prober), ProberFamilyName(comparison.prober.family));
  std::size_t known = 0;
  for (std::size_t i = 0; i < comparison.moments.size(); ++i) {
    text += MomentLine(comparison.moments[i], i);
    known += comparison.moments[i].is_known ? 1U : 0U;
  }
  text += "\n";
  for (const ComparedChange& change : comparison.changes) {
    text += DescribeChange(change) + "\n";
  }
  if (comparison.changes.empty() && known > 1) {
    text += "The way is the same at all moments that are known.\n";
  }
  if (known == 0) {
    return text;
  }
  return text + "\n" + TableText(comparison, style) + LegendText(comparison);
}

}  // namespace pathwitness
