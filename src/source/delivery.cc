#include "source/delivery.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace millrace::source {
namespace {

// What befell the recipients who gave the outcome, where that may have come of a reply.
std::optional<Fate> refused_by(DeliveryOutcome outcome) {
  switch (outcome) {
    case DeliveryOutcome::lost:
    case DeliveryOutcome::unfinished:
      return Fate::lost;
    case DeliveryOutcome::deferred:
      return Fate::deferred;
    case DeliveryOutcome::refused:
      return Fate::refused;
    default:
      return std::nullopt;
  }
}

// What a message with many recipients made of the memory is not kept for the next one.
constexpr std::size_t kQuietTexts = std::size_t{16} * 1024;
constexpr std::size_t kQuietRecipients = 1'000;

}  // namespace

Fate fate_by(int code) {
  if (code == 421) return Fate::lost;
  return code / 100 == 5 ? Fate::refused : Fate::deferred;
}

void Delivery::begin(std::uint64_t its_message, unsigned its_attempt, std::size_t its_recipients) {
  if (texts_.capacity() > kQuietTexts) std::exchange(texts_, {});
  if (recipients.capacity() > std::max(kQuietRecipients, its_recipients)) {
    std::exchange(recipients, {});
    std::exchange(numbers, {});
  }
  texts_.clear();
  last_ = {};
  message = its_message;
  attempt = its_attempt;
  bytes = 0;
  content_sent = 0;
  recipients.assign(its_recipients, {});
  numbers.clear();
  transactions.clear();
  ends.clear();
  opening = {};
  ending = Ending::over;
}

Delivery::KeptReply Delivery::keep(const smtp::Reply& reply) {
  const std::string_view said = reply.text.substr(0, kReplyLimit);
  if (last_.length > 0 && said == text(last_)) return last_;
  KeptReply kept{.code = static_cast<std::uint16_t>(reply.code)};
  if (texts_.size() + said.size() > kTextLimit) return kept;
  kept.begin = static_cast<std::uint32_t>(texts_.size());
  kept.length = static_cast<std::uint16_t>(said.size());
  texts_.append(said);
  return last_ = kept;
}

DeliveryOutcome Delivery::outcome() const {
  std::array<std::size_t, kFateNames.size()> counts{};
  for (const Recipient& recipient : recipients) ++counts[static_cast<std::size_t>(recipient.fate)];
  const auto any = [&](Fate fate) { return counts[static_cast<std::size_t>(fate)] > 0; };
  if (counts[static_cast<std::size_t>(Fate::accepted)] == recipients.size()) {
    return DeliveryOutcome::accepted;
  }
  if (any(Fate::accepted)) return DeliveryOutcome::partly_accepted;
  if (any(Fate::in_doubt)) return DeliveryOutcome::in_doubt;
  if (any(Fate::lost)) {
    return ending == Ending::abandoned ? DeliveryOutcome::unfinished : DeliveryOutcome::lost;
  }
  return any(Fate::deferred) ? DeliveryOutcome::deferred : DeliveryOutcome::refused;
}

Delivery::KeptReply Delivery::reply() const {
  const auto yes =
      std::find_if(ends.rbegin(), ends.rend(), [](const KeptReply& end) { return end.positive(); });
  if (yes != ends.rend()) return *yes;
  if (outcome() == DeliveryOutcome::in_doubt) {
    const auto unclear =
        std::find_if(recipients.rbegin(), recipients.rend(),
                     [&](const Recipient& recipient) { return unclear_end(recipient).given(); });
    return unclear != recipients.rend() ? unclear_end(*unclear) : KeptReply{};
  }
  const std::optional<Fate> fate = refused_by(outcome());
  if (!fate) return {};
  const auto decided = [&](const KeptReply& reply) {
    return reply.given() && !reply.positive() && fate_by(reply.code) == fate;
  };
  const auto end = std::find_if(ends.rbegin(), ends.rend(), decided);
  if (end != ends.rend()) return *end;
  const auto own =
      std::find_if(recipients.rbegin(), recipients.rend(), [&](const Recipient& recipient) {
        return recipient.fate == fate && decided(recipient.reply);
      });
  if (own != recipients.rend()) return own->reply;
  return fate == Fate::lost ? opening : KeptReply{};
}

Delivery::KeptReply Delivery::unclear_end(const Recipient& recipient) const {
  if (recipient.fate != Fate::in_doubt) return {};
  if (!recipient.reply.positive()) return recipient.reply;
  const KeptReply& end = transactions[recipient.transaction].end;
  return end.positive() ? KeptReply{} : end;
}

}  // namespace millrace::source
