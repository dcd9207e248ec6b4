#include "exporter/cli/diagnose_input.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "exporter/evidence/report.h"
#include "exporter/json_tree.h"

namespace pathwitness {
namespace {

constexpr std::size_t kMostHops = 255;
constexpr std::size_t kMostFlows = 4096;
constexpr double kMostProbes = 1e9;
constexpr double kLongest = 3.6e6;  // milliseconds: an hour
constexpr double kLargestDispersion = 1000;
constexpr std::size_t kLongestName = 256;
constexpr JsonBounds kBounds = {.deepest = 8, .most_values = 50'000};

using Kind = YamlNode::Kind;

[[noreturn]] void Fail(std::string_view where, std::string_view what) {
  throw DiagnoseError(fmt::format("{}: {}", where, what));
}

std::string At(std::string_view where, std::size_t index) {
  return fmt::format("{}[{}]", where, index);
}

const YamlNode& Need(const YamlNode& map, std::string_view key, std::string_view where) {
  const YamlNode* const node = map.Find(key);
  if (node == nullptr) {
    Fail(where, fmt::format("\"{}\" is missing", key));
  }
  return *node;
}

// mtr of some versions writes its numbers in quotes.
double NumberOf(const YamlNode& node, std::string_view where) {
  double value = 0;
  const char* const end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, value);
  if (node.kind != Kind::Scalar || error != std::errc() || stop != end || !std::isfinite(value)) {
    Fail(where, "a number is needed");
  }
  return value;
}

double NumberWithin(const YamlNode& node, double low, double high, std::string_view where) {
  const double value = NumberOf(node, where);
  if (value < low || value > high) {
    Fail(where, fmt::format("{} is not between {} and {}", value, low, high));
  }
  return value;
}

double CountOf(const YamlNode& node, std::string_view where) {
  const double value = NumberWithin(node, 0, kMostProbes, where);
  if (value != std::floor(value)) {
    Fail(where, fmt::format("{} is no whole number", value));
  }
  return value;
}

bool FlagOf(const YamlNode& node, std::string_view where) {
  if (node.kind != Kind::Scalar || (node.text != "true" && node.text != "false")) {
    Fail(where, "true or false is needed");
  }
  return node.text == "true";
}

// Control characters would let a report write on the reader's terminal.
std::string NameOf(const YamlNode& node, std::string_view where) {
  if (node.kind != Kind::Scalar) {
    Fail(where, "a name is needed");
  }
  if (node.text.size() > kLongestName) {
    Fail(where, fmt::format("a name is longer than {} bytes", kLongestName));
  }
  std::string name = node.text;
  for (char& letter : name) {
    const bool is_printable = static_cast<unsigned char>(letter) >= ' ' && letter != '\x7f';
    letter = is_printable ? letter : '?';
  }
  return name;
}

const std::vector<YamlNode>& ListOf(const YamlNode& node, std::size_t most,
                                    std::string_view where) {
  if (node.kind != Kind::List) {
    Fail(where, "a list is needed");
  }
  if (node.items.size() > most) {
    Fail(where, fmt::format("{} elements, {} are the most", node.items.size(), most));
  }
  return node.items;
}

struct Pair {
  double first = 0;
  double second = 0;
};

Pair PairOf(const YamlNode& node, double (*read)(const YamlNode&, std::string_view),
            std::string_view where) {
  if (node.kind != Kind::List || node.items.size() != 2) {
    Fail(where, "a list of two numbers is needed");
  }
  return {.first = read(node.items[0], where), .second = read(node.items[1], where)};
}

Counts SentAndReceived(const YamlNode& node, std::string_view where) {
  const Pair pair = PairOf(node, CountOf, where);
  if (pair.second > pair.first) {
    Fail(where, fmt::format("received {} of {} sent", pair.second, pair.first));
  }
  return {.sent = pair.first, .received = pair.second};
}

Counts SentAndLost(const YamlNode& node, std::string_view where) {
  const Pair pair = PairOf(node, CountOf, where);
  if (pair.second > pair.first) {
    Fail(where, fmt::format("lost {} of {} sent", pair.second, pair.first));
  }
  return {.sent = pair.first, .received = pair.first - pair.second};
}

std::optional<HopShift> ShiftAt(const YamlNode& node, std::string_view where) {
  if (node.kind == Kind::Null) {
    return std::nullopt;
  }
  const Pair pair = PairOf(node, NumberOf, where);
  if (std::abs(pair.first) > kLongest || pair.second < 0 || pair.second > kLongest) {
    Fail(where, "a shift of at most an hour and a standard error from 0 are needed");
  }
  return HopShift{.shift = pair.first, .standard_error = pair.second};
}

template <typename Read>
auto Each(const YamlNode* node, std::size_t most, std::string_view where, Read read) {
  std::vector<std::invoke_result_t<Read, const YamlNode&, std::string_view>> values;
  if (node == nullptr || node->kind == Kind::Null) {
    return values;
  }
  const std::vector<YamlNode>& items = ListOf(*node, most, where);
  for (std::size_t i = 0; i < items.size(); ++i) {
    values.push_back(read(items[i], At(where, i)));
  }
  return values;
}

std::uint32_t AsnIn(std::string_view name) {
  std::uint32_t asn = 0;
  const char* const end = name.data() + name.size();
  if (!name.starts_with("AS") || std::from_chars(name.data() + 2, end, asn).ptr != end) {
    return 0;
  }
  return asn;
}

Segment SegmentOf(const YamlNode& node, std::string_view where) {
  const std::string name = NameOf(node, where);
  for (unsigned i = 0; i <= static_cast<unsigned>(Segment::Undetermined); ++i) {
    const auto segment = static_cast<Segment>(i);
    if (SegmentName(segment) == name) {
      return segment;
    }
  }
  Fail(where, fmt::format("\"{}\" is no segment", name));
}

// A name stands for whoever it names; only null is nobody.
HopOwner OwnerOf(const YamlNode& node, std::string_view where) {
  if (node.kind == Kind::Null) {
    return {};
  }
  HopOwner owner;
  if (node.kind != Kind::Map) {
    owner.name = NameOf(node, where);
    owner.segment = owner.name.empty() ? Segment::Undetermined : Segment::Transit;
    owner.asn = AsnIn(owner.name);
    return owner;
  }
  if (const YamlNode* const name = node.Find("name")) {
    owner.name = NameOf(*name, where);
  }
  if (const YamlNode* const asn = node.Find("asn")) {
    owner.asn = static_cast<std::uint32_t>(NumberWithin(*asn, 0, 4294967295.0, where));
  }
  const YamlNode* const segment = node.Find("segment");
  owner.segment = segment == nullptr ? Segment::Transit : SegmentOf(*segment, where);
  if (owner.name.empty() && owner.asn != 0) {
    owner.name = fmt::format("AS{}", owner.asn);
  }
  return owner;
}

OneWayLoss OneWayOf(const YamlNode& node, std::string_view where) {
  if (node.kind != Kind::Map) {
    Fail(where, "a map with lastq, lastc and recv is needed");
  }
  const auto read = [&](std::string_view key) {
    return static_cast<std::uint64_t>(
        CountOf(Need(node, key, where), fmt::format("{}.{}", where, key)));
  };
  return SplitLoss(
      {.last_sequence = read("lastq"), .last_count = read("lastc"), .received = read("recv")});
}

// mtr rounds to a tenth of a percent, which still tells the count of up to 500 probes.
Observations ReadMtr(const YamlNode& report) {
  Observations observations;
  const std::vector<YamlNode>& hubs =
      ListOf(Need(report, "hubs", "report"), kMostHops, "report.hubs");
  for (std::size_t i = 0; i < hubs.size(); ++i) {
    const std::string where = At("report.hubs", i);
    const double sent = CountOf(Need(hubs[i], "Snt", where), where + ".Snt");
    const double loss = NumberWithin(Need(hubs[i], "Loss%", where), 0, 100, where + ".Loss%");
    observations.loss.hops.push_back(
        {.sent = sent, .received = std::round(sent * (1 - loss / 100))});
    observations.facts.hop_names.push_back(NameOf(Need(hubs[i], "host", where), where + ".host"));
  }
  if (hubs.empty()) {
    Fail("report.hubs", "no hops");
  }
  return observations;
}

const YamlNode* FindWindow(const std::vector<YamlNode>& windows, std::string_view name) {
  for (const YamlNode& window : windows) {
    const YamlNode* const found = window.Find("name");
    if (found != nullptr && found->text == name) {
      return &window;
    }
  }
  return nullptr;
}

Counts CountsAt(const YamlNode& node, std::string_view where) {
  const Counts counts{.sent = CountOf(Need(node, "sent", where), fmt::format("{}.sent", where)),
                      .received = 0};
  const double lost = CountOf(Need(node, "lost", where), fmt::format("{}.lost", where));
  if (lost > counts.sent) {
    Fail(where, fmt::format("lost {} of {} sent", lost, counts.sent));
  }
  return {.sent = counts.sent, .received = counts.sent - lost};
}

/// The last hop is the destination, whose own probes tell more than those of the trace.
std::vector<Counts> CountsOfWindow(const YamlNode& window, std::string_view where) {
  std::vector<Counts> counts =
      Each(window.Find("hops"), kMostHops, fmt::format("{}.hops", where), CountsAt);
  if (!counts.empty()) {
    const std::string end_to_end = fmt::format("{}.end_to_end", where);
    counts.back() = CountsAt(Need(window, "end_to_end", where), end_to_end);
  }
  return counts;
}

/// Who answered first in the report's order; empty for a silent hop.
const YamlNode* FirstResponder(const YamlNode& hop) {
  const YamlNode* const responders = hop.Find("responders");
  return responders == nullptr || responders->items.empty() ? nullptr : &responders->items.front();
}

std::string TextAt(const YamlNode* map, std::string_view key, std::string_view where) {
  const YamlNode* const node = map == nullptr ? nullptr : map->Find(key);
  return node == nullptr || node->kind != Kind::Scalar ? "" : NameOf(*node, where);
}

// "during" against "before" where both are of paths of one length. Owners are those of the hops
// themselves: the report does not keep whose the links between them are.
Observations ReadOwnReport(const YamlNode& root) {
  constexpr std::size_t kMostWindows = 3;
  const std::vector<YamlNode>& windows =
      ListOf(Need(root, "windows", "report"), kMostWindows, "windows");
  const YamlNode* const during = FindWindow(windows, "during");
  if (during == nullptr) {
    Fail("windows", R"(none has the name "during")");
  }
  Observations observations;
  observations.loss.hops = CountsOfWindow(*during, "during");
  if (observations.loss.hops.empty()) {
    Fail("during.hops", "no hops");
  }
  if (const YamlNode* const before = FindWindow(windows, "before")) {
    std::vector<Counts> reference = CountsOfWindow(*before, "before");
    if (reference.size() == observations.loss.hops.size()) {
      observations.loss.reference = std::move(reference);
    }
  }
  for (const YamlNode& hop : during->Find("hops")->items) {
    const YamlNode* const responder = FirstResponder(hop);
    observations.facts.hop_names.push_back(TextAt(responder, "address", "during.hops.address"));
    const std::string owner = TextAt(responder, "owner", "during.hops.owner");
    observations.facts.owners.push_back(
        {.segment = owner.empty() ? Segment::Undetermined : Segment::Transit,
         .asn = AsnIn(owner),
         .name = owner});
  }
  return observations;
}

void CheckLengths(const Observations& observations) {
  const std::size_t hops = observations.loss.hops.size();
  const std::size_t shifts = observations.latency.hops.size();
  const auto check = [](std::string_view where, std::size_t length, std::size_t wanted) {
    if (length != 0 && length != wanted) {
      Fail(where, fmt::format("{} elements for {} hops", length, wanted));
    }
  };
  check("latency", shifts, hops == 0 ? shifts : hops);
  check("ref", observations.loss.reference.size(), hops);
  check("owners", observations.facts.owners.size(), hops == 0 ? shifts : hops);
  if (hops == 0 && shifts == 0 && observations.flows.empty()) {
    throw DiagnoseError(R"(one of "hops", "flows", "latency" or mtr's "report" is needed)");
  }
}

Observations ReadOwnForm(const YamlNode& root) {
  Observations observations;
  observations.loss.hops = Each(root.Find("hops"), kMostHops, "hops", SentAndReceived);
  observations.loss.reference = Each(root.Find("ref"), kMostHops, "ref", SentAndReceived);
  observations.flows = Each(root.Find("flows"), kMostFlows, "flows", SentAndLost);
  observations.latency.hops = Each(root.Find("latency"), kMostHops, "latency", ShiftAt);
  observations.facts.owners = Each(root.Find("owners"), kMostHops, "owners", OwnerOf);
  if (const YamlNode* const node = root.Find("reference_ms")) {
    observations.latency.reference_median = NumberWithin(*node, 0, kLongest, "reference_ms");
  }
  if (const YamlNode* const node = root.Find("dispersion")) {
    observations.loss.dispersion = NumberWithin(*node, 1, kLargestDispersion, "dispersion");
  }
  if (const YamlNode* const node = root.Find("service_answers")) {
    observations.loss.service_answers = FlagOf(*node, "service_answers");
  }
  if (const YamlNode* const node = root.Find("reply_ttls_unchanged")) {
    observations.facts.are_reply_ttls_unchanged = FlagOf(*node, "reply_ttls_unchanged");
  }
  if (const YamlNode* const node = root.Find("one_way")) {
    observations.facts.one_way = OneWayOf(*node, "one_way");
  }
  CheckLengths(observations);
  return observations;
}

}  // namespace

Observations ReadObservations(std::string_view json) {
  const std::variant<YamlNode, JsonProblem> parsed = ParseJson(json, kBounds);
  if (const auto* const problem = std::get_if<JsonProblem>(&parsed)) {
    throw DiagnoseError("the document " + problem->what);
  }
  const auto& root = std::get<YamlNode>(parsed);
  if (root.kind != Kind::Map) {
    throw DiagnoseError("the document is no map");
  }
  if (const YamlNode* const schema = root.Find("schema");
      schema != nullptr && schema->text == kReportSchema) {
    return ReadOwnReport(root);
  }
  const YamlNode* const report = root.Find("report");
  return report != nullptr ? ReadMtr(*report) : ReadOwnForm(root);
}

}  // namespace pathwitness
