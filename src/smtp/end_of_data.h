#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "smtp/end_mark.h"

namespace millrace::smtp {

// Finds the end of a message's content: CR LF "." CR LF and nothing else (RFC 5321, 4.1.1.4).
// A bare CR or LF never takes part. The CR LF before the dot may be the one that ended the
// DATA command, so a message may be empty.
//
// Within a read the mark is searched for as a whole (smtp/end_mark.h); only at the edges of a
// read is it matched byte by byte.
class EndOfData {
 public:
  // Takes the next read. Returns how many of its bytes belong to the content and its end mark;
  // fewer than all only when found() has become true.
  std::size_t scan(std::string_view bytes);

  [[nodiscard]] bool found() const { return matched_ == kWholeEndMark.size(); }

  // Ready for the next message.
  void reset() { matched_ = 2; }

 private:
  void step(char byte);

  std::uint8_t matched_ = 2;  // how much of the mark the bytes so far end in
};

// The mark that the writer of a message ends it with when the content ends in CR LF.
inline constexpr std::string_view kEndMark = kWholeEndMark.substr(2);

}  // namespace millrace::smtp
