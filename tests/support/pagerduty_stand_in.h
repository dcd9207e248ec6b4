#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/webhook_sink.h"

namespace pathwitness {

/// An event of PagerDuty's Events API v2 as it was sent, and how it was answered.
struct PagerDutyEvent {
  int status = 0;  // 202: accepted
  std::string routing_key;
  std::string action;  // trigger, resolve
  std::string dedup_key;
  std::map<std::string, std::string> payload;  // texts only: summary, source, severity, class, ...
  std::map<std::string, std::string> details;  // payload.custom_details
  std::map<std::string, std::string> links;    // by text: href
  std::string body;                            // all of it
  std::chrono::steady_clock::time_point at{};
};

/// What events of one dedup_key make: one wakes somebody when it is opened, and never again.
struct PagerDutyIncident {
  std::string dedup_key;
  std::vector<PagerDutyEvent> events;  // in order; the first one opened it
  bool is_open = true;
};

/// The incidents that accepted events make, in the order in which they were opened: a trigger joins
/// the open incident of its dedup_key or opens one, a resolve closes it.
std::vector<PagerDutyIncident> IncidentsOf(const std::vector<PagerDutyEvent>& accepted);

/// Why PagerDuty would not take the event, each reason with its field; empty when it would.
/// Source: PagerDuty developer documentation, "PD-CEF" and "Send an Alert Event" (Events API v2).
std::vector<std::string> ProblemsOf(std::string_view event);

/// What answers at PagerDuty's /v2/enqueue: 202, or 400 to what PagerDuty would refuse.
class PagerDutyStandIn {
 public:
  PagerDutyStandIn();

  std::string Url() const { return sink_.Url() + "/v2/enqueue"; }

  /// The next requests get these statuses, whatever they hold, and are not taken unless it is 202.
  void AnswerNext(std::vector<int> statuses);
  /// Every request from now on gets `status`; 0: they are judged again.
  void AnswerAlways(int status);

  /// All that was sent, in order.
  std::vector<PagerDutyEvent> Events() const;
  /// What PagerDuty took.
  std::vector<PagerDutyEvent> Accepted() const;
  /// Waits until `is_enough` says so of the accepted events; false after `patience`.
  bool AwaitAccepted(const std::function<bool(const std::vector<PagerDutyEvent>&)>& is_enough,
                     std::chrono::milliseconds patience) const;

 private:
  HttpAnswer Judge(const ReceivedRequest& request);

  std::mutex mutex_;
  std::vector<int> next_;  // guarded by mutex_
  int always_ = 0;         // guarded by mutex_
  WebhookSink sink_;       // the last member: its thread uses the others
};

}  // namespace pathwitness
