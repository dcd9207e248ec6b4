#pragma once

#include "config/config.h"
#include "exporter/drill/drill_book.h"
#include "exporter/web/http_message.h"
#include "probes/base/event_log.h"
#include "probes/base/time.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// What the pages of drills work on. Everything outlives the answers.
struct DrillDesk {
  DrillBook& book;
  const TraceBoard& traces;
  const Clock& clock;
  EventLog& log;
};

/// Answers the requests below /-/drill, in JSON:
///
///   POST   /-/drill           ?target=&loss=&for=&at_hop=: starts a drill; 200 with the drill, 400
///                             with the remedy, 404 unknown target, 409 the target has one or too
///                             many run
///   GET    /-/drill           the drills that run and the last ones that are over
///   POST   /-/drill/stop      ?id=: ends a drill; 404 when it does not run. DELETE /-/drill does
///                             the same
///   POST   /-/drill/notified  what Alertmanager's webhook sends; alerts of drills are noted,
///   others
///                             passed over; 400 when it is none
///
/// Errors are one line of plain text. May be called from many threads at once.
HttpResponse AnswerDrillRequest(const HttpRequest& request, const Config& config,
                                const DrillDesk& desk);

}  // namespace pathwitness
