#pragma once

#include <string>
#include <string_view>

namespace millrace::tests {

// Puts a message to the end of an mbox as mboxrd has it: a line ahead of it, a '>' more where a
// line would be taken for that, and an empty line behind it. Its lines end in LF, all of them.
inline void append_to_mbox(std::string_view message, std::string& mbox) {
  mbox += "From a@a.test Thu Jan  1 00:00:00 1970\n";
  while (!message.empty()) {
    const std::string_view line = message.substr(0, message.find('\n') + 1);
    const std::size_t from = line.find_first_not_of('>');
    if (line.substr(from).starts_with("From ")) mbox += '>';
    mbox += line;
    message.remove_prefix(line.size());
  }
  mbox += '\n';
}

}  // namespace millrace::tests
