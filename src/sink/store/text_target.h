#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace millrace::sink {

// Text on its way into a file: it gathers, so that what is small goes in one write. Errors do not
// throw: the first one is kept, and what follows is dropped.
class TextTarget {
 public:
  // Writes all of a text. Returns 0 or an errno value.
  using Write = std::function<int(std::string_view text)>;

  // Text that goes this way comes next. What was not flushed is forgotten.
  void begin(Write write);

  // Where what is to be written is put, and then sent on its way.
  std::string& text() { return text_; }
  void passed() {
    if (text_.size() >= kBlock) flush();
  }

  // Writes what there is. Returns 0, or the errno value of what failed first.
  int flush();
  // What is read for it failed.
  void fail(int error) {
    if (error_ == 0) error_ = error;
  }

 private:
  static constexpr std::size_t kBlock = 256 * 1024;

  std::string text_;
  Write write_;
  int error_ = 0;
};

}  // namespace millrace::sink
