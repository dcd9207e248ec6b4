#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "exporter/history/history_values.h"
#include "exporter/pages/pages.h"
#include "exporter/web/http_message.h"

namespace pathwitness {

/// Keeps what somebody wrote about an incident; may wait for a disk. Any thread.
using FollowUpKeeper =
    std::function<FollowUpOutcome(const std::string& incident, const FollowUp& follow_up)>;

/// For PageSources::form_key. Errors: std::system_error when the kernel gives no random bytes.
std::string MakeFormKey();

/// What the form of an incident holds, so that no other site's page can make one up that is taken.
/// Empty when `form_key` is: nobody may write then.
std::string FormToken(std::string_view form_key, std::string_view incident);

/// Where that form is sent: the page of the incident, with this behind it.
inline constexpr std::string_view kFollowUpsPath = "/follow-ups";

/// Answers POST /incidents/<id>/follow-ups: 303 to the incident's page when it is kept, else that
/// page with what was written and why it was not taken (400, 403, 503), or 404.
/// Pre: sources.form_key is not empty.
HttpResponse AnswerFollowUp(const HttpRequest& request, const PageSources& sources,
                            const FollowUpKeeper& keep);

}  // namespace pathwitness
