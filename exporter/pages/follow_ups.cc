#include "exporter/pages/follow_ups.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>

#include "exporter/pages/gather_views.h"
#include "exporter/pages/incident_pages.h"
#include "exporter/web/query.h"
#include "probes/crypto/digest.h"

namespace pathwitness {
namespace {

constexpr std::string_view kIncident = "/incidents/";

/// Why it was not taken, and the status that says so to programs.
struct Refusal {
  int status = 0;
  std::string_view text;
};

Refusal RefusalOf(FollowUpOutcome outcome) {
  switch (outcome) {
    case FollowUpOutcome::Kept:
      return {};
    case FollowUpOutcome::Empty:
      return {400, "There is no text in it."};
    case FollowUpOutcome::TooLong:
      return {400, "It is too long: a name has up to 200 bytes, a text up to 16 KiB."};
    case FollowUpOutcome::NotText:
      return {400, "It is no text in UTF-8."};
    case FollowUpOutcome::NoIncident:
      return {503, "The incident is not in the history yet: send it again in 10 s."};
    case FollowUpOutcome::TooMany:
      return {400, "The incident has as many follow-ups as it can have."};
    case FollowUpOutcome::NotWritten:
      return {503,
              "The history cannot be written now. Look whether it is here, else send it again."};
  }
  return {500, "There is no such outcome."};
}

/// The incident whose form is sent there; empty: none.
std::string IncidentIn(std::string_view path) {
  const bool is_form = path.starts_with(kIncident) && path.ends_with(kFollowUpsPath) &&
                       path.size() > kIncident.size() + kFollowUpsPath.size();
  return is_form ? std::string(path.substr(kIncident.size(),
                                           path.size() - kIncident.size() - kFollowUpsPath.size()))
                 : std::string();
}

/// Takes as long whatever is wrong with it.
bool IsSame(std::string_view token, std::string_view given) {
  unsigned difference = token.size() == given.size() ? 0 : 1;
  for (std::size_t i = 0; i < token.size() && i < given.size(); ++i) {
    difference |= static_cast<unsigned>(token[i] ^ given[i]);
  }
  return difference == 0;
}

std::string Take(QueryParameters& form, std::string_view name) {
  const auto found = form.find(name);
  return found == form.end() ? std::string() : std::exchange(found->second, {});
}

/// A status of 0: it is kept.
Refusal Keep(QueryParameters& form, const PageSources& sources, const FollowUpKeeper& keep,
             IncidentView& view) {
  view.draft = {
      .at = sources.frame.now, .author = Take(form, "author"), .text = Take(form, "text")};
  if (!IsSame(view.form_token, Take(form, "token"))) {
    return {403, "The form was made by an earlier run of this program: send it again."};
  }
  return RefusalOf(keep(view.incident.id, view.draft));
}

}  // namespace

std::string MakeFormKey() {
  std::string key(kSha256Bytes, '\0');
  if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size())) {
    throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  return key;
}

std::string FormToken(std::string_view form_key, std::string_view incident) {
  return form_key.empty() ? std::string()
                          : ToHex(HmacSha256(form_key, fmt::format("follow-up {}", incident)));
}

HttpResponse AnswerFollowUp(const HttpRequest& request, const PageSources& sources,
                            const FollowUpKeeper& keep) {
  const std::optional<std::string> path = DecodePath(request.path);
  std::optional<IncidentView> view =
      path ? GatherIncident(sources, IncidentIn(*path)) : std::nullopt;
  if (!view) {
    return {.status = 404, .body = "no such incident is known: /incidents has those that are\n"};
  }
  auto form = ParseForm(request.body);
  if (std::holds_alternative<QueryError>(form)) {
    return {.status = 400, .body = "this is no form of a follow-up\n"};
  }
  const Refusal refusal = Keep(std::get<QueryParameters>(form), sources, keep, *view);
  if (refusal.status == 0) {
    return {.status = 303,
            .body = "kept\n",
            .headers = {{"Location",
                         fmt::format("{}{}#follow-ups", kIncident, EscapeUrl(view->incident.id))}}};
  }
  view->refusal = refusal.text;
  HttpResponse response = HtmlResponse(IncidentPage(*view));
  response.status = refusal.status;
  return response;
}

}  // namespace pathwitness
