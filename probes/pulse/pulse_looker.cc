#include "probes/pulse/pulse_looker.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "config/url.h"

namespace pathwitness {
namespace {

PulseFailure Translated(HttpFailure failure) {
  switch (failure) {
    case HttpFailure::Dns:
      return PulseFailure::Dns;
    case HttpFailure::ConnectRefused:
    case HttpFailure::ConnectTimeout:
    case HttpFailure::ConnectUnreachable:
    case HttpFailure::SendRecv:
    case HttpFailure::Proxy:
      return PulseFailure::Connect;
    case HttpFailure::TlsHandshake:
    case HttpFailure::TlsVerify:
      return PulseFailure::Tls;
    case HttpFailure::Timeout:
      return PulseFailure::Timeout;
    case HttpFailure::Status:
    case HttpFailure::RateLimited:
    case HttpFailure::Header:
    case HttpFailure::Body:
    case HttpFailure::Redirect:
      return PulseFailure::Status;
    case HttpFailure::Internal:
      break;
  }
  return PulseFailure::Internal;
}

std::string NameOfWhatIsRead(const PulseConfig& pulse) {
  switch (pulse.kind) {
    case PulseKind::HttpHeader:
      return "header " + pulse.header;
    case PulseKind::JsonField:
      return "field " + pulse.json_pointer;
    case PulseKind::PrometheusSample:
      return "sample " + pulse.metric;
    case PulseKind::File:
      return "file " + pulse.path;
    case PulseKind::None:
    case PulseKind::Push:
      break;
  }
  return "pulse";
}

std::string Explain(const PulseReading& reading, const PulseConfig& pulse) {
  const auto* const failure = std::get_if<PulseFailure>(&reading);
  if (failure == nullptr) {
    return "";
  }
  if (*failure == PulseFailure::Missing) {
    return "there is no " + NameOfWhatIsRead(pulse);
  }
  return NameOfWhatIsRead(pulse) +
         (*failure == PulseFailure::Io ? " cannot be read" : " is no time");
}

PulseReading ReadResponse(const PulseConfig& pulse, const HttpResult& result, WallTime now) {
  if (pulse.kind == PulseKind::HttpHeader) {
    return ReadHttpDateHeader(result.headers, pulse.header, now);
  }
  return pulse.kind == PulseKind::JsonField
             ? ReadJsonField(result.body, pulse.json_pointer)
             : ReadPrometheusSample(result.body, pulse.metric, pulse.labels);
}

PulseSight SightOf(const PulseConfig& pulse, const HttpResult& result, WallTime now) {
  PulseSight sight;
  if (result.failure) {
    sight.reading = Translated(*result.failure);
    sight.error = result.error;
  } else if (result.status < 200 || result.status > 299) {
    sight.reading = PulseFailure::Status;
    sight.error = "status " + std::to_string(result.status);
  } else {
    sight.reading = ReadResponse(pulse, result, now);
    sight.error = Explain(sight.reading, pulse);
  }
  sight.address = result.address;
  sight.source_address = result.source_address;
  sight.port = result.port;
  return sight;
}

PulseSight FailedSight(PulseFailure failure, std::string error) {
  return {.reading = failure, .error = std::move(error)};
}

bool IsSameHost(std::string_view a, std::string_view b) {
  const auto lower = [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

PulseLooker::PulseLooker(const DnsBoard& dns, const Clock& clock)
    : dns_(dns), clock_(clock), http_(clock) {
  both_.Watch(resolver_.Descriptor(), {.in_reading = true});
  both_.Watch(http_.Descriptor(), {.in_reading = true});
}

void PulseLooker::Look(const TargetConfig& target, Done done) {
  const auto task = std::make_shared<Task>(Task{.target = target, .done = std::move(done)});
  if (target.pulse.kind != PulseKind::File) {
    LookAtUrl(task);
    return;
  }
  const PulseReading reading = ReadFileTime(target.pulse.path);
  Finish(task, {.reading = reading, .error = Explain(reading, target.pulse)});
}

void PulseLooker::Turn(MonoTime now) {
  resolver_.Turn(now);
  http_.Turn(now);
  for (auto& [done, sight] : std::exchange(finished_, {})) {
    done(std::move(sight));
  }
}

MonoTime PulseLooker::NextDeadline() const {
  if (!finished_.empty()) {
    return clock_.Now();
  }
  return std::min(resolver_.NextDeadline(), http_.NextDeadline());
}

std::size_t PulseLooker::InFlight() const {
  return resolver_.InFlight() + http_.InFlight() + finished_.size();
}

void PulseLooker::LookAtUrl(const TaskPointer& task) {
  const TargetConfig& target = task->target;
  const auto url = ParseUrl(target.pulse.request.url);
  if (!url) {
    Finish(task, FailedSight(PulseFailure::Internal, "the URL cannot be read"));
    return;
  }
  if (const auto literal = IpAddress::Parse(url->host)) {
    Fetch(task, *literal);
    return;
  }
  if (IsSameHost(url->host, target.host) && UseTargetsAddress(task)) {
    return;
  }
  task->families = target.families;
  if (task->families.empty()) {
    task->families = {IpFamily::Ipv4, IpFamily::Ipv6};
  }
  std::reverse(task->families.begin(), task->families.end());
  AskNextFamily(task, url->host, "");
}

/// False while the first lookups are under way.
bool PulseLooker::UseTargetsAddress(const TaskPointer& task) {
  std::string error;
  const auto families = ProbedFamilies(dns_, task->target.name, task->target.families);
  for (const IpFamily family : families) {
    const DnsBoard::Pointer known = dns_.Find({task->target.name, family});
    if (known == nullptr) {
      continue;
    }
    if (known->chosen) {
      task->resolve_seconds = known->last_lookup_seconds;
      Fetch(task, *known->chosen);
      return true;
    }
    error = known->error;
  }
  if (!families.empty()) {
    Finish(task, FailedSight(PulseFailure::Dns, error));
  }
  return !families.empty();
}

void PulseLooker::AskNextFamily(const TaskPointer& task, const std::string& host,
                                std::string error) {
  if (task->families.empty()) {
    Finish(task, FailedSight(PulseFailure::Dns, std::move(error)));
    return;
  }
  const IpFamily family = task->families.back();
  task->families.pop_back();
  resolver_.Lookup(host, family, clock_.Now(), [this, task, host](DnsAnswer answer) {
    task->resolve_seconds += answer.seconds;
    if (answer.addresses.empty()) {
      AskNextFamily(task, host, std::move(answer.error));
      return;
    }
    Fetch(task, answer.addresses.front());
  });
}

void PulseLooker::Fetch(const TaskPointer& task, const IpAddress& address) {
  HttpOrder order{.request = task->target.pulse.request,
                  .address = address,
                  .route = task->target.route,
                  .resolve_seconds = task->resolve_seconds};
  http_.Start(std::move(order), [this, task](const HttpResult& result) {
    task->done(SightOf(task->target.pulse, result, clock_.WallNow()));
  });
}

void PulseLooker::Finish(const TaskPointer& task, PulseSight sight) {
  finished_.emplace_back(std::move(task->done), std::move(sight));
}

}  // namespace pathwitness
