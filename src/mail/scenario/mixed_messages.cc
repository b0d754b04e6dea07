#include "mail/scenario/mixed_messages.h"

namespace millrace::mail {

void MixedMessages::append_xforward(std::uint64_t message, Output& out) const {
  mail::append_xforward(workload_.mix().envelope, message, out);
}

void MixedMessages::append_mail(std::uint64_t message, smtp::ExtensionSet used, Output& out) const {
  ContentFacts facts;
  if (used.has(smtp::Extension::size)) facts.size = content_size(message);
  if (used.has(smtp::Extension::eight_bit_mime)) facts.octets = content(message).octets();
  sender_.clear();
  workload_.append_sender(message, sender_);
  mail::append_mail(workload_.mix().envelope, sender_, facts, used, out);
}

void MixedMessages::append_rcpt(std::uint64_t message, std::size_t recipient,
                                smtp::ExtensionSet used, Output& out) const {
  mail::append_rcpt(workload_.mix().envelope, message, recipient, used, out,
                    [&](std::string& text) { append_recipient(message, recipient, text); });
}

// The workload by itself would draw those before it again.
void MixedMessages::append_recipient(std::uint64_t message, std::size_t recipient,
                                     std::string& text) const {
  if (recipient == 0 || !std::holds_alternative<Recipients>(workload_.mix().recipients)) {
    return workload_.append_recipient(message, recipient, text);
  }
  if (recipients_of_ != message) {
    workload_.draw_recipients(message, workload_.recipients(message), recipients_);
    recipients_of_ = message;
  }
  text.append(recipients_[recipient]);
}

const Content& MixedMessages::content(std::uint64_t message) const {
  if (content_of_ == message) return content_;
  for (std::string* text : {&sender_, &recipient_, &message_id_}) text->clear();
  workload_.append_sender(message, sender_);
  workload_.append_recipient(message, 0, recipient_);
  workload_.append_message_id(message, message_id_);
  const Mix& mix = workload_.mix();
  const Kinds::Named& kind = mix.kinds.kinds[workload_.kind(message)];
  content_.clear();
  kind.kind->make({.number = message,
                   .sender = sender_,
                   .recipient = recipient_,
                   .message_id = message_id_,
                   .date = mix.date,
                   .extra_headers = kind.extra_headers,
                   .roll = roll_for(mix.seed, Drawn::content, message)},
                  content_);
  content_of_ = message;
  return content_;
}

void MixedMessages::append_content(std::uint64_t message, Output& out) const {
  content(message).append_data(out);
}

std::uint64_t MixedMessages::content_size(std::uint64_t message) const {
  return content(message).size();
}

void MixedMessages::append_chunk(std::uint64_t message, std::uint64_t offset, std::uint64_t length,
                                 Output& out) const {
  content(message).append_range(offset, length, out);
}

}  // namespace millrace::mail
