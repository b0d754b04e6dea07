#include "sink/store/text_target.h"

#include "sink/write_all.h"

namespace millrace::sink {

void TextTarget::begin(int descriptor) {
  descriptor_ = descriptor;
  error_ = 0;
  text_.clear();
}

int TextTarget::flush() {
  if (error_ == 0) error_ = write_all(descriptor_, text_);
  text_.clear();
  return error_;
}

}  // namespace millrace::sink
