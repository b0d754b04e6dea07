#pragma once

#include <chrono>
#include <string_view>

namespace millrace {

// Whether something can be written to `descriptor` without a wait, or can within `patience`: a
// pipe may be full, a terminal stopped. One that is closed is ready to say so.
bool ready_for_output(int descriptor, std::chrono::milliseconds patience = {});

// What a single write of `text` may have where that is ready, so that it does not wait for a reader
// in the midst. A pipe has room for a page. A terminal that nobody reads has room for 256 bytes or
// a multiple of that, which may all go to a piece, however short, that the kernel handles on its
// own: text up to the end of a line is one, and so is the end of a line (Linux: n_tty_write(),
// tty_buffer_alloc()).
std::string_view ready_piece(std::string_view text);

}  // namespace millrace
