#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "smtp/message_source.h"
#include "smtp/reply.h"

namespace millrace::source {

// What becomes of a message for one recipient, by one attempt.
enum class Fate : std::uint8_t {
  open,      // nothing is known yet
  agreed,    // RCPT was answered well, the message has not ended
  accepted,  // the server has taken the message for it
  deferred,  // it said no for now: 4xx, and ahead of the end what is no reply of RFC 5321
  refused,   // it said no for good: 5xx
  in_doubt,  // the server had all of the message, and had said neither yes nor no (RFC 1047)
  lost,      // the connection was before that, or by 421: the server cannot have taken it
};
inline constexpr auto kFateNames = std::to_array<std::string_view>(
    {"open", "agreed", "accepted", "deferred", "refused", "in_doubt", "lost"});

[[nodiscard]] constexpr std::string_view name(Fate fate) {
  return kFateNames[static_cast<std::size_t>(fate)];
}

// What a reply that is no yes makes of a recipient. By 421 the server closes (RFC 5321, 3.8).
[[nodiscard]] Fate fate_by(int code);

// Whether a reply says yes or no to a message that has all been sent (RFC 5321, 4.2.1).
[[nodiscard]] constexpr bool decides(int code) {
  return code / 100 == 2 || code / 100 == 4 || code / 100 == 5;
}

// What becomes of the message as a whole.
enum class DeliveryOutcome : std::uint8_t {
  accepted,         // for all of its recipients
  partly_accepted,  // for some
  // For none; by what befell the recipients, the first of these that befell any.
  in_doubt,
  lost,
  unfinished,  // the same as lost, since the run was stopped
  deferred,
  refused,
};
inline constexpr auto kDeliveryOutcomeNames = std::to_array<std::string_view>(
    {"accepted", "partly_accepted", "in_doubt", "lost", "unfinished", "deferred", "refused"});

[[nodiscard]] constexpr std::string_view name(DeliveryOutcome outcome) {
  return kDeliveryOutcomeNames[static_cast<std::size_t>(outcome)];
}

// What the server said of one message on one connection: of this attempt and no other.
class Delivery {
 public:
  // Of a reply so many bytes are kept: a line as long as a server may send (RFC 5321, 4.5.3.1.5).
  // Beyond the second limit of all texts of a message, only the codes of further replies are.
  static constexpr std::size_t kReplyLimit = 512;
  static constexpr std::size_t kTextLimit = std::size_t{4} * 1024 * 1024;

  // A reply; its text is the delivery's: text().
  struct KeptReply {
    std::uint16_t code = 0;  // 0: none has come, or not of three digits
    std::uint16_t length = 0;
    std::uint32_t begin = 0;

    [[nodiscard]] bool given() const { return code > 0 || length > 0; }
    [[nodiscard]] bool positive() const { return code / 100 == 2; }
  };

  struct Recipient {
    // To its RCPT; to MAIL where that was a no; in LMTP its own one to the end of the message.
    KeptReply reply;
    Fate fate = Fate::open;
    std::uint32_t transaction = kNoTransaction;  // of `transactions`: the one that decided
  };
  static constexpr std::uint32_t kNoTransaction = ~std::uint32_t{0};

  // One that is over, or was lost.
  struct Transaction {
    TimePoint sent;      // the end of its content was put out; `over` where that never was
    TimePoint over;      // its last reply came, or it was known that none will
    KeptReply end = {};  // as in `ends`
  };

  // How the attempt came to its end.
  enum class Ending : std::uint8_t {
    over,       // the server has answered for all recipients
    lost,       // the connection was, or none came about
    abandoned,  // the run was stopped
  };

  // Forgets what was there and keeps the room for it.
  void begin(std::uint64_t its_message, unsigned its_attempt, std::size_t its_recipients);

  // Takes a copy of the reply, as much of it as is kept.
  KeptReply keep(const smtp::Reply& reply);
  // Code and text as the server sent them; lines after the first follow an LF, without their code.
  [[nodiscard]] std::string_view text(const KeptReply& reply) const {
    return std::string_view(texts_).substr(reply.begin, reply.length);
  }

  [[nodiscard]] DeliveryOutcome outcome() const;
  // The reply that gave the outcome: the last yes to the end of a transaction; else the last no
  // that makes of a recipient what the outcome says, or the no to the opening of its session. None
  // where a connection was lost without one.
  [[nodiscard]] KeptReply reply() const;
  // The reply to the end of the message that left a recipient in doubt; none where the loss of the
  // connection did.
  [[nodiscard]] KeptReply unclear_end(const Recipient& recipient) const;

  std::uint64_t message = 0;          // its number in the run
  std::string_view kind;              // of the message, where its source has kinds
  unsigned attempt = 1;               // of this message: the how-manieth
  std::uint64_t session = 0;          // its number, from 0
  TimePoint intended;                 // when it was due
  TimePoint begun;                    // its session turned to it
  std::uint64_t bytes = 0;            // of its content, once all of that was on its way
  std::uint64_t content_sent = 0;     // bytes: the same for each transaction, added up
  std::string_view tls_version;       // "TLSv1.3"; empty: none. For ever valid
  std::vector<Recipient> recipients;  // as the message's source numbers them
  // Which recipients of the whole message these are, where only some were left; empty: all.
  std::vector<std::uint32_t> numbers;
  std::vector<Transaction> transactions;
  // The replies by which its transactions ended, one each: to the end of the message, or the no
  // before it. None for a transaction of which all recipients were refused.
  std::vector<KeptReply> ends;
  KeptReply opening;  // the first no to the opening of its session, until the message is sent there
  Ending ending = Ending::over;

 private:
  std::string texts_;
  KeptReply last_;  // that was kept: recipients mostly get the same one
};

// Is told of each message that a session has turned to, when this attempt is over.
class DeliveryObserver {
 public:
  virtual ~DeliveryObserver() = default;

  // `messages`: where the message came from. What is handed over holds during the call.
  virtual void delivered(const Delivery& delivery, const smtp::MessageSource& messages,
                         TimePoint now) = 0;
};

}  // namespace millrace::source
