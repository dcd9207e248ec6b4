#pragma once

#include <prometheus/metric_type.h>

#include <array>
#include <string_view>

// The public surface: every metric on one page, in the order of /metrics. A name, type or label
// here is API; docs/metrics.md says the same and a test compares the two.
//
// General rules of absence: counters are there from the start, at 0; closed label sets are always
// complete; gauges that tell of the last round are withheld before the first round and when the
// last one is older than 5 intervals, so that a dead prober shows a gap and not an old green.
namespace pathwitness {

struct Metric {
  std::string_view name;
  prometheus::MetricType type;
  std::string_view labels;  // in their order, separated by commas; "..." stands for user labels
  std::string_view help;    // meaning, unit, and what absence means
};

inline constexpr auto kCounter = prometheus::MetricType::Counter;
inline constexpr auto kGauge = prometheus::MetricType::Gauge;
inline constexpr auto kHistogram = prometheus::MetricType::Histogram;
inline constexpr auto kSummary = prometheus::MetricType::Summary;

// Exporter

inline constexpr Metric kBuildInfo{"pathwitness_build_info", kGauge,
                                   "version,revision,branch,compiler,libcurl,civetweb",
                                   "What was built, and of what; always 1."};
inline constexpr Metric kConfigLastReloadSuccessful{
    "pathwitness_config_last_reload_successful", kGauge, "",
    "1 when the configuration was last loaded without a problem, 0 when the one before goes on."};
inline constexpr Metric kConfigLastReloadSuccessTimestamp{
    "pathwitness_config_last_reload_success_timestamp_seconds", kGauge, "",
    "Unix time in seconds at which the configuration in force was loaded."};
inline constexpr Metric kConfigInfo{
    "pathwitness_config_info", kGauge, "environment,sha256",
    "The configuration in force, by its environment and the digest of its files; always 1."};
inline constexpr Metric kShardInfo{
    "pathwitness_shard_info", kGauge, "shard,shards",
    "Which part of the targets this exporter watches, counted from 0, and of how many; always 1."};
inline constexpr Metric kScrapes{
    "pathwitness_scrapes_total", kCounter, "result",
    "Requests for this page that are over, by what became of them. abandoned: not read to the end; "
    "refused: too many at a time."};
inline constexpr Metric kWebConnections{
    "pathwitness_web_connections", kGauge, "",
    "Connections that the web server has open; it has at most 256, and 220 of one address."};
inline constexpr Metric kWebRefused{
    "pathwitness_web_refused_total", kCounter, "reason",
    "Requests and connections that the web server turned away before any page was asked. "
    "credentials: none or wrong ones; rate_limit: too many requests; config: the web configuration "
    "file is broken; busy: too many passwords being checked; connections: its address had too "
    "many; slow: it did not send or read in time; handshake: TLS did not come about."};
inline constexpr Metric kWebConfigLastReadSuccessful{
    "pathwitness_web_config_last_read_successful", kGauge, "",
    "1 when the web configuration file and its certificates in force are what is on disk, else 0. "
    "Absent without --web.config.file."};
inline constexpr Metric kLogMessages{
    "pathwitness_log_messages_total", kCounter, "level",
    "Log lines written since start, by level; suppressed ones are not counted."};

inline constexpr Metric kProcessCpu{
    "process_cpu_seconds_total", kCounter, "",
    "User and system CPU time in seconds. Absent when /proc cannot be read."};
inline constexpr Metric kProcessResidentMemory{
    "process_resident_memory_bytes", kGauge, "",
    "Resident memory in bytes. Absent when /proc cannot be read."};
inline constexpr Metric kProcessVirtualMemory{
    "process_virtual_memory_bytes", kGauge, "",
    "Virtual memory in bytes. Absent when /proc cannot be read."};
inline constexpr Metric kProcessOpenFds{"process_open_fds", kGauge, "",
                                        "Open file descriptors. Absent when /proc cannot be read."};
inline constexpr Metric kProcessMaxFds{
    "process_max_fds", kGauge, "",
    "Most file descriptors that may be open; +Inf when unlimited. Absent when /proc cannot be "
    "read."};
inline constexpr Metric kProcessStartTime{
    "process_start_time_seconds", kGauge, "",
    "Unix time in seconds at which the process started. Absent when /proc cannot be read."};

// Targets

inline constexpr Metric kTargets{"pathwitness_targets", kGauge, "",
                                 "Targets in the configuration in force."};
inline constexpr Metric kTargetInfo{
    "pathwitness_target_info", kGauge, "target,host,port,...",
    "A configured target with its user labels; always 1. Absent when the target was removed."};
inline constexpr Metric kTargetState{
    "pathwitness_target_state", kGauge, "target,state",
    "1 for the target's present state, 0 for the others. up, down: all probers with a recent round "
    "say so; degraded: they differ; unknown: none has one. Absent when the target was removed."};

// Pulse of the probers

inline constexpr Metric kTargetStateChanges{
    "pathwitness_target_state_changes_total", kCounter, "target,prober,family",
    "Transitions between up and down that the prober saw, also those between two scrapes."};
inline constexpr Metric kProberLastRound{
    "pathwitness_prober_last_round_timestamp_seconds", kGauge, "target,prober,family",
    "Unix time in seconds at which results were last stored; the prober's start before the first. "
    "Never withheld: its age is the prober's pulse."};
inline constexpr Metric kProberLastAttempt{
    "pathwitness_prober_last_attempt_timestamp_seconds", kGauge, "target,prober,family",
    "Unix time in seconds at which a round was last begun. Absent before the first."};
inline constexpr Metric kProberInterval{"pathwitness_prober_interval_seconds", kGauge,
                                        "target,prober,family",
                                        "Seconds from round to round, as configured."};
inline constexpr Metric kProberRounds{"pathwitness_prober_rounds_total", kCounter,
                                      "target,prober,family",
                                      "Rounds whose results were stored, whatever they were."};
inline constexpr Metric kProberRoundsSkipped{"pathwitness_prober_rounds_skipped_total", kCounter,
                                             "target,prober,family,reason",
                                             "Rounds that were due and not begun, by reason."};
inline constexpr Metric kProberRestarts{
    "pathwitness_prober_restarts_total", kCounter, "target,prober,family",
    "Times the prober was started again because its engine failed or no longer turned."};
inline constexpr Metric kProberInfo{
    "pathwitness_prober_info", kGauge, "target,prober,family,address,source_address,port",
    "What is being probed now, and from where; always 1. An empty address: unresolved; an empty "
    "port: the protocol has none."};

// Path, end to end

inline constexpr Metric kPathProbes{
    "pathwitness_path_probes_total", kCounter, "target,prober,family",
    "End-to-end probes that are over: answered, late or lost. Those that could not be sent are "
    "among them, as lost."};
inline constexpr Metric kPathProbesLost{
    "pathwitness_path_probes_lost_total", kCounter, "target,prober,family",
    "End-to-end probes without any answer. Divided by pathwitness_path_probes_total: the loss "
    "ratio."};
inline constexpr Metric kPathProbesLate{
    "pathwitness_path_probes_late_total", kCounter, "target,prober,family",
    "End-to-end probes answered after the timeout and before 3 times the timeout; neither lost "
    "nor in pathwitness_path_rtt_seconds."};
inline constexpr Metric kPathProbesUnsent{
    "pathwitness_path_probes_unsent_total", kCounter, "target,prober,family,reason",
    "End-to-end probes that were due and could not be sent, by reason; each also counts as lost."};
inline constexpr Metric kPathRtt{
    "pathwitness_path_rtt_seconds", kHistogram, "target,prober,family",
    "Round trips of end-to-end probes answered in time, in seconds; from sending to the kernel's "
    "receive stamp."};
inline constexpr Metric kPathUnreachable{
    "pathwitness_path_unreachable_total", kCounter, "target,prober,family,code",
    "ICMP destination unreachable messages that answered the prober's probes, by code."};
inline constexpr Metric kPathReached{
    "pathwitness_path_reached", kGauge, "target,prober,family",
    "1 when the destination answered in the last round, else 0. Absent without a recent round."};
inline constexpr Metric kPathDestinationHop{
    "pathwitness_path_destination_hop", kGauge, "target,prober,family",
    "TTL at which the destination answered; 0 when it did not. Absent without a recent round."};
inline constexpr Metric kPathLastRespondingHop{
    "pathwitness_path_last_responding_hop", kGauge, "target,prober,family",
    "TTL of the last hop that answered, where the trail ends; 0: none did. Absent without a recent "
    "round."};

// Hops. `hop` is a position (TTL), not a router: series go on through route changes.

inline constexpr Metric kPathHopProbes{
    "pathwitness_path_hop_probes_total", kCounter, "target,prober,family,hop",
    "TTL-limited probes that are over, also those of other paths with the same routers up to "
    "here (pathwitness_path_hop_probes_credited_total). Absent when the path is shorter now."};
inline constexpr Metric kPathHopProbesCredited{
    "pathwitness_path_hop_probes_credited_total", kCounter, "target,prober,family,hop",
    "Those of pathwitness_path_hop_probes_total that were sent for other paths. Absent when the "
    "path is shorter now."};
inline constexpr Metric kPathHopRepliesMissing{
    "pathwitness_path_hop_replies_missing_total", kCounter, "target,prober,family,hop",
    "TTL-limited probes without any answer. Routers answer when they like: this is no loss of "
    "forwarded packets unless it persists to the destination. Absent when the path is shorter "
    "now."};
inline constexpr Metric kPathHopRtt{
    "pathwitness_path_hop_rtt_seconds", kSummary, "target,prober,family,hop",
    "Round trips of TTL-limited probes in seconds, as sum and count. Absent when the path is "
    "shorter now."};
inline constexpr Metric kPathHopLastRtt{
    "pathwitness_path_hop_last_rtt_seconds", kGauge, "target,prober,family,hop",
    "Newest round trip in seconds. Absent when the hop never answered, and without a recent "
    "round."};

inline constexpr Metric kHopSeriesRefused{
    "pathwitness_hop_series_refused", kGauge, "",
    "Series of hops that are left out of this page since there are more than "
    "metrics.max_hop_series."};

// Routes and owners

inline constexpr Metric kPathHopInfo{
    "pathwitness_path_hop_info", kGauge,
    "target,prober,family,hop,address,ptr,asn,as_name,owner,segment",
    "The newest responder at this hop, its name, the network its address is in, and who owns the "
    "hop and the link before it; always 1, one per hop. Empty labels: unknown. Absent when the hop "
    "never answered, and without a recent round."};
inline constexpr Metric kPathHopIcmpLimited{
    "pathwitness_path_hop_icmp_limited", kGauge, "target,prober,family,hop",
    "1 when the hop leaves significantly more probes unanswered than the destination: it limits "
    "its own answers, which is no loss; else 0. Absent before a hop and the destination had enough "
    "probes, and without a recent round."};
inline constexpr Metric kPathUnexpectedTransit{
    "pathwitness_path_unexpected_transit", kGauge, "target,prober,family",
    "Networks on the path that are not among those that the configuration expects. Absent when it "
    "expects none, and without a recent round."};
inline constexpr Metric kPathUnexpectedTransitInfo{
    "pathwitness_path_unexpected_transit_info", kGauge, "target,prober,family,asn,owner",
    "A network on the path that the configuration does not expect there; always 1, one per "
    "network. Absent when there is none, and without a recent round."};
inline constexpr Metric kPathRouteInfo{
    "pathwitness_path_route_info", kGauge, "target,prober,family,as_path",
    "The networks that the path passes, as AS numbers in their order and each once in a row, 16 at "
    "most; always 1. Absent when none is known, and without a recent round."};
inline constexpr Metric kPathRouteChanges{
    "pathwitness_path_route_changes_total", kCounter, "target,prober,family,class",
    "Changes of the route, by where. intra_as: inside the same networks; inter_as: through other "
    "networks; local: at the first two hops; unknown: networks not known."};
inline constexpr Metric kPathRouteLastChange{
    "pathwitness_path_route_last_change_timestamp_seconds", kGauge, "target,prober,family",
    "Unix time in seconds of the round that made sure of the last change. Absent before the "
    "first."};
inline constexpr Metric kPathRouteLastChangeInfo{
    "pathwitness_path_route_last_change_info", kGauge,
    "target,prober,family,from_hop,asn_before,asn_after",
    "The last change of the route: its first hop that differs, and the AS there before and after; "
    "always 1, one per prober. Absent before the first."};
inline constexpr Metric kPathEcmpChanges{
    "pathwitness_path_ecmp_changes_total", kCounter, "target,prober,family",
    "Times that a hop got one more of several equal routers, or a flow moved among those in use."};
inline constexpr Metric kPathHopSilences{
    "pathwitness_path_hop_silences_total", kCounter, "target,prober,family",
    "Times that a hop stopped answering while hops behind it went on; no loss and no change of the "
    "route."};
inline constexpr Metric kPathEcmpWidth{
    "pathwitness_path_ecmp_width", kGauge, "target,prober,family",
    "The most routers that are known to share one hop of the path, over all flows. Absent without "
    "a recent round."};
inline constexpr Metric kPathLoopDetected{
    "pathwitness_path_loop_detected", kGauge, "target,prober,family",
    "1 when packets of a flow went in a circle in its last two rounds, else 0. Absent without a "
    "recent round."};
inline constexpr Metric kAsnDatabaseBuilt{
    "pathwitness_asn_database_build_timestamp_seconds", kGauge, "",
    "Unix time in seconds at which the ASN database in use was made. Absent when there is none."};
inline constexpr Metric kAsnDatabaseFailing{
    "pathwitness_asn_database_failing", kGauge, "reason",
    "1 for the reason why the ASN database's file cannot be used, 0 for the others; the last good "
    "one stays in use. Absent when none is configured."};

// Verdicts

inline constexpr Metric kVerdict{
    "pathwitness_verdict", kGauge, "target,prober,family,state",
    "1 for what is wrong with the path or the service now, 0 for the others. none: nothing worth "
    "care; undecided: no probes to tell by. Absent without a recent round."};
inline constexpr Metric kVerdictInfo{
    "pathwitness_verdict_info", kGauge,
    "target,prober,family,state,owner,asn,segment,direction,hop_from,hop_to,kind,reason,"
    "contact",
    "What is wrong, who is to be asked about it, and between which hops it begins; always 1. An "
    "empty owner: nobody is likely enough. kind: of a delay; reason: of a fault of the service or "
    "of this machine; contact: whom to ask at the owner, as the configuration says. Absent when "
    "nothing is wrong."};
inline constexpr Metric kVerdictProbability{
    "pathwitness_verdict_probability", kGauge, "target,prober,family",
    "How likely the fault is the owner's, or the likeliest one's when none is named. Absent when "
    "nothing is wrong."};
inline constexpr Metric kVerdictSince{"pathwitness_verdict_since_timestamp_seconds", kGauge,
                                      "target,prober,family",
                                      "Unix time in seconds at which the first signs of the fault "
                                      "were known. Absent when nothing is wrong."};
inline constexpr Metric kLossLowerBound{
    "pathwitness_loss_lower_bound_ratio", kGauge, "target,prober,family",
    "Lower end of the 95 % interval of the share of end-to-end probes lost in the last 5 minutes; "
    "losses in a row count as fewer. Absent without probes and without a recent round."};
inline constexpr Metric kLossUpperBound{
    "pathwitness_loss_upper_bound_ratio", kGauge, "target,prober,family",
    "Upper end of the same interval. Absent without probes and without a recent round."};

// Directions, by the reflector of another pathwitness. fwd: from here to it; rev: back.

inline constexpr Metric kOneWayRequests{
    "pathwitness_oneway_requests_total", kCounter, "target,prober,family",
    "Requests sent to the target's reflector, answered or not."};
inline constexpr Metric kOneWayRequestsUnsent{
    "pathwitness_oneway_requests_unsent_total", kCounter, "target,prober,family,reason",
    "Requests that were due and could not be sent, by reason."};
inline constexpr Metric kOneWayPackets{
    "pathwitness_oneway_packets_total", kCounter, "target,prober,family,direction",
    "Packets whose fate is known, by direction. fwd: requests up to the one answered last; rev: "
    "answers that the reflector had sent by then."};
inline constexpr Metric kOneWayPacketsLost{
    "pathwitness_oneway_packets_lost_total", kCounter, "target,prober,family,direction",
    "Those of pathwitness_oneway_packets_total that did not arrive."};
inline constexpr Metric kOneWayAnswersRefused{
    "pathwitness_oneway_answers_refused_total", kCounter, "target,prober,family,reason",
    "Datagrams from the reflector's address that were no valid answers, by reason."};
inline constexpr Metric kOneWayLastAnswer{
    "pathwitness_oneway_last_answer_timestamp_seconds", kGauge, "target,prober,family",
    "Unix time in seconds of the last valid answer. Absent before the first."};

// Incidents

inline constexpr Metric kIncidents{
    "pathwitness_incidents", kGauge, "cause",
    "Incidents that are open now, by where their cause lies: own: this exporter or its uplink; "
    "source: what all of its paths share; destination: a target that most sources see fail; "
    "link: a link that several paths share; path: a single path; service: behind a path without "
    "fault."};
inline constexpr Metric kIncidentsWithoutSeries{
    "pathwitness_incidents_without_series", kGauge, "",
    "Open incidents beyond the 100 that reach most targets and have the series below."};
inline constexpr Metric kIncidentInfo{
    "pathwitness_incident_info", kGauge, "incident,cause,at,state,owner,asn,segment,via",
    "An open incident: one cause and all that it makes fail; always 1. at: which part of the "
    "exporter, of an own cause. An empty owner: nobody is likely enough, or verdicts differ. "
    "via: the link that its paths share, when known."};
inline constexpr Metric kIncidentTargets{"pathwitness_incident_targets", kGauge, "incident",
                                         "Targets that the incident makes fail now."};
inline constexpr Metric kIncidentSince{
    "pathwitness_incident_since_timestamp_seconds", kGauge, "incident",
    "Unix time in seconds at which the first signs of the incident were known."};
inline constexpr Metric kIncidentTargetInfo{
    "pathwitness_incident_target_info", kGauge, "incident,target",
    "A target that belongs to the open incident, now or since it began; always 1, at most 1000 "
    "in all."};

// HTTPS

inline constexpr Metric kHttpsRequests{"pathwitness_https_requests_total", kCounter,
                                       "target,prober,family",
                                       "Requests that are over, whatever became of them."};
inline constexpr Metric kHttpsFailures{"pathwitness_https_failures_total", kCounter,
                                       "target,prober,family,reason",
                                       "Requests that failed, by reason."};
inline constexpr Metric kHttpsResponses{
    "pathwitness_https_responses_total", kCounter, "target,prober,family,code",
    "Responses by status code. A code is absent until it was first seen."};
inline constexpr Metric kHttpsDuration{"pathwitness_https_request_duration_seconds", kHistogram,
                                       "target,prober,family",
                                       "Whole requests in seconds, failed ones too."};
inline constexpr Metric kHttpsPhaseDuration{
    "pathwitness_https_phase_duration_seconds", kSummary, "target,prober,family,phase",
    "Phases of requests in seconds, as sum and count; phases do not overlap and count only when "
    "they were reached."};
inline constexpr Metric kHttpsTcpRetransmits{
    "pathwitness_https_tcp_retransmits_total", kCounter, "target,prober,family",
    "TCP segments that the kernel sent again for our requests."};
inline constexpr Metric kHttpsSuccess{
    "pathwitness_https_success", kGauge, "target,prober,family",
    "1 when the last request met all expectations, else 0. Absent without a recent round."};
inline constexpr Metric kHttpsStatusCode{
    "pathwitness_https_status_code", kGauge, "target,prober,family",
    "Status code of the last response; 0: there was none. Absent without a recent round."};
inline constexpr Metric kHttpsBodyBytes{
    "pathwitness_https_response_body_bytes", kGauge, "target,prober,family",
    "Bytes of the last body that were read. Absent without a recent round."};
inline constexpr Metric kHttpsRedirects{
    "pathwitness_https_redirects", kGauge, "target,prober,family",
    "Redirects that the last request followed. Absent without a recent round."};
inline constexpr Metric kHttpsLastPhaseDuration{
    "pathwitness_https_last_phase_duration_seconds", kGauge, "target,prober,family,phase",
    "Phases of the last request in seconds. Absent when the phase was not reached, and without a "
    "recent round."};
inline constexpr Metric kHttpsTcpRtt{
    "pathwitness_https_tcp_rtt_seconds", kGauge, "target,prober,family",
    "The kernel's smoothed round trip of the last connection in seconds. Absent when there was no "
    "connection, and without a recent round."};
inline constexpr Metric kHttpsCertificateNotAfter{
    "pathwitness_https_certificate_not_after_timestamp_seconds", kGauge,
    "target,prober,family,position",
    "Unix time in seconds at which a certificate expires. leaf: the server's own; chain: the "
    "earliest of the others it sent. There even when verification failed; absent when the last "
    "request saw no certificate, and without a recent round."};
inline constexpr Metric kHttpsCertificateVerified{
    "pathwitness_https_certificate_verified", kGauge, "target,prober,family",
    "1 when the certificate of the last request was verified, 0 when that failed. Absent when no "
    "certificate was seen, and without a recent round."};
inline constexpr Metric kHttpsCertificateInfo{
    "pathwitness_https_certificate_info", kGauge,
    "target,prober,family,fingerprint_sha256,issuer,subject,serial",
    "The server's own certificate in the last request; always 1. Absent when none was seen, and "
    "without a recent round."};
inline constexpr Metric kHttpsConnectionInfo{
    "pathwitness_https_connection_info", kGauge,
    "target,prober,family,address,tls_version,cipher,http_version",
    "The connection of the last request; always 1. Absent when there was none, and without a "
    "recent round."};

// Pulse probes

inline constexpr Metric kPulseTimestamp{
    "pathwitness_pulse_timestamp_seconds", kGauge, "target,prober,family",
    "Unix time in seconds of the newest beat seen. Absent when none was ever seen."};
inline constexpr Metric kPulseExpectedInterval{
    "pathwitness_pulse_expected_interval_seconds", kGauge, "target,prober,family",
    "Seconds within which the next beat is due, as configured."};
inline constexpr Metric kPulseFailures{"pathwitness_pulse_failures_total", kCounter,
                                       "target,prober,family,reason",
                                       "Looks at the pulse that found no time, by reason."};

// DNS

inline constexpr Metric kDnsLookups{
    "pathwitness_dns_lookups_total", kCounter, "target,family",
    "Lookups of the target's host that are over. Stays 0 when the host is an address."};
inline constexpr Metric kDnsLookupFailures{
    "pathwitness_dns_lookup_failures_total", kCounter, "target,family",
    "Lookups without an answer, or with an error other than that there is no such record."};
inline constexpr Metric kDnsAddressChanges{"pathwitness_dns_address_changes_total", kCounter,
                                           "target,family",
                                           "Times that the set of the host's addresses changed."};
inline constexpr Metric kDnsAddresses{
    "pathwitness_dns_addresses", kGauge, "target,family",
    "Addresses in the last good answer. Absent while the first lookup is under way."};
inline constexpr Metric kPtrLookups{
    "pathwitness_ptr_lookups_total", kCounter, "",
    "Lookups of routers' names that are over. Absent when the configuration does without."};
inline constexpr Metric kPtrLookupFailures{
    "pathwitness_ptr_lookup_failures_total", kCounter, "",
    "Those of them without an answer, or with an error other than that there is no name."};
inline constexpr Metric kPtrNames{
    "pathwitness_ptr_names", kGauge, "",
    "Routers whose names are known now. Absent when the configuration does without."};
inline constexpr Metric kPtrRefused{
    "pathwitness_ptr_refused", kGauge, "",
    "Routers that are not asked for, since ptr.max_names are remembered already."};

// Discovery

inline constexpr Metric kDiscoveryTargets{
    "pathwitness_discovery_targets", kGauge, "source",
    "Targets in the source's last good document. Absent when the source is no longer configured "
    "or its file was removed."};
inline constexpr Metric kDiscoveryTargetsRefused{
    "pathwitness_discovery_targets_refused", kGauge, "source",
    "Those of them that are not measured: bad ones, names that are taken, and what the packet "
    "budget has no room for."};
inline constexpr Metric kDiscoveryFailures{
    "pathwitness_discovery_failures_total", kCounter, "source,reason",
    "Times that the source could not be used, by reason; its last good targets stay."};
inline constexpr Metric kDiscoveryLastSuccess{
    "pathwitness_discovery_last_success_timestamp_seconds", kGauge, "source",
    "Unix time in seconds at which the source was last found good; the source's start before "
    "that."};

// The exporter itself

inline constexpr Metric kPacketsSent{"pathwitness_packets_sent_total", kCounter, "family",
                                     "Trace probes handed to the kernel."};
inline constexpr Metric kPacketSendErrors{
    "pathwitness_packet_send_errors_total", kCounter, "error",
    "Trace probes that the kernel refused, by errno. An error is absent until it first happened."};
inline constexpr Metric kPacketsDeferred{
    "pathwitness_packets_deferred_total", kCounter, "reason",
    "Hop probes put off to protect what is measured. budget: over packets_per_second; "
    "responder_budget: the router's turn had not come; network, first_hop: over the limit of the "
    "destination's network or of the first hop."};
inline constexpr Metric kPacketsShed{
    "pathwitness_packets_shed_total", kCounter, "tier",
    "Hop probes given up for lack of budget, by tier. focus: extra probes of failing paths, "
    "which go first; hop: those of a round that was over before the budget let them go. "
    "End-to-end probes are never shed."};
inline constexpr Metric kResponders{
    "pathwitness_responders", kGauge, "",
    "Routers, and positions whose router is not known yet, that are paced apart."};
inline constexpr Metric kHopProbesWaiting{"pathwitness_hop_probes_waiting", kGauge, "",
                                          "Hop probes that wait for their router's turn."};
inline constexpr Metric kFocusSets{"pathwitness_focus_sets", kGauge, "",
                                   "Failing paths whose hops are probed once a second."};
inline constexpr Metric kPacketBudget{"pathwitness_packet_budget_per_second", kGauge, "",
                                      "Packets per second that all traces together may send."};
inline constexpr Metric kRepliesUnmatched{
    "pathwitness_replies_unmatched_total", kCounter, "",
    "Well-formed replies for which no probe of ours is waiting."};
inline constexpr Metric kRepliesSpoofed{
    "pathwitness_replies_spoofed_total", kCounter, "",
    "Replies that name a probe of ours without knowing its secret; they are not believed."};
inline constexpr Metric kRepliesMalformed{"pathwitness_replies_malformed_total", kCounter, "",
                                          "Replies that could not be decoded."};
inline constexpr Metric kRepliesLate{
    "pathwitness_replies_late_total", kCounter, "",
    "Replies after the timeout and before 3 times the timeout, of hop and end-to-end probes."};
inline constexpr Metric kRepliesDuplicate{"pathwitness_replies_duplicate_total", kCounter, "",
                                          "Further replies to a probe that was answered."};
inline constexpr Metric kReceiveDrops{
    "pathwitness_receive_drops_total", kCounter, "",
    "Packets that the kernel dropped because a receive buffer was full; loss figures of that time "
    "are too high."};
inline constexpr Metric kEngineTurn{"pathwitness_engine_turn_timestamp_seconds", kGauge, "engine",
                                    "Unix time in seconds at which the engine last did its work."};
inline constexpr Metric kEngineRestarts{
    "pathwitness_engine_restarts_total", kCounter, "engine",
    "Times the engine was started again because it failed or no longer turned."};
inline constexpr Metric kSchedulerLateness{
    "pathwitness_scheduler_lateness_seconds", kHistogram, "engine",
    "How long after its deadline the engine was given the CPU, in seconds."};
inline constexpr Metric kReflectorAnswers{
    "pathwitness_reflector_answers_total", kCounter, "",
    "Requests of other pathwitness that were counted and answered. Absent without --responder."};
inline constexpr Metric kReflectorRefused{
    "pathwitness_reflector_requests_refused_total", kCounter, "reason",
    "Datagrams that were not answered, by reason. Absent without --responder."};
inline constexpr Metric kReflectorSessions{
    "pathwitness_reflector_sessions", kGauge, "",
    "Probers whose requests are being counted now. Absent without --responder."};

// Alerting

inline constexpr Metric kAlertOverride{
    "pathwitness_alert_override", kGauge, "alert,tier,target",
    "The threshold that the configuration sets for a tier of an alert instead of its default, for "
    "one target or, where that label is empty, for all. Absent when there is none or it has "
    "expired: the default applies."};
inline constexpr Metric kAlertDisabledUntil{
    "pathwitness_alert_disabled_until_timestamp_seconds", kGauge, "alert,tier,target",
    "Unix time in seconds up to which the configuration disables an alert; an empty tier stands "
    "for all of them, an empty target for all. Absent when none is disabled or the time is over."};
inline constexpr Metric kAlertOverrideInfo{
    "pathwitness_alert_override_info", kGauge, "alert,tier,target,reason,owner,expires",
    "Why the configuration overrides an alert, who answers for it and the last day (UTC) on which "
    "it does; always 1. Still there when that day is over and the override without effect."};

// Drills

inline constexpr Metric kDrillPathProbes{
    "pathwitness_drill_path_probes_total", kCounter, "target,prober,family,drill",
    "End-to-end probes that are over since the drill's start. Absent when it is over."};
inline constexpr Metric kDrillPathProbesLost{
    "pathwitness_drill_path_probes_lost_total", kCounter, "target,prober,family,drill",
    "Those of them that were lost in truth, and the drill's share of the others. Absent when it is "
    "over."};
inline constexpr Metric kDrillPathHopProbes{
    "pathwitness_drill_path_hop_probes_total", kCounter, "target,prober,family,hop,drill",
    "TTL-limited probes that are over since the drill's start. Absent when it is over."};
inline constexpr Metric kDrillPathHopRepliesMissing{
    "pathwitness_drill_path_hop_replies_missing_total", kCounter, "target,prober,family,hop,drill",
    "Those of them without any answer in truth and, from the drill's hop on, its share of the "
    "others. Absent when it is over."};
inline constexpr Metric kDrillInfo{
    "pathwitness_drill_info", kGauge, "drill,target,loss,at_hop",
    "A drill that runs: the share of packets that it loses and the hop from which on; always 1. "
    "Absent when it is over."};
inline constexpr Metric kDrillEnd{
    "pathwitness_drill_end_timestamp_seconds", kGauge, "drill,target",
    "Unix time in seconds at which the drill ends by itself. Absent when it is over."};
inline constexpr Metric kLinkInfo{
    "pathwitness_link_info", kGauge, "dashboards,runbooks,evidence",
    "Where the links in alerts lead, as the configuration says; always 1."};
inline constexpr Metric kRulesDiffering{
    "pathwitness_rules_differing", kGauge, "prometheus",
    "Alert and recording rules (and groups) that differ from the shipped ones, are missing or were "
    "added, in a Prometheus that the configuration names. Absent before the first comparison, and "
    "when the last one is older than 5 intervals."};
inline constexpr Metric kRulesComparisons{
    "pathwitness_rules_comparisons_total", kCounter, "prometheus",
    "Comparisons of a Prometheus' rules that are over, failed ones too."};
inline constexpr Metric kRulesComparisonFailures{"pathwitness_rules_comparison_failures_total",
                                                 kCounter, "prometheus,reason",
                                                 "Comparisons that failed, by reason."};
inline constexpr Metric kRulesLastComparison{
    "pathwitness_rules_last_comparison_timestamp_seconds", kGauge, "prometheus",
    "Unix time in seconds of the last comparison that succeeded; before the first, when the "
    "Prometheus was configured."};

// Evidence

inline constexpr Metric kHistoryFlushes{
    "pathwitness_history_flushes_total", kCounter, "",
    "Times that what was measured was written to disk, every ten seconds. Absent, as all "
    "metrics of the history, while none is kept (history.enabled)."};
inline constexpr Metric kHistoryLastFlush{
    "pathwitness_history_last_flush_timestamp_seconds", kGauge, "",
    "Unix time in seconds at which it was last written; the start before the first time."};
inline constexpr Metric kHistoryFailures{"pathwitness_history_failures_total", kCounter, "reason",
                                         "Attempts to write that failed, by reason."};
inline constexpr Metric kHistoryPending{
    "pathwitness_history_pending_flushes", kGauge, "",
    "What is to be written waits in memory, at most 12 times ten seconds; 0 while the disk "
    "can be written."};
inline constexpr Metric kHistoryRows{
    "pathwitness_history_rows_total", kCounter, "",
    "Buckets of ten seconds that were written, one for each prober."};
inline constexpr Metric kHistoryRowsDropped{
    "pathwitness_history_rows_dropped_total", kCounter, "",
    "Buckets that were given up because the disk could not be written for two minutes."};
inline constexpr Metric kHistoryRowsDamaged{
    "pathwitness_history_rows_damaged_total", kCounter, "",
    "Buckets that made no sense when they were read to make minutes of them."};
inline constexpr Metric kHistoryRoundsMissed{
    "pathwitness_history_rounds_missed_total", kCounter, "",
    "Rounds whose hops are missing in the history because the next one ended before it "
    "looked."};
inline constexpr Metric kHistoryFilesSetAside{
    "pathwitness_history_files_set_aside_total", kCounter, "",
    "Damaged files that were renamed and replaced by a new one."};
inline constexpr Metric kHistoryBytes{
    "pathwitness_history_bytes", kGauge, "",
    "Bytes that the history takes, of at most history.max_bytes; looked at once a minute."};
inline constexpr Metric kHistoryDiskBytes{
    "pathwitness_history_disk_bytes", kGauge, "",
    "Bytes of its files, with what is free in them; looked at once a minute."};
inline constexpr Metric kHistoryOldest{
    "pathwitness_history_oldest_timestamp_seconds", kGauge, "resolution",
    "Unix time in seconds of the oldest bucket: fine (10 s) or coarse (a minute). Absent when "
    "there is none."};
inline constexpr Metric kArchiveReports{
    "pathwitness_archive_reports", kGauge, "",
    "Reports that are kept on this machine. Absent while those of earlier runs are being counted."};
inline constexpr Metric kArchiveBytes{
    "pathwitness_archive_bytes", kGauge, "",
    "Bytes that these reports take, in blocks of the disk. Absent as the reports are."};
inline constexpr Metric kArchiveMaxBytes{
    "pathwitness_archive_max_bytes", kGauge, "",
    "The most that reports may take (archive.max_bytes); beyond it the oldest are removed."};
inline constexpr Metric kArchiveDiskFreeBytes{
    "pathwitness_archive_disk_free_bytes", kGauge, "",
    "Bytes that are free for this process on the disk of the reports. Absent while their folder "
    "does not exist."};
inline constexpr Metric kArchiveDiskMinFreeBytes{
    "pathwitness_archive_disk_min_free_bytes", kGauge, "",
    "No report is written while less is free (archive.min_free_bytes)."};
inline constexpr Metric kArchiveOldestReport{
    "pathwitness_archive_oldest_report_timestamp_seconds", kGauge, "",
    "Unix time in seconds that the oldest report is of. Absent when there is none."};
inline constexpr Metric kArchiveLastKept{
    "pathwitness_archive_last_kept_timestamp_seconds", kGauge, "",
    "Unix time in seconds at which a report was last kept. Absent before the first."};
inline constexpr Metric kArchiveKept{"pathwitness_archive_kept_total", kCounter, "",
                                     "Reports that were kept on this machine."};
inline constexpr Metric kArchiveFailures{"pathwitness_archive_failures_total", kCounter, "reason",
                                         "Reports that could not be kept, by reason."};
inline constexpr Metric kArchiveRemoved{"pathwitness_archive_removed_total", kCounter, "reason",
                                        "Reports that were removed from this machine, by reason."};
inline constexpr Metric kArchiveRemovedUnsent{
    "pathwitness_archive_removed_unsent_total", kCounter, "",
    "Reports that were removed before they were uploaded."};
inline constexpr Metric kUploadPendingReports{
    "pathwitness_upload_pending_reports", kGauge, "",
    "Reports that are still to be uploaded. Absent, as all metrics of uploads, while none are "
    "configured."};
inline constexpr Metric kUploadOldestPending{
    "pathwitness_upload_oldest_pending_timestamp_seconds", kGauge, "",
    "Unix time in seconds that the oldest of these reports is of. Absent when nothing is to be "
    "uploaded."};
inline constexpr Metric kUploadReports{"pathwitness_upload_reports_total", kCounter, "",
                                       "Reports that were uploaded with all their files."};
inline constexpr Metric kUploadFiles{"pathwitness_upload_files_total", kCounter, "",
                                     "Files that were uploaded."};
inline constexpr Metric kUploadBytes{"pathwitness_upload_bytes_total", kCounter, "",
                                     "Bytes of these files."};
inline constexpr Metric kUploadFailures{"pathwitness_upload_failures_total", kCounter, "reason",
                                        "Attempts to upload a file that failed, by reason."};
inline constexpr Metric kUploadDamaged{
    "pathwitness_upload_damaged_total", kCounter, "",
    "Reports that are not uploaded because a file is gone or not what its manifest says."};
inline constexpr Metric kUploadLastSuccess{
    "pathwitness_upload_last_success_timestamp_seconds", kGauge, "",
    "Unix time in seconds at which a file was last uploaded. Absent before the first."};

// Answers of /probe, as users of multi-target exporters know them

inline constexpr Metric kProbeSuccess{
    "probe_success", kGauge, "",
    "1 when the target is up by this one measurement, else 0. Only in answers of /probe."};
inline constexpr Metric kProbeDuration{
    "probe_duration_seconds", kGauge, "",
    "How long this one measurement took, in seconds. Only in answers of /probe."};

/// All of the above, in the order of the page.
inline constexpr std::array kAllMetrics = {
    // clang-format off
    kBuildInfo, kConfigLastReloadSuccessful, kConfigLastReloadSuccessTimestamp, kConfigInfo,
    kShardInfo, kScrapes, kWebConnections, kWebRefused, kWebConfigLastReadSuccessful, kLogMessages,
    kProcessCpu, kProcessResidentMemory, kProcessVirtualMemory, kProcessOpenFds, kProcessMaxFds,
    kProcessStartTime,
    kTargets, kTargetInfo, kTargetState,
    kTargetStateChanges, kProberLastRound, kProberLastAttempt, kProberInterval, kProberRounds,
    kProberRoundsSkipped, kProberRestarts, kProberInfo,
    kPathProbes, kPathProbesLost, kPathProbesLate, kPathProbesUnsent, kPathRtt, kPathUnreachable,
    kPathReached, kPathDestinationHop, kPathLastRespondingHop,
    kPathHopProbes, kPathHopProbesCredited, kPathHopRepliesMissing, kPathHopRtt, kPathHopLastRtt,
    kHopSeriesRefused,
    kPathHopInfo, kPathHopIcmpLimited, kPathUnexpectedTransit, kPathUnexpectedTransitInfo,
    kPathRouteInfo, kPathRouteChanges, kPathRouteLastChange, kPathRouteLastChangeInfo,
    kPathEcmpChanges, kPathHopSilences, kPathEcmpWidth, kPathLoopDetected, kAsnDatabaseBuilt,
    kAsnDatabaseFailing,
    kVerdict, kVerdictInfo, kVerdictProbability, kVerdictSince, kLossLowerBound, kLossUpperBound,
    kIncidents, kIncidentsWithoutSeries, kIncidentInfo, kIncidentTargets, kIncidentSince,
    kIncidentTargetInfo,
    kOneWayRequests, kOneWayRequestsUnsent, kOneWayPackets, kOneWayPacketsLost,
    kOneWayAnswersRefused, kOneWayLastAnswer,
    kHttpsRequests, kHttpsFailures, kHttpsResponses, kHttpsDuration, kHttpsPhaseDuration,
    kHttpsTcpRetransmits, kHttpsSuccess, kHttpsStatusCode, kHttpsBodyBytes, kHttpsRedirects,
    kHttpsLastPhaseDuration, kHttpsTcpRtt, kHttpsCertificateNotAfter, kHttpsCertificateVerified,
    kHttpsCertificateInfo, kHttpsConnectionInfo,
    kPulseTimestamp, kPulseExpectedInterval, kPulseFailures,
    kDnsLookups, kDnsLookupFailures, kDnsAddressChanges, kDnsAddresses,
    kPtrLookups, kPtrLookupFailures, kPtrNames, kPtrRefused,
    kDiscoveryTargets, kDiscoveryTargetsRefused, kDiscoveryFailures, kDiscoveryLastSuccess,
    kPacketsSent, kPacketSendErrors, kPacketsDeferred, kPacketsShed, kResponders, kHopProbesWaiting, kFocusSets, kPacketBudget, kRepliesUnmatched,
    kRepliesSpoofed, kRepliesMalformed, kRepliesLate, kRepliesDuplicate, kReceiveDrops,
    kEngineTurn, kEngineRestarts, kSchedulerLateness,
    kReflectorAnswers, kReflectorRefused, kReflectorSessions,
    kAlertOverride, kAlertDisabledUntil, kAlertOverrideInfo, kLinkInfo,
    kRulesDiffering, kRulesComparisons, kRulesComparisonFailures, kRulesLastComparison,
    kHistoryFlushes, kHistoryLastFlush, kHistoryFailures, kHistoryPending, kHistoryRows,
    kHistoryRowsDropped, kHistoryRowsDamaged, kHistoryRoundsMissed, kHistoryFilesSetAside,
    kHistoryBytes, kHistoryDiskBytes, kHistoryOldest,
    kArchiveReports, kArchiveBytes, kArchiveMaxBytes, kArchiveDiskFreeBytes,
    kArchiveDiskMinFreeBytes, kArchiveOldestReport, kArchiveLastKept, kArchiveKept,
    kArchiveFailures, kArchiveRemoved, kArchiveRemovedUnsent,
    kUploadPendingReports, kUploadOldestPending, kUploadReports, kUploadFiles, kUploadBytes,
    kUploadFailures, kUploadDamaged, kUploadLastSuccess,
    kDrillPathProbes, kDrillPathProbesLost, kDrillPathHopProbes, kDrillPathHopRepliesMissing,
    kDrillInfo, kDrillEnd,
    kProbeSuccess, kProbeDuration,
    // clang-format on
};

}  // namespace pathwitness
