#include "exporter/drill/drill_book.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "exporter/rfc3339.h"

namespace pathwitness {
namespace {

bool IsSame(const DrillNotice& left, const DrillNotice& right) {
  return left.alert == right.alert && left.severity == right.severity &&
         left.status == right.status && left.receiver == right.receiver;
}

}  // namespace

std::variant<DrillPointer, DrillRefusal> DrillBook::Start(DrillOrder order,
                                                          std::vector<TraceBoard::Pointer> before,
                                                          Moment now) {
  const std::lock_guard lock(mutex_);
  const auto is_running = [&](const DrillPointer& drill) { return IsRunning(*drill, now.mono); };
  const auto has_target = [&](const DrillPointer& drill) {
    return is_running(drill) && drill->order.target == order.target;
  };
  if (std::ranges::any_of(drills_, has_target)) {
    return DrillRefusal::TargetHasOne;
  }
  if (static_cast<std::size_t>(std::ranges::count_if(drills_, is_running)) >= kMostRunning) {
    return DrillRefusal::TooMany;
  }
  ForgetOldest(now.mono);
  const MonoTime end = now.mono + order.length;
  drills_.push_back(std::make_shared<const Drill>(Drill{.id = NewId(now.wall),
                                                        .order = std::move(order),
                                                        .start = now.mono,
                                                        .end = end,
                                                        .wall_start = now.wall,
                                                        .before = std::move(before),
                                                        .notices = {}}));
  return drills_.back();
}

bool DrillBook::Stop(std::string_view id, MonoTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = Find(id);
  if (found == drills_.end() || !IsRunning(**found, now)) {
    return false;
  }
  Drill stopped = **found;
  stopped.end = now;
  *found = std::make_shared<const Drill>(std::move(stopped));
  return true;
}

bool DrillBook::Note(std::string_view id, DrillNotice notice, MonoTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = Find(id);
  if (found == drills_.end()) {
    return false;
  }
  Drill noted = **found;
  const auto same = std::ranges::find_if(
      noted.notices, [&](const DrillNotice& other) { return IsSame(other, notice); });
  if (same != noted.notices.end()) {
    ++same->times;
  } else if (noted.notices.size() < kMostNotices) {
    notice.after = now - noted.start;
    notice.times = 1;
    noted.notices.push_back(std::move(notice));
  }
  *found = std::make_shared<const Drill>(std::move(noted));
  return true;
}

std::vector<DrillPointer> DrillBook::All() const {
  const std::lock_guard lock(mutex_);
  return drills_;
}

std::vector<DrillPointer>::iterator DrillBook::Find(std::string_view id) {
  return std::ranges::find_if(drills_, [&](const DrillPointer& drill) { return drill->id == id; });
}

// The number keeps drills of one second apart, the time those of one process from the next one's.
std::string DrillBook::NewId(WallTime now) {
  std::string id = FormatRfc3339(now, TimePrecision::Seconds);
  std::erase_if(id, [](char c) { return c == '-' || c == ':'; });
  return id + "-" + std::to_string(++started_);
}

/// Pre: less than kMostKept run.
void DrillBook::ForgetOldest(MonoTime now) {
  if (drills_.size() < kMostKept) {
    return;
  }
  drills_.erase(std::ranges::find_if(
      drills_, [&](const DrillPointer& drill) { return !IsRunning(*drill, now); }));
}

}  // namespace pathwitness
