#pragma once

#include <string_view>
#include <vector>

#include "sink/answers/header_fields.h"
#include "sink/rules/rule.h"

namespace millrace::sink {

// Which answers a message may have.
struct Answerable {
  bool by_report = false;  // bounces and complaints
  bool by_reply = false;   // automatic replies

  [[nodiscard]] bool by(rules::LaterAnswer::Kind kind) const {
    return kind == rules::LaterAnswer::Kind::auto_reply ? by_reply : by_report;
  }
};

// Whether a program may answer a message: its sender is somebody who can be written to, no program
// and no list, and neither does its header say that it comes from one. Automatic replies keep to
// all of RFC 3834, 2. Reports are what senders of bulk mail live by, so what such mail has is
// nothing against them: a way to unsubscribe (RFC 8058), a low precedence, a sender that is named
// as that of a list may be.
//
// `sender`: the reverse-path without its brackets, empty for the null sender; all answers go there
// (RFC 3834, 4).
Answerable what_may_answer(std::string_view sender, const std::vector<HeaderField>& fields);

}  // namespace millrace::sink
