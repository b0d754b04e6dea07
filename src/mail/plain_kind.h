#pragma once

#include <string>
#include <string_view>

#include "mail/kind.h"

namespace millrace::mail {

// Messages of one body, which all share. Where they have a header section of their own it is what
// RFC 5322, 3.6 asks for, and a subject.
class PlainKind final : public Kind {
 public:
  // `body`: with the header section when `headers` is false. `subject`: empty: none.
  PlainKind(bool headers, std::string_view subject, std::string body);

  void make(const MessageFacts& facts, Content& content) const override;

 private:
  const bool headers_;
  const std::string subject_;  // a header line, or nothing
  const std::string body_;
  const Content::Traits traits_;
};

}  // namespace millrace::mail
