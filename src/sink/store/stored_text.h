#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::sink {

// Content as files of Unix have it: its lines end in LF. A CR that no LF follows stays.
class UnixText {
 public:
  // What becomes of lines that begin with "From ".
  enum class From : std::uint8_t {
    as_it_is,
    quoted,  // they, and those with '>' before it, get one '>' more (mboxrd)
  };

  explicit UnixText(From from) : from_(from) {}

  // Appends the text of the next piece of content to `text`.
  void take(std::string_view piece, std::string& text);
  // All has come: appends what was held back, and the line end that the last line lacks.
  void finish(std::string& text);

 private:
  void begin_line(std::string_view& piece, std::string& text);
  void give_held(std::string& text);

  const From from_;
  bool after_cr_ = false;    // which is held back
  bool line_start_ = true;   // nothing of the line has come but '>' and what is held back
  bool line_open_ = false;   // something of it is in the text
  std::size_t matched_ = 0;  // bytes of "From " that are held back
};

}  // namespace millrace::sink
