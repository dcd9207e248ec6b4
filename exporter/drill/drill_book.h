#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "exporter/drill/drill.h"
#include "probes/base/time.h"

namespace pathwitness {

enum class DrillRefusal : std::uint8_t {
  TargetHasOne,  // one fault at a time, or nobody knows which one an alert speaks of
  TooMany,
};

/// The drills that run and the last ones that are over. May be used from any thread; what is handed
/// out never changes.
class DrillBook {
 public:
  static constexpr std::size_t kMostRunning = 10;
  static constexpr std::size_t kMostKept = 20;     // running or over
  static constexpr std::size_t kMostNotices = 32;  // of each drill; further ones are dropped

  struct Moment {
    MonoTime mono;
    WallTime wall;
  };

  /// Starts what is ordered, from `before` (see Drill) on.
  std::variant<DrillPointer, DrillRefusal> Start(DrillOrder order,
                                                 std::vector<TraceBoard::Pointer> before,
                                                 Moment now);

  /// Ends a drill. False when none of that id runs.
  bool Stop(std::string_view id, MonoTime now);

  /// Notes that an alert of a drill, maybe one that is over, has arrived; `notice.after` and
  /// `notice.times` are set here. False when no drill of that id is known.
  bool Note(std::string_view id, DrillNotice notice, MonoTime now);

  /// The oldest first.
  std::vector<DrillPointer> All() const;

 private:
  std::vector<DrillPointer>::iterator Find(std::string_view id);
  std::string NewId(WallTime now);
  void ForgetOldest(MonoTime now);

  mutable std::mutex mutex_;
  std::vector<DrillPointer> drills_;  // guarded by mutex_
  std::uint64_t started_ = 0;         // guarded by mutex_
};

}  // namespace pathwitness
