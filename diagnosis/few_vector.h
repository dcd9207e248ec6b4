#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace pathwitness {

/// A sequence for what mostly has one element, of which there are very many: that element lies
/// inside and allocates nothing. Moved-from ones must be assigned to before they are used again.
template <typename T>
class FewVector {
 public:
  T* begin() { return more_ ? more_->data() : &one_; }
  T* end() { return begin() + size(); }
  const T* begin() const { return more_ ? more_->data() : &one_; }
  const T* end() const { return begin() + size(); }
  std::size_t size() const { return more_ ? more_->size() : std::size_t{has_one_}; }
  bool empty() const { return size() == 0; }

  void push_back(const T& value) {
    if (more_) {
      more_->push_back(value);
    } else if (has_one_) {
      more_ = std::make_unique<std::vector<T>>(std::vector<T>{one_, value});
    } else {
      one_ = value;
      has_one_ = true;
    }
  }

  template <typename IsGone>
  void EraseIf(IsGone is_gone) {
    if (more_) {
      std::erase_if(*more_, is_gone);
    } else {
      has_one_ = has_one_ && !is_gone(one_);
    }
  }

 private:
  T one_{};
  std::unique_ptr<std::vector<T>> more_;  // then all are here
  bool has_one_ = false;
};

}  // namespace pathwitness
