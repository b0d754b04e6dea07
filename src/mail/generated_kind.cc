#include "mail/generated_kind.h"

#include <utility>

#include "mail/generated_message.h"

namespace millrace::mail {

GeneratedKind::GeneratedKind(BodyForm form, Sizes sizes) : form_(form), sizes_(std::move(sizes)) {
  constexpr std::uint64_t kOfAllParts = 16 * 1024;
  Content content;
  make_generated(form_, kOfAllParts, {}, Roll(0), content);
}

void GeneratedKind::make(const MessageFacts& facts, Content& content) const {
  Roll roll = facts.roll;
  const std::uint64_t size = sizes_.draw(roll);
  make_generated(form_, size, facts, roll, content);
}

}  // namespace millrace::mail
