#include "diagnosis/verdict_watch.h"

#include <chrono>

namespace pathwitness {
namespace {

constexpr unsigned kToSpeak = 2;
constexpr unsigned kToReplace = 3;
constexpr Duration kToEnd = std::chrono::minutes(5);

bool IsFault(const Verdict& verdict) {
  return verdict.state != VerdictState::None && verdict.state != VerdictState::Undecided;
}

bool SaysTheSame(const Verdict& a, const Verdict& b) {
  return a.state == b.state && a.attribution.owner == b.attribution.owner;
}

}  // namespace

const SpokenVerdict* VerdictWatch::OnEvaluation(const Verdict& verdict, MonoTime now) {
  if (!IsFault(verdict)) {
    faults_ = 0;
    rival_.reset();
    if (spoken_ && now - spoken_->last_confirmed >= kToEnd) {
      spoken_.reset();
    }
  } else if (spoken_) {
    Reconsider(verdict, now);
  } else {
    Speak(verdict, now);
  }
  return spoken_.get();
}

void VerdictWatch::Speak(const Verdict& verdict, MonoTime now) {
  if (faults_ == 0) {
    first_fault_ = now;
  }
  if (++faults_ >= kToSpeak) {
    spoken_ = std::make_unique<SpokenVerdict>(
        SpokenVerdict{.verdict = verdict, .since = first_fault_, .last_confirmed = now});
    faults_ = 0;
  }
}

void VerdictWatch::Reconsider(const Verdict& verdict, MonoTime now) {
  spoken_->last_confirmed = now;
  if (SaysTheSame(verdict, spoken_->verdict)) {
    spoken_->verdict = verdict;  // with newer figures
    rival_.reset();
    return;
  }
  if (verdict.state == VerdictState::Local) {  // what was said so far was no evidence
    spoken_->verdict = verdict;
    rival_.reset();
    return;
  }
  rival_count_ = rival_ && SaysTheSame(verdict, *rival_) ? rival_count_ + 1 : 1;
  rival_ = std::make_unique<Verdict>(verdict);
  if (rival_count_ >= kToReplace) {
    spoken_->verdict = verdict;
    rival_.reset();
  }
}

}  // namespace pathwitness
