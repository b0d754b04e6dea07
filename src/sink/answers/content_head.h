#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sink/answers/answer.h"
#include "smtp/server_observer.h"

namespace millrace::sink {

// The beginning of a message's content as it was meant: the bytes as they came, without the dots
// that dotted lines have in front. Of an end mark its CR LF may stay.
class ContentHead {
 public:
  explicit ContentHead(std::size_t most = kMostHeader) : most_(most) {}

  void take(std::string_view bytes, smtp::Form form);
  void reset();

  [[nodiscard]] bool full() const { return text_.size() >= most_; }
  [[nodiscard]] const std::string& text() const { return text_; }

  // Its header section: what is ahead of the first empty line; whole lines only, where it is cut.
  [[nodiscard]] std::string_view header() const;

 private:
  std::size_t most_;
  std::string text_;
  std::size_t matched_ = 2;  // how much of the CR LF ahead of a line the bytes so far end in
};

}  // namespace millrace::sink
