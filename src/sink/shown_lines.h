#pragma once

#include <string>
#include <string_view>

#include "smtp/verb.h"

namespace millrace::sink {

// Whether a line begins with a command, of this server or of another one.
bool is_command(const smtp::Command& command);

// A keyword up to the end of the AUTH in it, in any case: what may be shown of a line, though it be
// misspelt ("AUTHPLAIN", "AUTH=PLAIN") and no command. Empty where there is none.
std::string_view up_to_auth(std::string_view keyword);

// The command lines of one session as they may be shown. Who sends AUTH, misspelt or not, may go on
// with a password, though the exchange was refused, or is over: from there to the next command
// nothing is shown.
class ShownLines {
 public:
  // The next line. At a CR or an LF within it a command may begin as well, to another server.
  std::string show(std::string_view line);

 private:
  bool behind_auth_ = false;
};

}  // namespace millrace::sink
