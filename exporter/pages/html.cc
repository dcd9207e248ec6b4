#include "exporter/pages/html.h"

#include <fmt/format.h>

#include "exporter/rfc3339.h"
#include "probes/crypto/digest.h"

namespace pathwitness {
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif;
  --text: #1b2027; --soft: #59636e; --page: #fff; --card: #f5f7f9; --line: #d5dbe1;
  --up: #176f2c; --down: #b3261e; --said: #8a4b00; --link: #0a58a6; --bar: #c8473f;
  --resolve: #7a5195; --connect: #0a6fb0; --tls: #a87000; --processing: #1b7f5a;
  --transfer: #c2571a; }
@media (prefers-color-scheme: dark) { :root {
  --text: #e4e8ec; --soft: #a3adb8; --page: #14181d; --card: #1d232a; --line: #38414b;
  --up: #6fdc8c; --down: #ff8a80; --said: #ffc27a; --link: #8cc1ff; --bar: #e5726a;
  --resolve: #c5a3e0; --connect: #6fb7ec; --tls: #e0b94d; --processing: #63cfa5;
  --transfer: #f0955f; } }
* { box-sizing: border-box; }
body { margin: 0; color: var(--text); background: var(--page); }
header, main, footer { max-width: 84rem; margin: 0 auto; padding: .6rem 1rem; }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; border-bottom: 1px solid var(--line);
  padding-bottom: .6rem; }
nav a:first-child { font-weight: 700; color: var(--text); text-decoration: none; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { position: static; }
h1 { font-size: 1.5rem; margin: .4rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 1.6rem 0 .4rem; }
h3 { font-size: 1rem; margin: 1rem 0 .4rem; }
p { margin: .4rem 0; overflow-wrap: anywhere; }
.soft, footer { color: var(--soft); font-size: .9rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { text-align: left; vertical-align: top; padding: .35rem .7rem; white-space: nowrap;
  border-top: 1px solid var(--line); }
thead th { border-top: 0; background: var(--card); font-weight: 600; }
td.wide { white-space: normal; min-width: 20rem; }
td.number { font-variant-numeric: tabular-nums; }
.up { color: var(--up); }
.down { color: var(--down); font-weight: 700; }
.unknown { color: var(--soft); }
.said { border-left: .3rem solid var(--said); background: var(--card); padding: .6rem .9rem;
  border-radius: .3rem; margin: .6rem 0; }
.changed, .impaired { color: var(--said); font-weight: 700; }
.headline { font-size: 1.3rem; }
form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; margin: .6rem 0; }
.note { display: grid; justify-items: start; max-width: 48rem; }
label { display: grid; font-size: .85rem; color: var(--soft); }
label.text { width: 100%; }
input, button { min-height: 2.3rem; }
input, button, textarea { font: inherit; color: var(--text); background: var(--page); padding: .3rem .6rem;
  border: 1px solid var(--soft); border-radius: .3rem; max-width: 100%; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 12px; }
@media (max-width: 40rem) { svg text { font-size: 18px; } }
.axis { stroke: var(--line); stroke-width: 1; }
.rtt { fill: none; stroke: var(--link); stroke-width: 1.5; }
.dot { fill: var(--link); }
.loss { fill: var(--bar); }
.phase-resolve { fill: var(--resolve); }
.phase-connect { fill: var(--connect); }
.phase-tls { fill: var(--tls); }
.phase-processing { fill: var(--processing); }
.phase-transfer { fill: var(--transfer); }
.legend { display: flex; flex-wrap: wrap; gap: 0 1rem; margin: 0; padding: 0; list-style: none; }
.key { display: inline-block; width: .8rem; height: .8rem; margin-right: .35rem; }
.charts { display: grid; gap: 0 1.5rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
figure { margin: .6rem 0; max-width: 48rem; }
figcaption { font-size: .9rem; color: var(--soft); }
)";

struct DocumentParts {
  std::string title;         // plain text, as all but the last three
  std::string_view heading;  // the title on the page itself
  std::string_view nav;
  std::string_view body;
  std::string footer;
};

std::string Document(const DocumentParts& parts) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n"
      "<header><a class=\"skip\" href=\"#main\">Skip to content</a>\n{}</header>\n"
      "<main id=\"main\" tabindex=\"-1\">\n<h1>{}</h1>\n{}</main>\n"
      "<footer>{}</footer>\n</body>\n</html>\n",
      EscapeHtml(parts.title), kStyle, parts.nav, EscapeHtml(parts.heading), parts.body,
      parts.footer);
}

bool IsUnreserved(char character) {
  const bool is_letter =
      (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
  const bool is_digit = character >= '0' && character <= '9';
  return is_letter || is_digit || character == '-' || character == '.' || character == '_' ||
         character == '~';
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (character == '&') {
      escaped += "&amp;";
    } else if (character == '<') {
      escaped += "&lt;";
    } else if (character == '>') {
      escaped += "&gt;";
    } else if (character == '"') {
      escaped += "&quot;";
    } else if (character == '\'') {
      escaped += "&#39;";
    } else if (byte < 0x20 || byte == 0x7F) {
      escaped += "\xEF\xBF\xBD";
    } else {
      escaped += character;
    }
  }
  return escaped;
}

std::string EscapeUrl(std::string_view text) {
  std::string escaped;
  for (const char character : text) {
    escaped += IsUnreserved(character)
                   ? std::string(1, character)
                   : fmt::format("%{:02X}", static_cast<unsigned char>(character));
  }
  return escaped;
}

std::string TargetLink(std::string_view target) {
  return fmt::format("<a href=\"/targets/{}\">{}</a>", EscapeUrl(target), EscapeHtml(target));
}

std::string PageDocument(const PageFrame& frame, std::string_view title, std::string_view body,
                         std::string_view json_path) {
  const std::string nav = fmt::format(
      "<nav aria-label=\"Pages\"><a href=\"/\">pathwitness</a> <a "
      "href=\"/incidents\">Incidents</a> "
      "<a href=\"/compare\">Compare</a> <a href=\"/reports/\">Reports</a> "
      "<a href=\"/status/\">Public status</a> <a href=\"/runbooks\">Runbooks</a> "
      "<a href=\"/config\">Configuration</a> <a href=\"{}\">Metrics</a></nav>",
      EscapeHtml(frame.telemetry_path));
  const std::string json =
      json_path.empty()
          ? std::string()
          : fmt::format(" · <a href=\"{}\">This page as JSON</a>", EscapeHtml(json_path));
  return Document({.title = fmt::format("{} · pathwitness", title),
                   .heading = title,
                   .nav = nav,
                   .body = body,
                   .footer = fmt::format("Environment {} · as of {} · version {}{}",
                                         EscapeHtml(frame.environment),
                                         FormatRfc3339(frame.now, TimePrecision::Seconds),
                                         EscapeHtml(frame.version), json)});
}

std::string BareDocument(std::string_view title, std::string_view body, std::string_view footer) {
  return Document({.title = std::string(title),
                   .heading = title,
                   .nav = "",
                   .body = body,
                   .footer = std::string(footer)});
}

std::string ContentSecurityPolicy() {
  return fmt::format(
      "default-src 'none'; style-src 'sha256-{}'; form-action 'self'; base-uri 'none'; "
      "frame-ancestors 'none'",
      ToBase64(Sha256(kStyle)));
}

std::string ScrollBox(std::string_view label, std::string_view table) {
  return fmt::format(
      "<div class=\"scroll\" role=\"region\" aria-label=\"{0}\" tabindex=\"0\"><table>\n"
      "<caption>{0}</caption>\n{1}</table></div>\n",
      EscapeHtml(label), table);
}

}  // namespace pathwitness
