// Journals as tests of whole programs describe them, with any fault in them.
#pragma once

#include <istream>

namespace millrace::tests {

// Writes the journal that is described, a line each of
//
//   side sent|taken     run NUMBER     start SECONDS     boot NUMBER     unchecked
//   kind NUMBER NAME     domain NUMBER NAME
//   sent MESSAGE RECIPIENT OUTCOME CODE DUE SENT ACKNOWLEDGED KIND DOMAIN [TEXT]
//   taken RUN MESSAGE RECIPIENT VERDICT copy|bounce TAKEN [TEXT]
//   stray VERDICT TAKEN
//   many COUNT WINDOW [RUN]
//   close
//
// in this order; outcomes and verdicts by their number, times in microseconds from the start, which
// is in seconds from that of 2020. Without "close" the journal broke off. "many" are so many
// records of messages 0, 1, 2 ... that went well, one each 10 us, of 4 kinds and 16 domains; a
// power of two of them at a time is out of order, and the sink's come 1 to 9 ms later. Throws what
// std::exception is of.
void write_journal(const char* path, std::istream& description);

}  // namespace millrace::tests
