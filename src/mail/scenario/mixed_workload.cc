#include "mail/scenario/mixed_workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/decimal.h"
#include "mail/scenario/mixed_messages.h"

namespace millrace::mail {

std::size_t RecipientCounts::draw(Roll& roll) const {
  const Distribution& count = counts[weights.draw(roll)];
  return std::max<std::uint64_t>(draw_whole(count, roll, limit), 1);
}

std::size_t RecipientCounts::most() const {
  const auto all = static_cast<double>(limit);
  double most = 1;
  for (const Distribution& count : counts) {
    if (const auto* const constant = std::get_if<Constant>(&count)) {
      most = std::max(most, constant->value);
    } else if (const auto* const uniform = std::get_if<Uniform>(&count)) {
      most = std::max(most, uniform->most);
    } else {
      most = all;
    }
  }
  return static_cast<std::size_t>(std::ceil(std::min(most, all)));
}

std::string Mix::beyond_ascii() const {
  if (const auto* const drawn = std::get_if<Senders>(&senders)) {
    const std::string& found = drawn->addresses.beyond_ascii();
    if (!found.empty()) return found;
  }
  for (const Kinds::Named& kind : kinds.kinds) {
    if (kind.recipients && !kind.recipients->beyond_ascii().empty()) {
      return kind.recipients->beyond_ascii();
    }
  }
  const auto* const drawn = std::get_if<Recipients>(&recipients);
  return drawn == nullptr ? std::string() : drawn->beyond_ascii();
}

Roll roll_for(std::uint64_t seed, Drawn what, std::uint64_t number) {
  // Far apart, whatever the seed: it is mixed once, then again with what is drawn.
  const std::uint64_t of_run = Roll(seed)();
  const std::uint64_t of_drawn = Roll(of_run + static_cast<std::uint64_t>(what))();
  return Roll(of_drawn + number * Roll::kStride);
}

MixedWorkload::MixedWorkload(Mix mix)
    : mix_(std::move(mix)),
      some_have_own_recipients_(std::ranges::any_of(
          mix_.kinds.kinds, [](const Kinds::Named& kind) { return kind.recipients.has_value(); })),
      most_recipients_(mix_.counts.most()),
      message_id_begin_(fmt::format("<{:012x}.", mix_.run)) {}

std::unique_ptr<smtp::MessageSource> MixedWorkload::messages() const {
  return std::make_unique<MixedMessages>(*this);
}

Workload::Variety MixedWorkload::variety() const {
  const auto* const only = std::get_if<OnlySender>(&mix_.senders);
  return {
      .kinds = mix_.kinds.kinds.size() > 1,
      .domains = std::holds_alternative<Recipients>(mix_.recipients) || some_have_own_recipients_,
      .senders = only == nullptr || only->null_share > 0};
}

std::size_t MixedWorkload::kind(std::uint64_t message) const {
  Roll roll = roll_for(mix_.seed, Drawn::kind, message);
  return mix_.kinds.weights.draw(roll);
}

const RowRecipients* MixedWorkload::own_recipients(std::uint64_t message) const {
  if (!some_have_own_recipients_) return nullptr;
  const auto& own = mix_.kinds.kinds[kind(message)].recipients;
  return own ? &*own : nullptr;
}

std::size_t MixedWorkload::recipients(std::uint64_t message) const {
  if (own_recipients(message) != nullptr) return 1;
  Roll roll = roll_for(mix_.seed, Drawn::recipient_count, message);
  return mix_.counts.draw(roll);
}

void MixedWorkload::append_sender(std::uint64_t message, std::string& text) const {
  Roll roll = roll_for(mix_.seed, Drawn::sender, message);
  if (const auto* const senders = std::get_if<Senders>(&mix_.senders)) {
    return senders->append_draw(roll, text);
  }
  const auto& only = std::get<OnlySender>(mix_.senders);
  if (roll.unit() >= only.null_share) text.append(only.address);
}

void MixedWorkload::append_recipient(std::uint64_t message, std::size_t recipient,
                                     std::string& text) const {
  if (const RowRecipients* const own = own_recipients(message)) {
    text.append((*own)[message]);
    return;
  }
  if (const auto* const numbered = std::get_if<NumberedRecipients>(&mix_.recipients)) {
    return numbered->append(message, recipient, recipients(message), text);
  }
  if (recipient == 0) {  // which differs from none
    Roll roll(roll_for(mix_.seed, Drawn::recipient, message)());
    return std::get<Recipients>(mix_.recipients).append_draw(roll, text);
  }
  DistinctRecipients drawn;
  draw_recipients(message, std::max(recipients(message), recipient + 1), drawn);
  text.append(drawn[recipient]);
}

void MixedWorkload::draw_recipients(std::uint64_t message, std::size_t count,
                                    DistinctRecipients& drawn) const {
  Roll roll = roll_for(mix_.seed, Drawn::recipient, message);
  drawn.begin(std::get<Recipients>(mix_.recipients), roll(), count);
}

void MixedWorkload::append_message_id(std::uint64_t message, std::string& text) const {
  text.append(message_id_begin_);
  append_hexadecimal(message >> 16U, text);
  text += '.';
  append_hexadecimal(message & 0xffffU, text);
  text.append("@").append(mix_.host_name).append(">");
}

}  // namespace millrace::mail
