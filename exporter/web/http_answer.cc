#include "exporter/web/http_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace pathwitness {
namespace {

constexpr std::string_view kChunked = "Transfer-Encoding: chunked\r\n";

std::string_view Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return status < 500 ? "Request Error" : "Server Error";
  }
}

/// Of answers that do not say otherwise: nothing here is to be run, framed or guessed at, nor kept
/// by a browser or proxy, as it tells of a network and is old within seconds.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kUsualHeaders = {
    {{"Cache-Control", "no-store"},
     {"X-Content-Type-Options", "nosniff"},
     {"X-Frame-Options", "deny"},
     {"Referrer-Policy", "no-referrer"},
     {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"}}};

std::string HeadOf(const HttpResponse& response, std::string_view length_header) {
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\n{}Connection: close\r\n", response.status,
                  Reason(response.status), response.content_type, length_header);
  for (const auto& [name, value] : response.headers) {
    head += fmt::format("{}: {}\r\n", name, value);
  }
  for (const auto& [name, value] : kUsualHeaders) {
    if (std::ranges::find(response.headers, name, &HttpResponse::Header::first) ==
        response.headers.end()) {
      head += fmt::format("{}: {}\r\n", name, value);
    }
  }
  head += "\r\n";
  return head;
}

std::string LengthHeader(std::size_t length) {
  return fmt::format("Content-Length: {}\r\n", length);
}

/// Sends a body that comes in pieces.
class PiecewiseAnswer {
 public:
  PiecewiseAnswer(const HttpResponse& response, bool has_chunks, const BodySink& write)
      : response_(response), has_chunks_(has_chunks), write_(write) {}

  /// False when the client does not read on.
  bool Add(std::string_view piece) {
    ++pieces_;
    if (pieces_ == 1) {
      first_ = piece;
      return true;
    }
    if (pieces_ == 2) {
      const std::string first = std::exchange(first_, {});
      is_read_ = write_(HeadOf(response_, has_chunks_ ? kChunked : "") + Frame(first));
    }
    is_read_ = is_read_ && write_(Frame(piece));
    return is_read_;
  }

  void Finish() {
    if (pieces_ < 2) {
      write_(HeadOf(response_, LengthHeader(first_.size())) + first_);
    } else if (is_read_ && has_chunks_) {
      write_("0\r\n\r\n");
    }
  }

  bool HasBegun() const { return pieces_ > 1; }

 private:
  std::string Frame(std::string_view piece) const {
    return has_chunks_ ? fmt::format("{:x}\r\n{}\r\n", piece.size(), piece) : std::string(piece);
  }

  const HttpResponse& response_;
  const bool has_chunks_;
  const BodySink& write_;
  int pieces_ = 0;
  std::string first_;  // held back until it is known whether there are more
  bool is_read_ = true;
};

void WriteWhole(const HttpResponse& response, bool is_head, const BodySink& write) {
  write(HeadOf(response, LengthHeader(response.body.size())) +
        (is_head ? std::string() : response.body));
}

void WritePieces(const HttpResponse& response, bool has_chunks, const BodySink& write) {
  PiecewiseAnswer answer(response, has_chunks, write);
  try {
    response.write_body([&](std::string_view piece) { return answer.Add(piece); });
    answer.Finish();
  } catch (const std::exception& error) {
    if (!answer.HasBegun()) {
      WriteWhole(InternalError(error), false, write);
    }
  }
}

}  // namespace

HttpResponse InternalError(const std::exception& error) {
  return {.status = 500, .body = std::string("internal error: ") + error.what() + "\n"};
}

void WriteAnswer(const HttpResponse& response, AnswerForm form, const BodySink& write) {
  if (!response.write_body) {
    WriteWhole(response, form.is_head, write);
  } else if (form.is_head) {
    write(HeadOf(response, ""));
  } else {
    WritePieces(response, form.has_chunks, write);
  }
}

}  // namespace pathwitness
