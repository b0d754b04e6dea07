#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/distribution.h"
#include "mail/addresses/addresses.h"
#include "mail/addresses/weights.h"
#include "mail/envelope.h"
#include "mail/kind.h"
#include "mail/numbered_recipients.h"
#include "mail/scenario/distinct_recipients.h"
#include "mail/scenario/scenario.h"
#include "mail/template/row_recipients.h"
#include "mail/workload.h"

namespace millrace::mail {

// How many recipients a message has: a draw of one of these, by weight.
struct RecipientCounts {
  std::vector<Distribution> counts;
  Weights weights;
  std::uint64_t limit = kMostRecipients;  // what is above is this many

  // From 1 to the limit.
  [[nodiscard]] std::size_t draw(Roll& roll) const;
  // What is never exceeded.
  [[nodiscard]] std::size_t most() const;
};

// The kinds of messages of a run, by weight.
struct Kinds {
  struct Named {
    std::string name;
    std::unique_ptr<const Kind> kind;
    std::string extra_headers;  // lines that each of them has, each with its CR LF
    std::optional<RowRecipients> recipients =
        {};  // each has its own one, whoever those of others are
  };
  std::vector<Named> kinds;
  Weights weights;
};

// One sender, as the run has it.
struct OnlySender {
  std::string address;    // without angle brackets; empty: the null reverse-path
  double null_share = 0;  // 0 to 1
};

// What a mix of messages is made of.
struct Mix {
  std::uint64_t seed = 0;  // of all that is drawn
  std::uint64_t run = 0;   // what tells its Message-IDs from those of another run: 48 bits
  std::variant<Senders, OnlySender> senders;
  std::variant<Recipients, NumberedRecipients> recipients;
  RecipientCounts counts;
  Kinds kinds;
  EnvelopeOptions envelope;
  std::string host_name;  // right-hand side of the Message-IDs
  std::string date;       // RFC 5322 text

  // The first address of its pools that is more than ASCII, as AddressSource has it.
  [[nodiscard]] std::string beyond_ascii() const;
};

// What of a message is drawn. Each has numbers of its own, so that one can be known without the
// others, in any order.
enum class Drawn : std::uint8_t { kind, sender, recipient_count, recipient, content, connection };

// The roll for it of number `number` (a message, or a connection) of a run.
Roll roll_for(std::uint64_t seed, Drawn what, std::uint64_t number);

// Messages that differ. Which kind number n is, from whom, for whom and what it says follows from
// the seed and n; its Message-ID from the run and n.
class MixedWorkload final : public Workload {
 public:
  explicit MixedWorkload(Mix mix);

  [[nodiscard]] std::unique_ptr<smtp::MessageSource> messages() const override;

  void append_sender(std::uint64_t message, std::string& text) const override;
  void append_recipient(std::uint64_t message, std::size_t recipient,
                        std::string& text) const override;
  [[nodiscard]] Variety variety() const override;
  [[nodiscard]] std::string_view kind_name(std::uint64_t message) const override {
    return mix_.kinds.kinds[kind(message)].name;
  }

  // Has `drawn` give the recipients of the message, `count` of them; only where Mix::recipients are
  // drawn.
  void draw_recipients(std::uint64_t message, std::size_t count, DistinctRecipients& drawn) const;

  // Of the message: its kind (an index of Mix::kinds), and how many recipients it has.
  [[nodiscard]] std::size_t kind(std::uint64_t message) const;
  [[nodiscard]] std::size_t recipients(std::uint64_t message) const;
  // With its angle brackets.
  void append_message_id(std::uint64_t message, std::string& text) const;

  [[nodiscard]] const Mix& mix() const { return mix_; }
  [[nodiscard]] std::size_t most_recipients() const { return most_recipients_; }

 private:
  // The recipients of the message's kind, where it has its own.
  [[nodiscard]] const RowRecipients* own_recipients(std::uint64_t message) const;

  const Mix mix_;
  const bool some_have_own_recipients_;  // of the kinds
  const std::size_t most_recipients_;
  // As long in any run: what is left for a text of so many bytes does not depend on it.
  const std::string message_id_begin_;
};

}  // namespace millrace::mail
