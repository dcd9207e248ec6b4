#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "probes/base/event_log.h"

namespace pathwitness {

/// Keeps every line as `message key=value ...`, for tests to look at. May be used by any thread.
class RecordingLog final : public EventLog {
 public:
  void Write(LogLevel, std::string_view message, std::initializer_list<LogField> fields) override {
    std::string line(message);
    for (const LogField& field : fields) {
      line += " " + std::string(field.key) + "=" + field.value;
    }
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }

  std::vector<std::string> Lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;  // guarded by mutex_
};

}  // namespace pathwitness
