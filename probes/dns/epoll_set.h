#pragma once

#include <vector>

namespace pathwitness {

/// One descriptor that is readable when any of its members is ready.
class EpollSet {
 public:
  struct Ready {
    int descriptor = -1;
    bool is_readable = false;  // also set for errors, so that the reader finds them
    bool is_writable = false;
  };
  struct Interest {
    bool in_reading = false;
    bool in_writing = false;
  };

  /// Errors: std::system_error when the kernel gives no descriptor.
  EpollSet();
  ~EpollSet();
  EpollSet(const EpollSet&) = delete;
  EpollSet& operator=(const EpollSet&) = delete;

  int Descriptor() const { return descriptor_; }

  /// Adds or changes a member; without any interest it leaves the set.
  void Watch(int member, Interest interest) const;

  /// What is ready now; never waits. At most 64 at a time; the rest stay ready.
  std::vector<Ready> TakeReady() const;

 private:
  int descriptor_;
};

}  // namespace pathwitness
