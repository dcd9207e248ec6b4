#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "exporter/evidence/plain_text.h"
#include "exporter/evidence/report.h"

namespace pathwitness {
namespace {

constexpr double kMilliseconds = 1000;
constexpr std::size_t kHostColumns = 30;
constexpr std::size_t kClassColumns = 11;

std::string FiguresOf(const HopStats& stats) {
  if (stats.sent == 0) {
    return fmt::format("{:>7}{:>6}{:>7}{:>6}{:>6}{:>6}{:>6}", "-", 0, "-", "-", "-", "-", "-");
  }
  const double loss = static_cast<double>(stats.Lost()) * 100 / static_cast<double>(stats.sent);
  const DurationStats& times = stats.round_trips;
  return fmt::format("{:>6.1f}%{:>6}{:>7.1f}{:>6.1f}{:>6.1f}{:>6.1f}{:>6.1f}", loss, stats.sent,
                     times.last * kMilliseconds, times.mean * kMilliseconds,
                     times.min * kMilliseconds, times.max * kMilliseconds,
                     times.Deviation() * kMilliseconds);
}

std::string HostOf(const HopRow& row) {
  return row.responders.empty() ? "???" : HostText(row.responders.front());
}

std::size_t HostColumns(const ReportWindow& window) {
  std::size_t columns = kHostColumns;
  for (const HopRow& row : window.hops) {
    for (const ShownAddress& responder : row.responders) {
      columns = std::max(columns, ColumnsOf(HostText(responder)));
    }
  }
  return columns;
}

std::string WithoutTrailingSpaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

// As mtr shows them: further responders of a hop stand below the first.
std::string RowText(const HopRow& row, std::size_t host_columns) {
  const std::string owner = row.responders.empty() ? "" : OwnerText(row.responders.front());
  std::string text = WithoutTrailingSpaces(
      fmt::format("{:>3}.|-- {}{}  {}  {}", row.ttl, PadRight(HostOf(row), host_columns),
                  FiguresOf(row.stats), PadRight(row.hop_class, kClassColumns), owner));
  for (std::size_t i = 1; i < row.responders.size(); ++i) {
    text += WithoutTrailingSpaces(fmt::format("    |  `|-- {}  {}", HostText(row.responders[i]),
                                              OwnerText(row.responders[i])));
  }
  return text;
}

}  // namespace

std::string MtrTable(const ReportWindow& window, std::string_view source) {
  const std::size_t host_columns = HostColumns(window);
  std::string text =
      fmt::format("HOST: {}{:>7}{:>6}{:>7}{:>6}{:>6}{:>6}{:>6}  {}  {}\n",
                  PadRight(source, host_columns + 2), "Loss%", "Snt", "Last", "Avg", "Best", "Wrst",
                  "StDev", PadRight("Class", kClassColumns), "Owner");
  for (const HopRow& row : window.hops) {
    text += RowText(row, host_columns);
  }
  return text;
}

}  // namespace pathwitness
