#include "exporter/archive/manifest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "exporter/archive/spool.h"
#include "probes/disk/files.h"
#include "tests/support/child_process.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

const ReportFiles kReport{.target = "hq-to-lab",
                          .source = "192.0.2.1",
                          .destination = "198.51.100.9",
                          .at = WallTime(std::chrono::seconds(1769860800)),
                          .forms = {{"txt", "abc"}, {"json", "{}\n"}}};

Manifest ManifestOfReport() {
  return MakeManifest(NameOf(kReport, 1), kReport);
}

TEST(Manifest, IsReadBack) {
  EXPECT_EQ(ParseManifest(ToText(ManifestOfReport())), ManifestOfReport());
}

TEST(Manifest, Sha256sumChecksIt) {
  const TestFolder folder;
  const Manifest manifest = ManifestOfReport();
  for (const auto& [extension, bytes] : kReport.forms) {
    folder.Write(manifest.name.stem + "." + extension, bytes);
  }
  const std::string file = folder.Write("m.sha256", ToText(manifest));
  ChildProcess check({"sh", "-c", "cd \"$1\" && sha256sum --strict --check m.sha256", "sh",
                      folder.Path().string()});
  EXPECT_EQ(check.AwaitExit(std::chrono::seconds(10)), 0) << check.Output();
}

TEST(Manifest, CutOffIsNone) {
  const std::string text = ToText(ManifestOfReport());
  const std::size_t first_line = text.find('\n') + 1;
  const std::size_t second_line = text.find('\n', first_line) + 1;
  for (std::size_t size = 0; size < text.size(); ++size) {
    // A whole line less is the manifest of a smaller report: files get their names when they are
    // whole.
    EXPECT_EQ(ParseManifest(text.substr(0, size)).has_value(), size == second_line) << size;
  }
}

TEST(Manifest, AFileOutsideItsFolderIsRefused) {
  std::string text = ToText(ManifestOfReport());
  const std::size_t at = text.find("  120000Z") + 2;
  EXPECT_FALSE(ParseManifest(text.insert(at, "../")));
}

TEST(Manifest, AFileOfAnotherReportIsRefused) {
  std::string text = ToText(ManifestOfReport());
  text.replace(text.find("  120000Z") + 2, 7, "130000Z");
  EXPECT_FALSE(ParseManifest(text));
}

TEST(Spool, ATicketTellsTheTimeOfItsReport) {
  const std::string ticket = Spool::TicketOf(NameOf(kReport, 1));
  EXPECT_TRUE(ticket.starts_with("2026-01-31T120000Z-"));
  EXPECT_EQ(Spool::TimeOfTicket(ticket), kReport.at);
}

TEST(Spool, ListsItsTicketsOldestFirstAndNothingElse) {
  const TestFolder folder;
  const Spool spool(folder.Path());
  std::vector<std::string> tickets;
  for (const int hour : {0, 1, 2}) {
    ReportFiles report = kReport;
    report.at += std::chrono::hours(hour);
    const Manifest manifest = MakeManifest(NameOf(report, 1), report);
    tickets.insert(tickets.begin(), Spool::TicketOf(manifest.name));
    EXPECT_FALSE(spool.Add(manifest));
  }
  folder.Write(".spool/notes", "not ours");
  std::reverse(tickets.begin(), tickets.end());
  EXPECT_EQ(spool.List(), tickets);
}

TEST(Spool, ATicketUnderAnotherNameIsNotRead) {
  const TestFolder folder;
  const Spool spool(folder.Path());
  ReportFiles later = kReport;
  later.at += std::chrono::hours(1);
  const std::string other = Spool::TicketOf(NameOf(later, 1));
  folder.Write(".spool/" + other, ToText(ManifestOfReport()));
  EXPECT_FALSE(spool.Read(other));
}

}  // namespace
}  // namespace pathwitness
