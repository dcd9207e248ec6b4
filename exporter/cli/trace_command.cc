#include "exporter/cli/trace_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <ostream>
#include <string_view>
#include <utility>
#include <vector>

#include "config/load.h"
#include "config/values.h"
#include "exporter/cli/history_source.h"
#include "exporter/cli/http_asker.h"
#include "exporter/evidence/end_to_end_text.h"
#include "exporter/evidence/kernel_clock.h"
#include "exporter/evidence/plain_text.h"
#include "exporter/evidence/report_facts.h"
#include "exporter/log.h"
#include "exporter/version.h"
#include "probes/asn/asn_database.h"
#include "probes/dns/dns_engine.h"
#include "probes/engine_thread.h"
#include "probes/net/open_ports.h"
#include "probes/net/privileges.h"
#include "probes/trace/trace_engine.h"

namespace pathwitness {
namespace {

constexpr Duration kTick = std::chrono::milliseconds(5);
constexpr Duration kLooksEvery = std::chrono::milliseconds(50);
constexpr Duration kTimeout = std::chrono::seconds(1);
constexpr Duration kPatience = std::chrono::seconds(20);  // for a name, and for the last answers
constexpr unsigned kMostRounds = 10'000;
constexpr std::string_view kClearScreen = "\x1b[H\x1b[2J";

TraceProtocol ProtocolOf(const std::string& word) {
  if (word == "icmp") {
    return TraceProtocol::Icmp;
  }
  if (word == "udp") {
    return TraceProtocol::Udp;
  }
  if (word == "tcp") {
    return TraceProtocol::Tcp;
  }
  throw CommandError(fmt::format("--protocol {} is not icmp, udp or tcp", Quote(word)));
}

std::vector<IpFamily> FamiliesOf(const std::string& word) {
  if (word.empty()) {
    return {};
  }
  if (word != "ipv4" && word != "ipv6") {
    throw CommandError(fmt::format("--family {} is not ipv4 or ipv6", Quote(word)));
  }
  return {word == "ipv4" ? IpFamily::Ipv4 : IpFamily::Ipv6};
}

Duration IntervalOf(const std::string& word) {
  const std::optional<Duration> interval = ParseDuration(word);
  if (!interval || *interval < std::chrono::milliseconds(200) ||
      *interval > std::chrono::minutes(1)) {
    throw CommandError(fmt::format("--interval {} is not between 200ms and 1m", Quote(word)));
  }
  return *interval;
}

/// Nothing but the host; the rest of the configuration only tells whose networks are.
Config ConfigFor(const TraceWords& words, WallTime now) {
  Config config;
  try {
    config = LoadLayers(words.config_file, std::string(kDefaultEnvironment), now).config;
  } catch (const ConfigError&) {
    config = {};
  }
  if (words.rounds == 0 || words.rounds > kMostRounds) {
    throw CommandError(fmt::format("--rounds is not between 1 and {}", kMostRounds));
  }
  if (words.port == 0 || words.port > 65535) {
    throw CommandError("--port is not between 1 and 65535");
  }
  const Duration interval = IntervalOf(words.interval);
  TargetConfig target{.name = words.host, .host = words.host, .families = FamiliesOf(words.family)};
  target.trace = {.protocols = {ProtocolOf(words.protocol)},
                  .port = static_cast<std::uint16_t>(words.port),
                  .interval = interval,
                  .end_to_end_interval = interval,
                  .timeout = kTimeout,
                  .flows = 1};
  config.targets = {std::move(target)};
  config.shard = {};
  return config;
}

void AddRound(const Round& round, TraceStats& stats) {
  auto route = std::make_shared<Route>();
  route->source = round.source;
  route->destination = round.destination;
  route->is_reached = round.destination_hop != 0;
  stats.hops.resize(std::max(stats.hops.size(), round.hops.size()));
  for (std::size_t i = 0; i < round.hops.size(); ++i) {
    const Hop& hop = round.hops[i];
    HopStats& kept = stats.hops[i];
    kept.sent += hop.sent;
    kept.received += std::min<std::size_t>(hop.replies.size(), hop.sent);
    kept.late += hop.late;
    for (const HopReply& reply : hop.replies) {
      kept.round_trips.Add(ToSeconds(reply.round_trip));
    }
    route->hops.push_back(hop.replies.empty() ? std::optional<IpAddress>()
                                              : std::optional(hop.replies.front().responder));
  }
  ++stats.rounds;
  stats.AddRoute(std::move(route));
}

void TakeEndToEnd(const TraceSnapshot& snapshot, TraceStats& stats) {
  stats.end_to_end = {.sent = snapshot.probes, .lost = snapshot.lost, .late = snapshot.late};
  for (const std::uint64_t unsent : snapshot.unsent) {
    stats.end_to_end.unsent += unsent;
  }
  stats.end_to_end.round_trips = snapshot.round_trips.Count();
  stats.end_to_end.round_trip_sum = snapshot.round_trips.sum;
}

Responders RespondersOf(const TraceStats& stats, const OwnerTable& owners) {
  Responders responders;
  const auto add = [&](const IpAddress& address) {
    const AddressOwner owner = owners.Of(address);
    responders[address] = {
        .address = address, .asn = owner.asn, .owner_name = owner.name, .as_name = owner.as_name};
  };
  for (const std::shared_ptr<const Route>& route : stats.routes) {
    add(route->source);
    add(route->destination);
    for (const std::optional<IpAddress>& hop : route->hops) {
      if (hop) {
        add(*hop);
      }
    }
  }
  return responders;
}

/// The engines of the exporter, for one target and a while.
class OneTrace {
 public:
  OneTrace(Config config, const Clock& clock, EventLog& log)
      : clock_(clock),
        asn_(config.asn_database.path),
        port_(OpenPacketPorts(config, log).factory),
        config_(std::make_shared<const Config>(std::move(config))),
        dns_(
            "dns", [this, &log] { return std::make_unique<DnsEngine>(names_, clock_, log); }, clock,
            log, kTick),
        trace_(
            "trace",
            [this, &log] {
              return std::make_unique<TraceEngine>(port_(), names_, traces_, self_, clock_, log);
            },
            clock, log, kTick) {
    DropCapabilities(KeptCapability::None);
    asn_.Refresh();
    facts_.prober.target = config_->targets.front().name;
    facts_.target = config_->targets.front();
    facts_.owners = config_->owners;
    facts_.exchanges = config_->exchanges;
    facts_.windows = {{.name = "during", .from = clock.WallNow()}};
    dns_.Start(config_);
    trace_.Start(config_);
  }
  ~OneTrace() {
    trace_.Stop();
    dns_.Stop();
  }
  OneTrace(const OneTrace&) = delete;
  OneTrace& operator=(const OneTrace&) = delete;

