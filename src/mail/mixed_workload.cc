#include "mail/mixed_workload.h"

#include <algorithm>
#include <utility>

#include "mail/decimal.h"
#include "mail/mixed_messages.h"

namespace millrace::mail {

std::size_t RecipientCounts::draw(Roll& roll) const {
  const RecipientRange& range = ranges[weights.draw(roll)];
  const auto choices = static_cast<double>(range.most - range.least + 1);
  return range.least + static_cast<std::size_t>(roll.unit() * choices);
}

std::size_t RecipientCounts::most() const {
  std::size_t most = 1;
  for (const RecipientRange& range : ranges) most = std::max(most, range.most);
  return most;
}

Roll roll_for(std::uint64_t seed, Drawn what, std::uint64_t number) {
  // Far apart, whatever the seed: it is mixed once, then again with what is drawn.
  const std::uint64_t of_run = Roll(seed)();
  const std::uint64_t of_drawn = Roll(of_run + static_cast<std::uint64_t>(what))();
  return Roll(of_drawn + number * Roll::kStride);
}

MixedWorkload::MixedWorkload(Mix mix)
    : mix_(std::move(mix)), most_recipients_(mix_.counts.most()), run_(Roll(mix_.seed)() >> 16U) {}

std::unique_ptr<smtp::MessageSource> MixedWorkload::messages() const {
  return std::make_unique<MixedMessages>(*this);
}

std::vector<std::string> MixedWorkload::kinds() const {
  std::vector<std::string> names;
  for (const Kinds::Named& named : mix_.kinds.kinds) names.push_back(named.name);
  return names;
}

std::size_t MixedWorkload::kind(std::uint64_t message) const {
  Roll roll = roll_for(mix_.seed, Drawn::kind, message);
  return mix_.kinds.weights.draw(roll);
}

std::size_t MixedWorkload::recipients(std::uint64_t message) const {
  Roll roll = roll_for(mix_.seed, Drawn::recipient_count, message);
  return mix_.counts.draw(roll);
}

void MixedWorkload::append_sender(std::uint64_t message, std::string& text) const {
  Roll roll = roll_for(mix_.seed, Drawn::sender, message);
  mix_.senders.append_draw(roll, text);
}

void MixedWorkload::append_recipient(std::uint64_t message, std::size_t recipient,
                                     std::string& text) const {
  Roll all = roll_for(mix_.seed, Drawn::recipient, message);
  Roll one(all() + recipient * Roll::kStride);
  mix_.recipients.append_draw(one, text);
}

void MixedWorkload::append_message_id(std::uint64_t message, std::string& text) const {
  text += '<';
  append_hexadecimal(run_, text);
  text += '.';
  append_decimal(message, text);
  text.append("@").append(mix_.host_name).append(">");
}

}  // namespace millrace::mail
