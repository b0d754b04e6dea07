#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/roll.h"
#include "mail/content.h"

namespace millrace::mail {

// What is settled of a message before its content is made. Views hold while that is made.
struct MessageFacts {
  std::uint64_t number = 0;        // in the run, from 0
  std::string_view sender;         // without angle brackets; empty: the null reverse-path
  std::string_view recipient;      // the first one
  std::string_view message_id;     // with its angle brackets, of this message alone
  std::string_view date;           // RFC 5322 text
  std::string_view extra_headers;  // lines that every message of the run has, each with its CR LF
  Roll roll{0};                    // for all that is drawn for its content; a copy begins anew
};

// How the messages of one kind are made. One of each is shared by all threads.
class Kind {
 public:
  virtual ~Kind() = default;

  // Puts the message, header section and body, into `content`, which is empty. The same facts give
  // the same message.
  virtual void make(const MessageFacts& facts, Content& content) const = 0;
};

}  // namespace millrace::mail
