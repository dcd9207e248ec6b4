#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "probes/base/event_log.h"
#include "probes/engine.h"
#include "probes/net/socket.h"
#include "probes/reflect/key_ring.h"
#include "probes/reflect/reflector.h"
#include "probes/reflect/reflector_snapshot.h"

namespace pathwitness {

/// A UDP socket for a ReflectorEngine. An empty `host` is every address, IPv4 and IPv6; `port` 0:
/// the kernel chooses. Throws std::runtime_error with the remedy when it cannot be bound, or when
/// `host` is no address.
FileDescriptor OpenReflectorSocket(const std::string& host, std::uint16_t port);

/// The port that a socket is bound to.
std::uint16_t BoundPort(const FileDescriptor& socket);

/// Answers the requests that arrive on a socket, from the address that each was sent to.
///
/// The key file is read again every kReadsKeysEvery, and one that cannot be used leaves the keys as
/// they were.
class ReflectorEngine final : public Engine {
 public:
  static constexpr Duration kReadsKeysEvery = std::chrono::seconds(10);
  static constexpr Duration kPublishesEvery = std::chrono::seconds(1);

  /// `board`, `clock` and `log` must outlive the engine. `clock` and Turn's `now` are the same
  /// time. Throws std::system_error when the kernel gives no randomness.
  ReflectorEngine(FileDescriptor socket, std::string key_file, ReflectorBoard& board,
                  const Clock& clock, EventLog& log);

  void Apply(std::shared_ptr<const Config> config, MonoTime now) override;
  void Turn(MonoTime now) override;
  MonoTime NextDeadline() const override;
  int Descriptor() const override { return socket_.Get(); }

 private:
  void ReadKeys(MonoTime now);
  void AnswerAll(MonoTime now);
  void OnDatagram(std::size_t index, MonoTime now);
  bool Send(std::size_t index, const ReflectMessage& answer);

  FileDescriptor socket_;
  std::string key_file_;
  ReflectorBoard::Writer writer_;
  const Clock& clock_;
  EventLog& log_;
  Reflector reflector_;
  std::optional<KeyRing> keys_;
  bool is_key_file_bad_ = false;
  ReflectorSnapshot snapshot_;
  MessageBatch received_;
  MessageBatch sent_;
  MonoTime keys_due_;
  MonoTime publish_due_;
};

}  // namespace pathwitness
