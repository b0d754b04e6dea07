#include "sink/answers/answer_observer.h"

#include <algorithm>
#include <utility>

#include "sink/answers/dsn_parameters.h"
#include "sink/answers/eligibility.h"
#include "sink/xclient_address.h"
#include "smtp/path.h"

namespace millrace::sink {
namespace {

using rules::LaterAnswer;

constexpr unsigned kKinds = 3;  // of answers

bool same(const LaterAnswer& one, const LaterAnswer& other) {
  return one.kind == other.kind && one.status == other.status &&
         one.diagnostic == other.diagnostic && one.text == other.text;
}

bool positive(std::string_view reply) { return reply.starts_with('2'); }

}  // namespace

void AnswerObserver::asked_for(const LaterAnswer& what, std::string_view recipient,
                               Duration delay) {
  const unsigned kind = 1U << static_cast<unsigned>(what.kind);
  std::size_t place = recipients_.size();  // that RCPT may give it
  if (!at_rcpt_) {
    const auto found = find(recipient, kind);
    if (!found) return;
    latest_ = place = *found;
    recipients_[place].kinds |= kind;
  }
  asked_.push_back({.what = shared(what), .recipient = place, .delay = delay});
}

// A rule asks the same on behalf of many, and its text may be long: those asked for last have it.
std::shared_ptr<const LaterAnswer> AnswerObserver::shared(const LaterAnswer& what) const {
  const std::size_t oldest = asked_.size() - std::min<std::size_t>(asked_.size(), kKinds);
  for (std::size_t place = asked_.size(); place > oldest; --place) {
    if (same(*asked_[place - 1].what, what)) return asked_[place - 1].what;
  }
  return std::make_shared<const LaterAnswer>(what);
}

// The recipient of that name who has no answer of that kind yet. They are asked for in order, so
// the search begins where the last one ended.
std::optional<std::size_t> AnswerObserver::find(std::string_view recipient, unsigned kind) const {
  for (std::size_t passed = 0; passed < recipients_.size(); ++passed) {
    const std::size_t place = (latest_ + passed) % recipients_.size();
    const Recipient& one = recipients_[place];
    if ((one.kinds & kind) == 0 && smtp::address_in(one.arguments) == recipient) return place;
  }
  return std::nullopt;
}

void AnswerObserver::opened(const net::SocketAddress& peer, TimePoint /*now*/) {
  client_ = peer.host();
}

void AnswerObserver::speaks_for(const net::SocketAddress& source) { client_ = source.host(); }

void AnswerObserver::client_attribute(std::string_view name, std::string_view value) {
  if (name != "ADDR") return;
  if (const auto address = xclient_address(value)) client_ = address->host();
}

void AnswerObserver::commanded(smtp::Verb verb, std::string_view /*arguments*/) {
  at_rcpt_ = verb == smtp::Verb::rcpt;
}

void AnswerObserver::mail(std::string_view arguments) {
  forget();
  mail_ = arguments;
  arrived_ = std::time(nullptr);
}

void AnswerObserver::recipient(std::string_view arguments) {
  Recipient added{.arguments = std::string(arguments)};
  for (std::size_t place = agreed_; place < asked_.size(); ++place) {
    added.kinds |= 1U << static_cast<unsigned>(asked_[place].what->kind);
  }
  recipients_.push_back(std::move(added));
  at_rcpt_ = false;
}

void AnswerObserver::transaction_aborted() { forget(); }

void AnswerObserver::content(std::string_view bytes, smtp::Form form) { head_.take(bytes, form); }

smtp::Storage AnswerObserver::message_complete() {
  complete_ = true;
  return smtp::Storage::kept;
}

void AnswerObserver::replied(std::optional<smtp::Verb> verb, std::string_view reply,
                             std::size_t copies) {
  if (complete_) {
    accepted_.insert(accepted_.end(), copies, positive(reply));
  } else if (verb == smtp::Verb::rcpt) {
    if (!positive(reply)) asked_.resize(agreed_);
    agreed_ = asked_.size();
  }
}

void AnswerObserver::message_answered(std::size_t /*accepted*/) {
  if (complete_) offer_all();
  forget();
}

// LMTP has a reply for each recipient, in the order of their RCPTs (RFC 2033, 4.2).
bool AnswerObserver::was_accepted(std::size_t recipient) const {
  if (accepted_.size() == 1) return accepted_.front();
  return recipient < accepted_.size() && accepted_[recipient];
}

// Memory goes too: a session that is quiet should hold none.
void AnswerObserver::forget() {
  mail_ = std::string();
  recipients_ = std::vector<Recipient>();
  asked_ = std::vector<Asked>();
  accepted_ = std::vector<bool>();
  agreed_ = 0;
  latest_ = 0;
  complete_ = false;
  head_.reset();
}

void AnswerObserver::offer_all() {
  if (asked_.empty()) return;
  const auto header = std::make_shared<const std::string>(head_.header());
  const std::string sender(smtp::address_in(mail_));
  const Answerable answerable = what_may_answer(sender, header_fields(*header));
  const std::string id = envelope_id(mail_);
  const TimePoint now = Clock::now();
  for (const Asked& asked : asked_) {
    if (!was_accepted(asked.recipient)) continue;
    const std::string& arguments = recipients_[asked.recipient].arguments;
    NotificationRequest request = notification_request(arguments);
    const bool bounce = asked.what->kind == LaterAnswer::Kind::bounce;
    if (!answerable.by(asked.what->kind) || (bounce && !request.failure)) {
      queue_.not_allowed();
      continue;
    }
    queue_.offer({.what = *asked.what,
                  .sender = sender,
                  .recipient = std::string(smtp::address_in(arguments)),
                  .envelope_id = id,
                  .original_recipient = std::move(request.original_recipient),
                  .client = client_,
                  .arrived = arrived_,
                  .header = header,
                  .due = now + asked.delay});
  }
}

}  // namespace millrace::sink
