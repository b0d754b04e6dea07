#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::net {

// What was read and not yet taken. Taking it in small pieces costs no more than taking it at once:
// the front is dropped only when it is as long as the rest.
class WaitingInput {
 public:
  [[nodiscard]] bool empty() const { return taken_ == bytes_.size(); }
  [[nodiscard]] std::string_view view() const { return std::string_view(bytes_).substr(taken_); }
  [[nodiscard]] std::size_t storage() const { return bytes_.capacity(); }

  void append(std::string_view more) { bytes_.append(more); }

  // So many bytes of view(), from its front, have been taken; or what is left of them.
  void take(std::size_t length) {
    taken_ += std::min(length, bytes_.size() - taken_);
    if (taken_ < bytes_.size() - taken_) return;
    bytes_.erase(0, taken_);
    taken_ = 0;
    if (bytes_.empty()) clear();
  }

  // All of it; nothing is left.
  std::string take_all() {
    take(0);
    std::string all(view());
    clear();
    return all;
  }

  // Gives the memory back as well: it may have been much.
  void clear() {
    std::exchange(bytes_, {});
    taken_ = 0;
  }

 private:
  std::string bytes_;
  std::size_t taken_ = 0;  // of their front
};

}  // namespace millrace::net
