#include "sink/answers/answer_observer.h"

#include <utility>

#include "net/address_pool.h"
#include "sink/answers/eligibility.h"
#include "smtp/path.h"

namespace millrace::sink {
namespace {

// A session that asks for more of one message has rules that nobody meant.
constexpr std::size_t kMostOfAMessage = 1'000;

bool ends_message(std::optional<smtp::Verb> verb) {
  return verb == smtp::Verb::end_of_data || verb == smtp::Verb::bdat;
}

}  // namespace

void AnswerObserver::asked_for(const rules::LaterAnswer& what, std::string recipient,
                               Duration delay) {
  if (asked_.size() >= kMostOfAMessage) return;
  asked_.push_back({.what = what, .recipient = std::move(recipient), .delay = delay});
}

void AnswerObserver::opened(const net::SocketAddress& peer, TimePoint /*now*/) {
  client_ = peer.host();
}

void AnswerObserver::speaks_for(const net::SocketAddress& source) { client_ = source.host(); }

// XCLIENT writes addresses as XFORWARD does: "IPV6:2001:db8::1".
void AnswerObserver::client_attribute(std::string_view name, std::string_view value) {
  if (name != "ADDR") return;
  constexpr std::string_view kVersion = "IPV6:";
  if (value.starts_with(kVersion)) value.remove_prefix(kVersion.size());
  client_ = value;
}

// What was asked for at this MAIL stays: it is not answered yet.
void AnswerObserver::mail(std::string_view arguments) {
  asked_.erase(asked_.begin(), asked_.begin() + static_cast<std::ptrdiff_t>(agreed_));
  agreed_ = 0;
  complete_ = false;
  head_.reset();
  sender_ = smtp::address_in(arguments);
  arrived_ = std::time(nullptr);
}

void AnswerObserver::transaction_aborted() { forget(); }

void AnswerObserver::content(std::string_view bytes, smtp::Form form) { head_.take(bytes, form); }

smtp::Storage AnswerObserver::message_complete() {
  complete_ = true;
  agreed_ = asked_.size();
  return smtp::Storage::kept;
}

// A message is taken with the first good reply to its end: LMTP has one for each recipient, and
// those who are refused there were not asked for.
void AnswerObserver::replied(std::optional<smtp::Verb> verb, std::string_view reply,
                             std::size_t /*copies*/) {
  const bool refused = reply.starts_with('4') || reply.starts_with('5');
  if (complete_) {
    if (!ends_message(verb)) return forget();
    if (!refused) offer_all();
    return;
  }
  if (refused) {
    asked_.resize(agreed_);
  } else {
    agreed_ = asked_.size();
  }
}

void AnswerObserver::forget() {
  asked_.clear();
  agreed_ = 0;
  complete_ = false;
  head_.reset();
}

void AnswerObserver::offer_all() {
  if (!asked_.empty()) {
    const auto header = std::make_shared<const std::string>(head_.header());
    const bool allowed = may_be_answered(sender_, header_fields(*header));
    const TimePoint now = Clock::now();
    for (Asked& asked : asked_) {
      if (!allowed) {
        queue_.not_allowed();
        continue;
      }
      queue_.offer({.what = std::move(asked.what),
                    .sender = sender_,
                    .recipient = std::move(asked.recipient),
                    .client = client_,
                    .arrived = arrived_,
                    .header = header,
                    .due = now + asked.delay});
    }
  }
  forget();
}

}  // namespace millrace::sink
