#pragma once

#include <string>
#include <string_view>

#include "probes/base/time.h"

// What all pages have in common. Whatever values hold (names, errors and certificates are other
// people's text) must come out as text.
namespace pathwitness {

/// `text` fit to stand in an element or a quoted attribute; control characters become U+FFFD.
std::string EscapeHtml(std::string_view text);

/// `text` as one part of a path or as a value behind a `?`: all but letters, digits and "-._~"
/// escaped.
/// Source: RFC 3986 section 2.3.
std::string EscapeUrl(std::string_view text);

/// A link to the page of a target, with its name as text.
std::string TargetLink(std::string_view target);

/// The same for all pages of one request.
struct PageFrame {
  std::string version;
  std::string environment;
  std::string telemetry_path;
  WallTime now;
};

/// A whole document with links to the other pages. `title` is plain text, `body` HTML; `json_path`
/// leads to the same as JSON and is escaped as a URL is; empty: there is none.
std::string PageDocument(const PageFrame& frame, std::string_view title, std::string_view body,
                         std::string_view json_path);

/// A whole document that links to no other page. `title` is plain text, the rest HTML.
std::string BareDocument(std::string_view title, std::string_view body, std::string_view footer);

/// What a page may do in a browser: show itself and send its forms back here; no script, nothing
/// from elsewhere, no style but that of these documents.
/// Source: W3C Content Security Policy Level 3.
std::string ContentSecurityPolicy();

/// Puts a table, or the rows of one with their heads, into a box that scrolls by itself.
/// `label` is plain text and tells what it is to those who hear the page.
std::string ScrollBox(std::string_view label, std::string_view table);

/// A row of heads, each plain text.
template <typename Heads>
std::string HeadRow(const Heads& heads) {
  std::string row = "<thead><tr>";
  for (const std::string_view head : heads) {
    row += "<th scope=\"col\">" + EscapeHtml(head) + "</th>";
  }
  return row + "</tr></thead>\n";
}

}  // namespace pathwitness
