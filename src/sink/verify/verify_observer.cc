#include "sink/verify/verify_observer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "smtp/path.h"

namespace millrace::sink {
namespace {

using proof::kMostRecipients;
using proof::kUnknownRecipient;
using proof::RecipientToken;
using proof::TokenForm;

// Of a recipient whose address has none: no message has this number.
constexpr RecipientToken kNoToken{.message = std::numeric_limits<std::uint64_t>::max()};

// What of the room for tokens a session keeps for its next message.
constexpr std::size_t kQuietTokens = 64;

RecipientToken token_in(std::string_view address) {
  const std::string_view local = smtp::split_mailbox(address).local_part;
  if (const auto token = read_token(local, TokenForm::tagged)) return *token;
  return read_token(local, TokenForm::numbered).value_or(kNoToken);
}

}  // namespace

VerifyObserver::~VerifyObserver() {
  // Its message goes on record all the same, though the client has left without an answer.
  if (record_ == Record::undecided) {
    verifier_.forget(*this);
    verifier_.count(found_, run_, accepted_, told_apart_);
  }
  give_back();
}

MessageCheck& VerifyObserver::check() {
  if (!check_) {
    check_ = verifier_.lend();
    check_->begin(null_sender_);
  }
  return *check_;
}

void VerifyObserver::give_back() {
  if (check_) verifier_.give_back(std::move(check_));
}

void VerifyObserver::mail(std::string_view arguments) {
  give_back();
  null_sender_ = smtp::address_in(arguments).empty();
  recipients_ = 0;
  forget_tokens();
}

void VerifyObserver::forget_tokens() {
  if (tokens_.capacity() > kQuietTokens) tokens_ = {};
  tokens_.clear();
}

void VerifyObserver::recipient(std::string_view arguments) {
  ++recipients_;
  if (tokens_.size() < kMostRecipients) tokens_.push_back(token_in(smtp::address_in(arguments)));
}

void VerifyObserver::transaction_aborted() {
  give_back();
  forget_tokens();
}

void VerifyObserver::content(std::string_view bytes, smtp::Form form) { check().take(bytes, form); }

smtp::Storage VerifyObserver::message_complete() {
  found_ = check().finish();
  if (found_.kind != Found::Kind::bounce) give_back();
  return smtp::Storage::kept;
}

// Of reports that nobody was given up there is nothing to record: they are no copies of a message.
bool VerifyObserver::record_first(const smtp::FinalReplies& replies) {
  accepted_ = replies.accepted(recipients_);
  told_apart_ = true;
  run_ = 0;
  record_ = Record::none;
  if (found_.kind == Found::Kind::report) {
    verifier_.count(found_, run_, accepted_, told_apart_);
    return false;
  }
  const bool stamped = is_stamped(found_.verdict);
  const bool room = !stamped || verifier_.run_index(found_.run, run_);
  const bool bounce = found_.kind == Found::Kind::bounce;
  record_ = Record::undecided;
  if (room) {
    bounce ? add_bounce() : add_message(replies);
    verifier_.await(*this);
  } else {
    decided(false);
  }
  give_back();
  forget_tokens();
  return true;
}

void VerifyObserver::add_message(const smtp::FinalReplies& replies) {
  verifier_.begin(accepted_);
  for (std::size_t place = 0; place < recipients_; ++place) {
    if (!replies.accept(place)) continue;
    const bool known = place < tokens_.size() && is_stamped(found_.verdict);
    const std::uint16_t number = known ? number_of(tokens_[place]) : kUnknownRecipient;
    if (number == 0 || number == kUnknownRecipient) told_apart_ = false;
    add(number);
  }
}

// One for each recipient who was given up, whoever the bounce was sent to.
void VerifyObserver::add_bounce() {
  const proof::BounceReader& bounce = check_->bounce();
  const std::size_t failed = std::min<std::size_t>(bounce.failed(), kMostRecipients);
  verifier_.begin(failed);
  for (std::size_t place = 0; place < failed; ++place) {
    const bool known = place < bounce.tokens().size();
    const std::uint16_t number = known ? number_of(bounce.tokens()[place]) : kUnknownRecipient;
    add(number);
  }
}

// A token is believed where it is of the message that the stamp tells of.
std::uint16_t VerifyObserver::number_of(const RecipientToken& token) const {
  const bool believed = token.message == found_.number && token.recipient < kMostRecipients;
  return believed ? static_cast<std::uint16_t>(token.recipient) : kUnknownRecipient;
}

void VerifyObserver::add(std::uint16_t recipient) {
  const bool stamped = is_stamped(found_.verdict);
  proof::TakenRecord record{.message = stamped ? found_.number : 0,
                            .recipient = recipient,
                            .run = run_,
                            .verdict = found_.verdict,
                            .bounced = found_.kind == Found::Kind::bounce,
                            .listener = listener_};
  verifier_.add(record);
}

void VerifyObserver::decided(bool kept) {
  record_ = kept ? Record::kept : Record::failed;
  if (kept) {
    verifier_.count(found_, run_, accepted_, told_apart_);
  } else {
    verifier_.count_unrecorded();
  }
}

}  // namespace millrace::sink
