#include "mail/scenario/scenario_people.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "mail/scenario/scenario_texts.h"
#include "mail/scenario/scenario_values.h"

namespace millrace::mail {
namespace {

using config::Entry;
using config::KeyReader;
using config::Mistakes;
using config::place_of;

constexpr std::array<KeyReader<SenderMix>, 2> kSenders = {{
    {"addresses",
     [](const Entry& entry, SenderMix& mix) {
       mix.addresses = read_origin(entry, AddressPart::mailbox, mailboxes);
     }},
    {"null",
     [](const Entry& entry, SenderMix& mix) { mix.null_share = read_share(entry).value_or(0); }},
}};

// What of recipients is read, before it is put together.
struct PeopleDraft {
  std::optional<AddressOrigin> addresses;
  std::optional<AddressOrigin> domains;
  std::optional<AddressOrigin> local_parts;
  Mixture count;
};

constexpr std::array<KeyReader<PeopleDraft>, 4> kRecipients = {{
    {"addresses",
     [](const Entry& entry, PeopleDraft& draft) {
       draft.addresses = read_origin(entry, AddressPart::mailbox, mailboxes);
     }},
    {"domains",
     [](const Entry& entry, PeopleDraft& draft) {
       draft.domains = read_origin(entry, AddressPart::domain, domains);
     }},
    {"local",
     [](const Entry& entry, PeopleDraft& draft) {
       draft.local_parts = read_origin(entry, AddressPart::local_part, local_parts);
     }},
    {"count", [](const Entry& entry,
                 PeopleDraft& draft) { draft.count = read_mixture(entry, recipient_counts); }},
}};

// Recipients are whole addresses, or of two parts.
void check_parts(const toml::table& table, Mistakes& mistakes) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kParts = {
      {{"domains", "local"}, {"local", "domains"}}};
  for (const auto& [part, other] : kParts) {
    const auto place = place_of(table, part);
    if (!place) continue;
    if (table.contains("addresses")) {
      mistakes.add(*place, fmt::format("{} and addresses exclude each other", part));
    } else if (!table.contains(other)) {
      mistakes.add(*place, fmt::format("{} without {}", part, other),
                   fmt::format("{} as well", other));
    }
  }
}

}  // namespace

SenderMix read_senders(const toml::table& table, Mistakes& mistakes) {
  SenderMix mix;
  config::read_table(table, "senders", kSenders, mix, mistakes);
  return mix;
}

RecipientMix read_recipients(const toml::table& table, Mistakes& mistakes) {
  PeopleDraft draft;
  config::read_table(table, "recipients", kRecipients, draft, mistakes);
  check_parts(table, mistakes);
  RecipientMix mix{.count = std::move(draft.count)};
  if (draft.addresses) {
    mix.addresses = std::move(*draft.addresses);
  } else if (draft.local_parts && draft.domains) {
    mix.addresses = OriginByPart{.local_parts = std::move(*draft.local_parts),
                                 .domains = std::move(*draft.domains)};
  }
  return mix;
}

}  // namespace millrace::mail
