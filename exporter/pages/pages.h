#pragma once

#include <memory>
#include <string>

#include "config/config.h"
#include "exporter/boards.h"
#include "exporter/pages/html.h"
#include "exporter/web/http_message.h"

namespace pathwitness {

/// What pages are made of: what is known now, and by the configuration the history and the archive.
struct PageSources {
  const Boards& boards;
  std::shared_ptr<const Config> config;
  PageFrame frame;
  std::string form_key = {};  // secret, of this run; empty: nobody may write here
};

/// Answers GET for the pages and their JSON (docs/pages.md):
///
///   /                      status; ?q= part of a name, ?page= from 0; ?target= leads to its page
///   /targets/<name>        404 for a name that is not configured; ?span=14d has a longer chart
///   /compare               ?target=&at1=&at2=&at3=&prober=&family=
///   /incidents             and /incidents/<id>; see AnswerFollowUp for what is written there
///   /status/               what everybody may see, and /status/status.json
///   /reports/              and /reports/<folder>/ and each file of a report
///   /api/v1/...            targets, targets/<name>, compare, incidents, incidents/<id>
///
/// Reads files, so it may take as long as the disk does; waits for nobody else. Any thread.
HttpResponse AnswerPage(const HttpRequest& request, const PageSources& sources);

/// A document that is safe to show, whatever it quotes.
HttpResponse HtmlResponse(std::string document);

}  // namespace pathwitness
