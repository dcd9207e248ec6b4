#include "probes/http/http_client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <unordered_map>

#include "probes/http/http_transfer.h"
#include "probes/http/trust_stores.h"

namespace pathwitness {
namespace {

constexpr int kEventsPerTurn = 64;

/// Counted by libcurl and safe from any thread.
class CurlUse {
 public:
  CurlUse() {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
      throw std::runtime_error("libcurl cannot be initialised");
    }
  }
  ~CurlUse() { curl_global_cleanup(); }
  CurlUse(const CurlUse&) = delete;
  CurlUse& operator=(const CurlUse&) = delete;
};

class EpollDescriptor {
 public:
  EpollDescriptor() : descriptor_(epoll_create1(EPOLL_CLOEXEC)) {
    if (descriptor_ < 0) {
      throw std::system_error(errno, std::generic_category(), "epoll_create1");
    }
  }
  ~EpollDescriptor() { close(descriptor_); }
  EpollDescriptor(const EpollDescriptor&) = delete;
  EpollDescriptor& operator=(const EpollDescriptor&) = delete;
  int Get() const { return descriptor_; }

 private:
  int descriptor_;
};

// OpenSSL writes to sockets without MSG_NOSIGNAL, and with NOSIGNAL libcurl leaves the signal that
// a closed peer causes to us.
void BlockBrokenPipeSignal() {
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
}

struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

}  // namespace

class HttpClient::Impl {
 public:
  explicit Impl(const Clock& clock) : clock_(clock), multi_(curl_multi_init()) {
    if (multi_ == nullptr) {
      throw std::runtime_error("libcurl cannot be initialised");
    }
    const curl_socket_callback on_interest = [](CURL*, curl_socket_t socket, int what, void* self,
                                                void*) {
      static_cast<Impl*>(self)->Watch(socket, what);
      return 0;
    };
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, on_interest);
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
  }

  ~Impl() {
    BlockBrokenPipeSignal();
    for (const auto& [easy, request] : running_) {
      curl_multi_remove_handle(multi_.get(), easy);
    }
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void Start(HttpOrder order, Done done) {
    auto transfer = std::make_unique<HttpTransfer>(std::move(order));
    if (auto error = transfer->Prepare(trust_)) {
      finished_.emplace_back(transfer->Refuse(std::move(*error)), std::move(done));
      UpdateDeadline();
      return;
    }
    CURL* easy = transfer->Handle();
    curl_multi_add_handle(multi_.get(), easy);
    running_.emplace(easy, Request{std::move(transfer), std::move(done)});
    UpdateDeadline();
  }

  void Turn(MonoTime now) {
    BlockBrokenPipeSignal();
    std::array<epoll_event, kEventsPerTurn> events{};
    const int count = epoll_wait(epoll_.Get(), events.data(), kEventsPerTurn, 0);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      Act(event.data.fd, event.events);
    }
    if (deadline_ <= now) {
      Act(CURL_SOCKET_TIMEOUT, 0);
    }
    TakeFinished();
    for (auto& [result, done] : std::exchange(finished_, {})) {
      done(std::move(result));  // may call Start
    }
    UpdateDeadline();
  }

  MonoTime NextDeadline() const { return deadline_; }
  int Descriptor() const { return epoll_.Get(); }
  std::size_t InFlight() const { return running_.size() + finished_.size(); }

 private:
  struct Request {
    std::unique_ptr<HttpTransfer> transfer;
    Done done;
  };

  void Watch(curl_socket_t socket, int what) {
    if (what == CURL_POLL_REMOVE) {
      epoll_ctl(epoll_.Get(), EPOLL_CTL_DEL, socket, nullptr);
      return;
    }
    epoll_event event{};
    event.events =
        ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
    event.data.fd = socket;
    if (epoll_ctl(epoll_.Get(), EPOLL_CTL_MOD, socket, &event) != 0) {
      epoll_ctl(epoll_.Get(), EPOLL_CTL_ADD, socket, &event);
    }
  }

  void Act(curl_socket_t socket, std::uint32_t events) {
    const int what = ((events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                     ((events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                     ((events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
    int running = 0;
    curl_multi_socket_action(multi_.get(), socket, what, &running);
  }

  void TakeFinished() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      CURL* easy = message->easy_handle;
      const CURLcode code = message->data.result;  // gone with the handle
      curl_multi_remove_handle(multi_.get(), easy);
      const auto found = running_.find(easy);
      finished_.emplace_back(found->second.transfer->Finish(code, clock_.WallNow()),
                             std::move(found->second.done));
      running_.erase(found);
    }
  }

  // Asked for after each step rather than told by CURLMOPT_TIMERFUNCTION: libcurl does not repeat
  // a deadline that it was called for a moment too early.
  void UpdateDeadline() {
    long wait = -1;
    curl_multi_timeout(multi_.get(), &wait);
    if (!finished_.empty()) {
      wait = 0;
    }
    deadline_ = wait < 0 ? MonoTime::max() : clock_.Now() + std::chrono::milliseconds(wait);
  }

  CurlUse curl_;
  const Clock& clock_;
  EpollDescriptor epoll_;
  TrustStores trust_;
  std::unordered_map<CURL*, Request> running_;
  std::unique_ptr<CURLM, FreeMulti> multi_;
  std::vector<std::pair<HttpResult, Done>> finished_;
  MonoTime deadline_ = MonoTime::max();
};

HttpClient::HttpClient(const Clock& clock) : impl_(std::make_unique<Impl>(clock)) {}
HttpClient::~HttpClient() = default;

void HttpClient::Start(HttpOrder order, Done done) {
  impl_->Start(std::move(order), std::move(done));
}

void HttpClient::Turn(MonoTime now) {
  impl_->Turn(now);
}

MonoTime HttpClient::NextDeadline() const {
  return impl_->NextDeadline();
}

int HttpClient::Descriptor() const {
  return impl_->Descriptor();
}

std::size_t HttpClient::InFlight() const {
  return impl_->InFlight();
}

}  // namespace pathwitness
