#include "exporter/archive/spool.h"

#include <algorithm>

#include "probes/crypto/digest.h"
#include "probes/disk/files.h"

namespace pathwitness {
namespace {

constexpr std::size_t kHashDigits = 16;
constexpr std::size_t kTimeLength = std::string_view("2026-01-31T120000Z").size();
constexpr std::size_t kDayLength = std::string_view("2026-01-31").size();
constexpr std::size_t kStemTimeLength = std::string_view("120000Z").size();

}  // namespace

std::string Spool::TicketOf(const ReportName& name) {
  return name.day + "T" + name.stem.substr(0, kStemTimeLength) + "-" +
         ToHex(Sha256(name.Path())).substr(0, kHashDigits);
}

std::optional<WallTime> Spool::TimeOfTicket(std::string_view ticket) {
  if (ticket.size() != kTimeLength + 1 + kHashDigits || ticket[kDayLength] != 'T' ||
      ticket[kTimeLength] != '-') {
    return std::nullopt;
  }
  const std::string as_path = "a/" + std::string(ticket.substr(0, kDayLength)) + "/" +
                              std::string(ticket.substr(kDayLength + 1, kStemTimeLength)) +
                              "__a_to_b";
  const std::optional<ReportName> name = ParseReportName(as_path);
  return name ? std::optional(TimeOf(*name)) : std::nullopt;
}

std::error_code Spool::Add(const Manifest& manifest) const {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  return error ? error : WriteAtomically(folder_ / TicketOf(manifest.name), ToText(manifest));
}

bool Spool::Remove(const std::string& ticket) const {
  std::error_code error;
  return std::filesystem::remove(folder_ / ticket, error);
}

bool Spool::Has(const std::string& ticket) const {
  std::error_code error;
  return std::filesystem::exists(folder_ / ticket, error);
}

std::optional<Manifest> Spool::Read(const std::string& ticket) const {
  const std::optional<std::string> text = ReadWholeFile(folder_ / ticket, kLongestManifest);
  std::optional<Manifest> manifest = text ? ParseManifest(*text) : std::nullopt;
  return manifest && TicketOf(manifest->name) == ticket ? std::move(manifest) : std::nullopt;
}

std::vector<std::string> Spool::List() const {
  std::vector<std::string> tickets = FileNames();
  std::erase_if(tickets, [](const std::string& name) { return !TimeOfTicket(name); });
  std::sort(tickets.begin(), tickets.end());
  return tickets;
}

void Spool::RemoveDrafts() const {
  for (const std::string& name : FileNames()) {
    if (name.ends_with(kDraftSuffix) &&
        TimeOfTicket(name.substr(0, name.size() - kDraftSuffix.size()))) {
      Remove(name);
    }
  }
}

std::vector<std::string> Spool::FileNames() const {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder_, error), end; !error && at != end;
       at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  return names;
}

}  // namespace pathwitness
