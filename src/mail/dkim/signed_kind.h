#pragma once

#include <memory>
#include <string>

#include "mail/dkim/dkim_signer.h"
#include "mail/kind.h"
#include "mail/shared_text_memo.h"

namespace millrace::mail {

// Messages of another kind, each signed by DKIM: its signature is in front. One that cannot be
// signed, for want of a From, is left as it is.
//
// What follows from shared text alone is worked out once: the hash of a body that is one piece, and
// the whole signature where all of the message is.
class SignedKind final : public Kind {
 public:
  SignedKind(std::unique_ptr<const Kind> kind, DkimSigner signer)
      : kind_(std::move(kind)), signer_(std::move(signer)) {}

  void make(const MessageFacts& facts, Content& content) const override;

 private:
  // For so many messages, and so many bodies, it is kept: some 16 MB of RSA's signatures.
  static constexpr std::size_t kMostKept = 16'384;

  std::unique_ptr<const Kind> kind_;
  DkimSigner signer_;
  mutable SharedTextMemo<std::string> signatures_{kMostKept};
  mutable SharedTextMemo<BodyHash> bodies_{kMostKept};
};

}  // namespace millrace::mail
