#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace millrace::sink {

// A text of others as a line of a file may have it. A command's arguments may hold a bare CR or LF,
// which would begin a line of their own; readers differ in what else ends a line, so no control
// character but the tab is kept.
inline std::string one_line(std::string_view text) {
  std::string line(text);
  const auto control = [](char byte) {
    return (static_cast<unsigned char>(byte) < ' ' && byte != '\t') || byte == '\x7f';
  };
  std::replace_if(line.begin(), line.end(), control, '?');
  return line;
}

}  // namespace millrace::sink