  /// True when another round is over.
  bool Look() {
    const std::vector<TraceBoard::Pointer> traces = traces_.All();
    if (traces.empty()) {
      return false;
    }
    const TraceSnapshot& snapshot = *traces.front();
    TakeEndToEnd(snapshot, stats_);
    if (snapshot.last_round == nullptr || snapshot.last_round == seen_) {
      return false;
    }
    seen_ = snapshot.last_round;
    facts_.prober = snapshot.status.key;
    AddRound(*seen_, stats_);
    return true;
  }

  std::uint64_t Rounds() const { return stats_.rounds; }
  bool IsReached() const { return stats_.end_to_end.round_trips > 0; }

  /// Why the host has no address; empty: it has one, or that is not known yet.
  std::optional<std::string> NameProblem() const {
    std::optional<std::string> problem;
    for (const DnsBoard::Pointer& name : names_.All()) {
      if (name->chosen || !name->is_known) {
        return std::nullopt;
      }
      problem = name->error.empty() ? "it has no address" : name->error;
    }
    return problem;
  }

  Report Show() {
    const OwnerTable owners(config_->owners, config_->exchanges, asn_.Current());
    facts_.windows.front().to = clock_.WallNow();
    facts_.windows.front().trace = stats_;
    facts_.responders = RespondersOf(stats_, owners);
    facts_.made_at = clock_.WallNow();
    facts_.version = Version();
    facts_.revision = Revision();
    facts_.clock = ReadKernelClock();
    return MakeReport(facts_);
  }

 private:
  const Clock& clock_;
  AsnDatabase asn_;
  PortFactory port_;
  std::shared_ptr<const Config> config_;
  DnsBoard names_;
  TraceBoard traces_;
  TraceSelfBoard self_;
  EngineThread dns_;
  EngineThread trace_;
  std::shared_ptr<const Round> seen_;
  TraceStats stats_;
  ReportFacts facts_;
};

std::string TraceText(const Report& report) {
  const ReportWindow& window = report.windows.front();
  const std::string verdict = report.verdict ? report.verdict->text + "\n" : "";
  return fmt::format("{} ({}), {}\n{}End to end: {}\n{}", report.host, report.destination.address,
                     report.prober, MtrTable(window, report.source.address),
                     EndToEndText(window.end_to_end), verdict);
}

}  // namespace

int RunTrace(const TraceWords& words, const TextStyle& style, std::ostream& out) {
  const SystemClock clock;
  HttpAsker signals(clock);  // before there are threads, so that INT and TERM come here
  StderrLog log(LogFormat::Logfmt, LogLevel::Error, clock);
  Config config = ConfigFor(words, clock.WallNow());
  const MonoTime end =
      clock.Now() + config.targets.front().trace.interval * words.rounds + kPatience;
  OneTrace trace(std::move(config), clock, log);
  while (trace.Rounds() < words.rounds && clock.Now() < end && !signals.IsInterrupted()) {
    signals.Pause(kLooksEvery);
    if (const std::optional<std::string> problem = trace.NameProblem()) {
      throw CommandError(fmt::format("{} cannot be traced: {}", words.host, *problem));
    }
    if (trace.Look() && style.is_coloured && !words.as_json) {
      fmt::print(out, "{}{}", kClearScreen, TraceText(trace.Show()));
      out.flush();
    }
  }
  if (words.as_json) {
    out << ReportJson(trace.Show());
  } else if (!style.is_coloured) {
    out << TraceText(trace.Show());
  }
  return trace.IsReached() ? 0 : 1;
}

}  // namespace pathwitness
