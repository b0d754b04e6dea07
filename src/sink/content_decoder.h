#pragma once

#include <string>
#include <string_view>

namespace millrace::sink {

// Turns content from the wire into the text of a dump file: every CR is dropped and one leading
// dot is taken off each line. The end mark becomes the empty line that ends a dump.
class ContentDecoder {
 public:
  // Appends the text of the next piece of content to `text`.
  void decode(std::string_view bytes, std::string& text);

  void reset() { *this = ContentDecoder(); }

 private:
  bool line_start_ = true;
  bool after_cr_ = false;
};

}  // namespace millrace::sink
