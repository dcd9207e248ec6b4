#include "exporter/discovery/url_fetcher.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "config/url.h"

namespace pathwitness {

UrlFetcher::UrlFetcher(const Clock& clock) : clock_(clock), http_(clock) {
  both_.Watch(resolver_.Descriptor(), {.in_reading = true});
  both_.Watch(http_.Descriptor(), {.in_reading = true});
}

void UrlFetcher::Fetch(const HttpRequestConfig& request, Done done) {
  const std::string host = ParseUrl(request.url).value_or(UrlParts{}).host;
  const auto task = std::make_shared<Task>(Task{
      .request = request, .done = std::move(done), .families = {IpFamily::Ipv6, IpFamily::Ipv4}});
  if (const std::optional<IpAddress> literal = IpAddress::Parse(host)) {
    Start(task, *literal);
    return;
  }
  AskNextFamily(task, host, "");
}

void UrlFetcher::Turn(MonoTime now) {
  resolver_.Turn(now);
  http_.Turn(now);
}

MonoTime UrlFetcher::NextDeadline() const {
  return std::min(resolver_.NextDeadline(), http_.NextDeadline());
}

// Pre: called from Fetch, or from a Turn when there are no more families.
void UrlFetcher::AskNextFamily(const TaskPointer& task, const std::string& host,
                               std::string error) {
  if (task->families.empty()) {
    HttpResult result;
    result.failure = HttpFailure::Dns;
    result.error = std::move(error);
    task->done(std::move(result));
    return;
  }
  const IpFamily family = task->families.back();
  task->families.pop_back();
  resolver_.Lookup(host, family, clock_.Now(), [this, task, host](DnsAnswer answer) {
    if (answer.addresses.empty()) {
      AskNextFamily(task, host, std::move(answer.error));
      return;
    }
    Start(task, answer.addresses.front());
  });
}

void UrlFetcher::Start(const TaskPointer& task, const IpAddress& address) {
  http_.Start({.request = task->request, .address = address, .route = {}},
              [task](HttpResult result) { task->done(std::move(result)); });
}

}  // namespace pathwitness
