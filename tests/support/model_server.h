// A server for the tests of a client's transactions: it reads commands, answers them in order, and
// knows what it has delivered to whom. What it refuses, an oracle says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/output.h"
#include "smtp/message_source.h"
#include "smtp/verb.h"

namespace millrace::test {

// Messages that say who they are: message 3 is from <3@x>, to <0@3>, <1@3>, ..., its content "3".
class NumberedMessages final : public smtp::MessageSource {
 public:
  // `recipients`: how many each message has; they take turns in them.
  explicit NumberedMessages(std::vector<std::size_t> recipients)
      : recipients_(std::move(recipients)) {}

  [[nodiscard]] std::size_t recipients(std::uint64_t message) const override {
    return recipients_[message % recipients_.size()];
  }
  [[nodiscard]] std::size_t most_recipients() const override {
    return *std::max_element(recipients_.begin(), recipients_.end());
  }
  void append_xforward(std::uint64_t message, Output& out) const override;
  void append_mail(std::uint64_t message, smtp::ExtensionSet used, Output& out) const override;
  void append_rcpt(std::uint64_t message, std::size_t recipient, smtp::ExtensionSet used,
                   Output& out) const override;
  void append_content(std::uint64_t message, Output& out) const override;
  [[nodiscard]] std::uint64_t content_size(std::uint64_t message) const override;
  void append_chunk(std::uint64_t message, std::uint64_t offset, std::uint64_t length,
                    Output& out) const override;

 private:
  std::vector<std::size_t> recipients_;
};

// How servers differ where the RFCs leave it open.
struct ServerHabits {
  bool lmtp = false;
  // What BDAT LAST without a recipient leaves behind: nothing, a transaction, or one in which no
  // BDAT is expected any more.
  enum class Hollow { closed, open, answered } hollow = Hollow::closed;
  bool refused_end_closes = true;   // BDAT LAST refused: the transaction is over
  bool spoilt_ends_at_last = true;  // a chunk refused: the last one ends the transaction
  bool content_for_nobody = false;  // DATA without a recipient is answered by 354, its end by 250
  int spoilt_code = 503;            // what follows a refused chunk is answered by
};

class ModelServer {
 public:
  using Recipient = std::pair<std::uint64_t, std::size_t>;  // message, its recipient
  struct Answer {
    smtp::Verb verb;
    int code;
  };

  // `refuses`: whether to say no where a server may.
  ModelServer(ServerHabits habits, std::function<bool()> refuses)
      : habits_(habits), refuses_(std::move(refuses)) {}

  // Takes what the client sent.
  void read(std::string_view bytes);

  std::deque<Answer> answers;               // not yet taken by the client
  std::map<Recipient, int> deliveries;      // how often each got its message
  std::set<Recipient> refused;              // said no to, where the server was ready for it
  std::set<std::uint64_t> refused_senders;  // the messages whose MAIL was refused so
  std::multiset<std::uint64_t> strays;      // content that went to another message's recipients
  std::size_t mails = 0;                    // MAIL commands
  std::uint64_t last_mail = 0;              // the message of the last

 private:
  void take_line(std::string_view line);
  void mail(std::string_view line);
  void rcpt(std::string_view line);
  void data();
  void chunk(std::string_view content, bool last);
  void deliver(smtp::Verb verb);
  void answer(smtp::Verb verb, int code) { answers.push_back({verb, code}); }
  void refuse_all();
  void close();

  ServerHabits habits_;
  std::function<bool()> refuses_;
  std::string unread_;
  std::string content_;
  std::vector<Recipient> accepted_;
  enum class State { idle, refused, open, spoilt, answered } state_ = State::idle;
  bool in_data_ = false;
};

}  // namespace millrace::test
