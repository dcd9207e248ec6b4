#include "tests/bench/limit_run.h"

#include <linux/net_tstamp.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "probes/engine_thread.h"
#include "probes/net/raw_port.h"
#include "probes/net/route_lookup.h"
#include "probes/net/socket.h"
#include "tests/bench/bench_thread.h"
#include "tests/support/internet_scenario.h"
#include "tests/support/namespaces.h"
#include "tests/support/recording_log.h"
#include "tests/support/wire_packets.h"

namespace pathwitness {
namespace {

constexpr std::size_t kBatch = 64;
constexpr std::uint8_t kEndToEndTtl = 64;
constexpr unsigned kHops = 15;
// Of 13 probes to a target 8 are end to end, one a second: what budgets of responders leave.
constexpr unsigned kTurn = 13;
constexpr unsigned kEndToEnd = 8;
constexpr Duration kInterval = std::chrono::seconds(kEndToEnd);  // of kTurn probes to one target
constexpr Duration kGrace = std::chrono::seconds(1);             // for the last answers

/// Sockets of the kind that a RawPort has, and packets that are ready to be sent.
class BareSockets final : public Engine {
 public:
  struct Counts {
    std::atomic<std::uint64_t> sent = 0;
    std::atomic<std::uint64_t> answers = 0;
  };

  BareSockets(const Scenario& scenario, MonoTime end, Counts& counts)
      : sockets_(OpenRawSockets(std::uint64_t{64} << 20U, {})),
        sender_(SenderOf(sockets_)),
        receiver_(ReceiverOf(sockets_)),
        interval_(kInterval / kTurn / scenario.destinations.size()),
        next_(std::chrono::steady_clock::now()),
        end_(end),
        counts_(counts) {
    SetOption(sender_, SOL_SOCKET, SO_TIMESTAMPING,
              SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE |
                  SOF_TIMESTAMPING_OPT_TSONLY | SOF_TIMESTAMPING_OPT_ID);
    for (const Destination& destination : scenario.destinations) {
      const ProbePacket probe{.source = TunAddresses().ipv4,
                              .destination = destination.address,
                              .flow_port = kFlowPortBase,
                              .token = 1,
                              .secret = 1};
      AnswerBuffer buffer;
      const std::size_t bytes = WriteProbe(probe, buffer);
      packets_.push_back(
          {.probe = probe,
           .bytes = {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(bytes)}});
    }
  }

  void Apply(std::shared_ptr<const Config>, MonoTime) override {}

  void Turn(MonoTime now) override {
    counts_.answers += Read(receiver_, 0);
    Read(sender_, MSG_ERRQUEUE);
    while (next_ <= std::min(now, end_)) {
      SendBatch(now);
    }
  }

  MonoTime NextDeadline() const override { return next_ <= end_ ? next_ : MonoTime::max(); }
  int Descriptor() const override { return receiver_; }

 private:
  struct Packet {
    ProbePacket probe;
    std::vector<std::byte> bytes;
  };

  static int SenderOf(const RawSockets& sockets) {
    const auto sender =
        std::ranges::find(sockets.senders, IpFamily::Ipv4, &RawSockets::Sender::family);
    return sender->socket.Get();
  }

  static int ReceiverOf(const RawSockets& sockets) {
    const auto receiver = std::ranges::find_if(sockets.receivers, [](const auto& candidate) {
      return candidate.family == IpFamily::Ipv4 && candidate.protocol == ProbeProtocol::Icmp;
    });
    return receiver->socket.Get();
  }

  std::size_t Read(int descriptor, int flags) {
    std::size_t all = 0;
    std::size_t received = kBatch;
    while (received == kBatch) {
      received = inbox_.Receive(descriptor, flags);
      all += received;
    }
    return all;
  }

  /// Mixed in time and over the targets.
  std::uint8_t TtlOf(std::uint64_t count) const {
    const std::uint64_t step = count + count / packets_.size();
    return step % kTurn < kEndToEnd ? kEndToEndTtl
                                    : static_cast<std::uint8_t>(1 + step / kTurn % kHops);
  }

  void SendBatch(MonoTime now) {
    constexpr std::size_t kTtlAt = 8;  // in the IP header
    std::size_t size = 0;
    for (; size < kBatch && next_ <= std::min(now, end_); ++size, ++count_, next_ += interval_) {
      const Packet& packet = packets_[count_ % packets_.size()];
      std::ranges::copy(packet.bytes, outbox_.Buffer(size).begin());
      outbox_.Buffer(size)[kTtlAt] = std::byte{TtlOf(count_)};
      outbox_.Prepare(size, ToSocketAddress(packet.probe.destination, 0), packet.bytes.size());
      AddRoute(packet.probe, 0, size, outbox_);
    }
    const int sent = sendmmsg(sender_, outbox_.Headers(0, size).data(), static_cast<unsigned>(size),
                              MSG_DONTWAIT);
    if (sent != static_cast<int>(size)) {
      throw std::runtime_error("the kernel does not take all packets");
    }
    counts_.sent += size;
  }

  RawSockets sockets_;
  int sender_;
  int receiver_;
  Duration interval_;  // between probes
  MonoTime next_;
  MonoTime end_;
  Counts& counts_;
  std::uint64_t count_ = 0;
  std::vector<Packet> packets_;  // one for each destination
  MessageBatch outbox_{kBatch};
  MessageBatch inbox_{kBatch};
};

}  // namespace

void RunLimit(std::size_t targets, Duration length, std::ostream& output) {
  const SystemClock clock;
  RecordingLog log;
  const Scenario scenario = Scale(targets, 1);
  const MonoTime end = clock.Now() + length;
  BareSockets::Counts counts;
  EngineThread thread(
      "limit", [&] { return std::make_unique<BareSockets>(scenario, end - kGrace, counts); }, clock,
      log, kBenchTick);
  thread.Start(std::make_shared<Config>());
  WaitUntil(end);
  WriteUsage(thread, output);
  thread.Stop();
  output << scenario.destinations.front().address.ToString() << " 0 "
         << counts.sent - counts.answers << " 0\n";
}

}  // namespace pathwitness
