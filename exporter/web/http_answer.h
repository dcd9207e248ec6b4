#pragma once

#include <exception>

#include "exporter/web/http_message.h"

namespace pathwitness {

/// What the client that asked can be sent.
struct AnswerForm {
  bool is_head = false;    // it wants no body
  bool has_chunks = true;  // false: HTTP/1.0, a body of unknown length goes on to the end
};

/// Writes the head of `response`, with the usual headers where it does not set them, and its body.
/// One that comes in pieces goes in chunks, unless it is a single one. What its writer throws is
/// told as status 500 while nothing has been written, else by the body breaking off.
/// Source: RFC 9112 sections 6.3 and 7.1.
void WriteAnswer(const HttpResponse& response, AnswerForm form, const BodySink& write);

/// What is answered when something of ours fails: 500, with the reason.
HttpResponse InternalError(const std::exception& error);

}  // namespace pathwitness
