#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace pathwitness {

/// A page on its way out, a piece at a time, so that it is never in memory as a whole.
class PageWriter {
 public:
  /// Takes the next piece of the page; false: nobody reads on. Never called again after that.
  using Take = std::function<bool(std::string_view piece)>;

  explicit PageWriter(Take take) : take_(std::move(take)) {}

  /// Where to append.
  std::string& Text() { return text_; }

  /// Hands on what was appended, if it is enough for a piece. Call it often.
  void PassOn();

  /// Hands on the rest.
  void Finish();

  /// False once the page is not read on: what is appended from then on is for nothing.
  bool IsRead() const { return is_read_; }

 private:
  Take take_;
  std::string text_;  // not handed on yet
  bool is_read_ = true;
};

}  // namespace pathwitness
