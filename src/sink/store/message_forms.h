#pragma once

#include <string>
#include <string_view>

#include "sink/store/kept_message.h"
#include "sink/store/text_target.h"

namespace millrace::sink {

// The forms that a message is kept in. All write it to the end of `target`, whose error is that of
// what could not be read.
using MessageForm = void (*)(const KeptMessage& message, TextTarget& target);

// Its trace fields and its content, lines ending in LF.
void write_unix_message(const KeptMessage& message, TextTarget& target);

// The same in a mailbox (mboxrd): behind a From_ line with the sender, an empty line at its end.
void write_mbox_message(const KeptMessage& message, TextTarget& target);

// Trace fields with CR LF, and the content as it came.
void write_wire_message(const KeptMessage& message, TextTarget& target);

// A line of JSON, without the content and with it. A text that is no UTF-8 is an object with the
// field "base64" in its place.
void write_json_line(const KeptMessage& message, TextTarget& target);
void write_json_line_with_text(const KeptMessage& message, TextTarget& target);

// What stands ahead of the content: Return-Path, X-Original-To for each recipient and Received (RFC
// 5321, 4.4). `line_end` is that of the file.
void append_trace(const KeptMessage& message, std::string_view line_end, std::string& text);

}  // namespace millrace::sink
