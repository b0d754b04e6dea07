#pragma once

#include "mail/body_form.h"
#include "mail/kind.h"
#include "mail/sizes.h"

namespace millrace::mail {

// Messages of drawn sizes, see mail/generated_message.h.
class GeneratedKind final : public Kind {
 public:
  // Makes what all of them share, so that no message has to wait for that.
  GeneratedKind(BodyForm form, Sizes sizes);

  void make(const MessageFacts& facts, Content& content) const override;

 private:
  const BodyForm form_;
  const Sizes sizes_;
};

}  // namespace millrace::mail
