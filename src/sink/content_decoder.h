#pragma once

#include <string>
#include <string_view>

#include "smtp/server_observer.h"

namespace millrace::sink {

// Turns content from the wire into the text of a dump file, which ends in an empty line. Dotted
// content: every CR is dropped and one leading dot is taken off each line; the end mark becomes
// the empty line. Plain content may be binary: only CR LF becomes LF.
class ContentDecoder {
 public:
  // Appends the text of the next piece of content to `text`.
  void decode(std::string_view bytes, smtp::Form form, std::string& text);

  // The content is complete: appends what is due at its end.
  void finish(std::string& text);

  void reset() { *this = ContentDecoder(); }

 private:
  void decode_dotted(std::string_view bytes, std::string& text);
  void decode_plain(std::string_view bytes, std::string& text);

  bool line_start_ = true;
  bool after_cr_ = false;
  bool plain_ = false;
};

}  // namespace millrace::sink
