#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "proof/recipient_token.h"
#include "sink/session_observer.h"
#include "sink/verify/message_check.h"
#include "sink/verify/verifier.h"

namespace millrace::sink {

// Holds the messages of one session against their stamps, and puts those that are taken on record
// before they are answered.
class VerifyObserver final : public SessionObserver {
 public:
  // `listener`: as Verification has it. `verifier` must outlive this.
  VerifyObserver(Verifier& verifier, std::uint8_t listener)
      : verifier_(verifier), listener_(listener) {}
  VerifyObserver(const VerifyObserver&) = delete;
  VerifyObserver& operator=(const VerifyObserver&) = delete;
  ~VerifyObserver() override;

  // Once Verifier::decide() was called: whether the message that waits for that is on record. Of
  // one that leaves none, which others may wait for, it is nothing: `otherwise`.
  [[nodiscard]] bool kept(bool otherwise) const {
    return record_ == Record::none ? otherwise : record_ == Record::kept;
  }

  // Of the verifier: what was to be put on record is, or cannot be.
  void decided(bool kept);

  void mail(std::string_view arguments) override;
  void recipient(std::string_view arguments) override;
  void transaction_aborted() override;
  [[nodiscard]] bool wants_content() const override { return true; }
  void content(std::string_view bytes, smtp::Form form) override;
  smtp::Storage message_complete() override;
  bool record_first(const smtp::FinalReplies& replies) override;

 private:
  enum class Record : std::uint8_t { none, undecided, kept, failed };

  MessageCheck& check();
  void give_back();
  void forget_tokens();
  [[nodiscard]] std::uint16_t number_of(const proof::RecipientToken& token) const;
  void add_message(const smtp::FinalReplies& replies);
  void add_bounce();
  void add(std::uint16_t recipient);

  Verifier& verifier_;
  const std::uint8_t listener_;
  bool null_sender_ = false;
  std::size_t recipients_ = 0;                 // of the transaction
  std::vector<proof::RecipientToken> tokens_;  // of these, as far as they are told apart
  std::unique_ptr<MessageCheck> check_;        // while content comes in; of a bounce, until it
                                               // is on record
  Found found_;
  std::uint8_t run_ = 0;      // the index of its run
  std::size_t accepted_ = 0;  // recipients
  bool told_apart_ = false;   // as Verifier::count() has it
  Record record_ = Record::none;
};

}  // namespace millrace::sink
