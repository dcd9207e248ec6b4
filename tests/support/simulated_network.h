#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "probes/net/packet_port.h"
#include "tests/support/answer_queue.h"
#include "tests/support/fake_clock.h"
#include "tests/support/internet_model.h"

namespace pathwitness {

/// The simulated internet as a PacketPort in virtual time: an answer arrives when the clock has
/// reached its time, and carries that time as its stamp, however late it is read.
class SimulatedNetwork final : public PacketPort {
 public:
  SimulatedNetwork(Scenario scenario, const FakeClock& clock);

  void Send(std::span<const Outgoing> batch) override;
  Arrivals Receive() override;
  int Descriptor() const override { return -1; }
  IpAddress SourceFor(const IpAddress& destination, const PacketRoute& route,
                      std::error_code& error) override;
  bool Supports(ProbeProtocol protocol, IpFamily family) const override;
  std::uint64_t ReceiveDrops() const override { return 0; }

  /// When the next answer arrives; MonoTime::max(): none is under way.
  MonoTime NextArrival() const { return answers_.NextDue(); }

  /// From now on sending fails with `error`; an empty one ends that.
  void FailSends(std::error_code error) { send_error_ = error; }
  void FailRoutes(std::error_code error) { route_error_ = error; }

  /// The truth about every probe that was sent, in order.
  const std::vector<ProbeRecord>& Records() const { return records_; }
  /// The probes themselves, with the time of each.
  struct Sent {
    MonoTime at;
    ProbePacket probe;
  };
  const std::vector<Sent>& Log() const { return log_; }

 private:
  const FakeClock& clock_;
  InternetModel model_;
  AnswerQueue answers_;
  std::vector<ProbeRecord> records_;
  std::vector<Sent> log_;
  std::error_code send_error_;
  std::error_code route_error_;
  std::vector<SendReport> reports_;
  std::vector<SendReport> handed_reports_;
  std::vector<Answer> handed_answers_;
  std::vector<Datagram> datagrams_;
};

}  // namespace pathwitness
