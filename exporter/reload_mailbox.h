#pragma once

#include <future>
#include <mutex>
#include <optional>
#include <vector>

#include "exporter/web/routes.h"
#include "probes/base/time.h"

namespace pathwitness {

/// How other threads ask the main thread for a reload and learn what became of it.
class ReloadMailbox {
 public:
  /// Throws std::system_error.
  ReloadMailbox();
  ~ReloadMailbox();
  ReloadMailbox(const ReloadMailbox&) = delete;
  ReloadMailbox& operator=(const ReloadMailbox&) = delete;

  /// Asks for a reload and waits for it. Empty when it was not done within `patience`, or when the
  /// process is stopping. Any thread but the main one.
  std::optional<ReloadResult> Ask(Duration patience);

  /// Readable when somebody has asked.
  int Descriptor() const { return wakeup_; }

  /// Hands over everyone who waits; one reload that begins after this answers them all.
  std::vector<std::promise<ReloadResult>> Take();

  /// From now on nobody waits.
  void Close();

 private:
  const int wakeup_;

  std::mutex mutex_;
  std::vector<std::promise<ReloadResult>> requests_;  // guarded by mutex_
  bool is_closed_ = false;                            // guarded by mutex_
};

}  // namespace pathwitness
