#include "sink/store/text_target.h"

#include <utility>

namespace millrace::sink {

void TextTarget::begin(Write write) {
  write_ = std::move(write);
  error_ = 0;
  text_.clear();
}

int TextTarget::flush() {
  if (error_ == 0) error_ = write_(text_);
  text_.clear();
  return error_;
}

}  // namespace millrace::sink
