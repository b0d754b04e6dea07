#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/ring.h"

namespace millrace::smtp {

// Some recipients of a message, from number `first` on: what one transaction carries.
struct RecipientBatch {
  std::uint64_t message = 0;
  std::size_t first = 0;
  std::size_t count = 0;
  bool behind = false;  // its transaction was begun while another was under way
};

// The messages under way on a client session, in batches of as many recipients as a transaction
// may have (RCPTMAX), and how many transactions the server still allows (MAILMAX, RFC 9422).
//
//   add() -> begin() -> finish()      the message is over when all of its batches are
//               ^    -> send_again()  the server was not ready for it: it is the next to begin
//               +--------+
//
// What was begun behind another transaction may have to be sent again, and keeps a place for that
// in MAILMAX until it has ended; so does each batch that has not been begun.
class RecipientBatches {
 public:
  // A limit of 0 is none. `most_recipients`: of any message that may be added.
  void open(std::uint64_t mail_limit, std::uint64_t recipient_limit, std::size_t most_recipients);

  // Whether MAILMAX leaves room for another message, whichever it is; `behind`: while transactions
  // are under way.
  [[nodiscard]] bool has_room(bool behind) const {
    return mails_left_ >= reserved() + most_batches_ + (behind ? 1 : 0);
  }
  // Takes in a message, when all batches of the ones before have been begun.
  void add(std::uint64_t message, std::size_t recipients);
  // Whether no message is under way.
  [[nodiscard]] bool empty() const { return messages_.empty(); }

  // Whether a batch is to be begun.
  [[nodiscard]] bool waiting() const { return !again_.empty() || unbegun_ > 0; }
  // Whether MAILMAX lets it begin now, while others are under way; when none is, it may.
  [[nodiscard]] bool may_begin_behind() const { return mails_left_ > reserved(); }
  // Begins the next one, which counts as a MAIL.
  RecipientBatch begin(bool behind);

  // The content goes out with this batch: whether that is the first one of its message to do so.
  bool first_sent(const RecipientBatch& batch);

  // The transaction of the batch, begun behind another one, has ended with nothing decided.
  void send_again(const RecipientBatch& batch);
  // It has ended, and the server has taken the message for `taken` of the batch's recipients.
  // Returns for how many of all, when the message is over.
  std::optional<std::size_t> finish(const RecipientBatch& batch, std::size_t taken);

 private:
  // What has become so far of a message.
  struct Message {
    std::uint64_t number;
    std::size_t recipients;
    std::size_t begun = 0;    // of the recipients: by the batches begun, in order
    std::size_t decided = 0;  // by those that have finished
    std::size_t taken = 0;    // by the server
    bool sent = false;        // its content has gone out

    [[nodiscard]] bool over() const { return decided == recipients; }
  };

  [[nodiscard]] std::size_t batches(std::size_t recipients) const;
  [[nodiscard]] Message& find(std::uint64_t message);
  void leave(const RecipientBatch& batch) { behind_ -= batch.behind ? 1 : 0; }
  [[nodiscard]] std::uint64_t reserved() const { return again_.size() + unbegun_ + behind_; }

  Ring<Message> messages_;      // in the order given; what is over goes once it is the first
  Ring<RecipientBatch> again_;  // to be sent again, ahead of what has not been begun
  std::size_t unbegun_ = 0;     // batches of the last message
  std::size_t behind_ = 0;      // batches that are under way and were begun behind another
  std::uint64_t mails_left_ = 0;
  std::size_t recipient_limit_ = 0;
  std::size_t most_batches_ = 0;  // that a message may have
};

}  // namespace millrace::smtp
