#pragma once

#include <memory>

#include "diagnosis/verdict.h"
#include "probes/base/time.h"

namespace pathwitness {

/// What is said aloud about a path, so that neither a lucky nor an unlucky window changes it.
struct SpokenVerdict {
  Verdict verdict;
  MonoTime since;           // the first of the evaluations that led to it
  MonoTime last_confirmed;  // the last one that saw a fault
};

/// Turns evaluations, one every five seconds or after each request, into what is said.
///
/// A fault is spoken of after two evaluations in a row that see one. Another state or owner
/// replaces what was said after three in a row that agree on it, a fault of this machine at once.
/// It ends when for five minutes no evaluation saw a fault.
class VerdictWatch {
 public:
  /// `now` never goes back. Null when nothing is said; valid until the next call.
  const SpokenVerdict* OnEvaluation(const Verdict& verdict, MonoTime now);

 private:
  void Speak(const Verdict& verdict, MonoTime now);
  void Reconsider(const Verdict& verdict, MonoTime now);

  // Pointers: of most paths nothing is said, and a verdict is large.
  std::unique_ptr<SpokenVerdict> spoken_;
  std::unique_ptr<Verdict> rival_;  // what evaluations in a row say otherwise
  unsigned rival_count_ = 0;
  unsigned faults_ = 0;  // evaluations in a row, before anything is said
  MonoTime first_fault_;
};

}  // namespace pathwitness
