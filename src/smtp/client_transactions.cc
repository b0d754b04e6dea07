#include "smtp/client_transactions.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string>

#include "smtp/end_of_data.h"

namespace millrace::smtp {
namespace {

using Step = ClientTransactions::Step;
using Standing = ClientTransactions::Standing;

// The rules of a transaction, a row a step. What is sent goes from row to row by `then`, and what
// is answered follows it by the same ones. Without pipelining a step waits until the one before it
// is answered; content waits for the 354 to DATA in any case.
struct StepRule {
  Step step;
  Verb command;       // as the observer is told
  int expected;       // the first digit of a reply by which it goes on
  Standing refusal;   // what any other reply makes of it (to RCPT: all of the replies)
  Step then;          // for RCPT behind the last recipient, for chunks behind all content
  Step then_chunked;  // the same where content goes by BDAT
};

constexpr std::size_t kSteps = static_cast<std::size_t>(Step::none);
constexpr std::array<StepRule, kSteps> kRules = {{
    {Step::xforward, Verb::xforward, 2, Standing::sound, Step::mail, Step::mail},
    {Step::mail, Verb::mail, 2, Standing::refused, Step::rcpt, Step::rcpt},
    {Step::rcpt, Verb::rcpt, 2, Standing::refused, Step::data, Step::chunk},
    {Step::data, Verb::data, 3, Standing::refused, Step::content, Step::none},
    {Step::content, Verb::end_of_data, 2, Standing::sound, Step::none, Step::none},
    {Step::chunk, Verb::bdat, 2, Standing::spoilt, Step::none, Step::none},
}};

static_assert(std::ranges::adjacent_find(kRules, std::ranges::greater_equal(), &StepRule::step) ==
                  kRules.end(),
              "a row each, in their order");

const StepRule& rule(Step step) { return kRules[static_cast<std::size_t>(step)]; }

}  // namespace

void ClientTransactions::open(ExtensionSet used, const Capabilities& capabilities) {
  used_ = used;
  batches_.open(capabilities.mail_limit, capabilities.recipient_limit, source_.most_recipients());
}

void ClientTransactions::send(std::uint64_t message, Output& out) {
  batches_.add(message, source_.recipients(message));
  pump(out);
}

// Sends all that can be sent now.
void ClientTransactions::pump(Output& out) {
  for (;;) {
    if (!window_.empty() && !send_rest(window_.back(), out)) break;
    if (!batches_.waiting() || !may_begin()) break;
    begin();
  }
  if (reset_ != Reset::due || !window_.empty()) return;
  reset_ = Reset::awaited;
  ++outstanding_;
  out.append("RSET\r\n");
}

// Whether a transaction may begin now. (Where one may, none waits: pump() would have begun it.)
bool ClientTransactions::may_begin() const {
  if (reset_ != Reset::none) return false;
  if (window_.empty()) return true;
  return uses(Extension::pipelining) && window_.back().next == Step::none &&
         window_.size() < plan_.window && batches_.may_begin_behind();
}

void ClientTransactions::begin() {
  const Step first = uses(Extension::xforward) ? Step::xforward : Step::mail;
  const RecipientBatch batch = batches_.begin(/*behind=*/!window_.empty());
  window_.push_back({.batch = batch, .next = first, .awaited = first});
  observer_.transaction_begun(batch);
}

// Sends what is left of the last transaction. Returns false when that has to wait; one that has
// failed and is alone ends here.
bool ClientTransactions::send_rest(PendingTransaction& last, Output& out) {
  while (last.next != Step::none) {
    if (outstanding_ > 0 && !uses(Extension::pipelining)) return false;
    if (last.next == Step::content) return false;
    if (last.standing != Standing::sound) {
      finish();
      return true;
    }
    send_step(last, out);
    ++outstanding_;
  }
  return true;
}

void ClientTransactions::send_step(PendingTransaction& transaction, Output& out) {
  const std::uint64_t message = transaction.batch.message;
  bool done = true;  // with the step
  switch (transaction.next) {
    case Step::xforward:
      source_.append_xforward(message, out);
      break;
    case Step::mail:
      source_.append_mail(message, used_, out);
      break;
    case Step::rcpt:
      source_.append_rcpt(message, transaction.batch.first + transaction.named, used_, out);
      done = ++transaction.named == transaction.batch.count;
      break;
    case Step::chunk:
      done = send_chunk(transaction, out);
      break;
    default:
      out.append("DATA\r\n");
      break;
  }
  if (done) transaction.next = after(transaction.next);
}

// Returns whether that was the last one.
bool ClientTransactions::send_chunk(PendingTransaction& transaction, Output& out) {
  const std::uint64_t message = transaction.batch.message;
  const std::uint64_t rest = source_.content_size(message) - transaction.sent;
  const std::uint64_t length = plan_.chunk_size == 0 ? rest : std::min(rest, plan_.chunk_size);
  out.append("BDAT ");
  out.append(std::to_string(length));
  out.append(length == rest ? " LAST\r\n" : "\r\n");
  source_.append_chunk(message, transaction.sent, length, out);
  transaction.sent += length;
  ++transaction.chunks_unanswered;
  if (length == rest) observer_.content_ended(message);
  return length == rest;
}

PendingCommand ClientTransactions::pending_command() const {
  if (window_.empty()) return {.verb = reset_ == Reset::awaited ? Verb::rset : Verb::connect};
  const PendingTransaction& first = window_.front();
  return {.verb = rule(first.awaited).command,
          .message = first.batch.message,
          .recipient = first.batch.first + first.answered,
          .final = first.awaited == Step::content || ends_with(first)};
}

Outcome ClientTransactions::judge(const Reply& reply) const {
  if (window_.empty()) return reply.positive_completion() ? Outcome::expected : Outcome::refused;
  const PendingTransaction& first = window_.front();
  if (reply.code / 100 == rule(first.awaited).expected) return Outcome::expected;
  const bool foreseen = first.standing != Standing::sound || first.disturbed;
  return foreseen ? Outcome::tolerated : Outcome::refused;
}

bool ClientTransactions::take_reply(const Reply& reply, Outcome outcome, Output& out) {
  bool last = true;
  if (window_.empty()) {
    reset_ = Reset::none;
  } else {
    last = take_transaction_reply(window_.front(), reply, outcome == Outcome::expected, out);
  }
  if (last) --outstanding_;
  pump(out);
  return last;
}

bool ClientTransactions::take_transaction_reply(PendingTransaction& transaction, const Reply& reply,
                                                bool expected, Output& out) {
  switch (transaction.awaited) {
    case Step::mail:
      if (expected && transaction.disturbed) calm();
      break;
    case Step::rcpt:
      if (expected) ++transaction.accepted;
      if (++transaction.answered < transaction.batch.count) return true;
      expected = transaction.accepted > 0;
      break;
    case Step::data:
      if (expected) {
        send_content(transaction, out);
        break;
      }
      refuse(transaction);
      finish();
      return true;
    case Step::content:
      return take_content_reply(transaction, expected);
    case Step::chunk:
      return take_chunk_reply(transaction, reply, expected);
    default:  // XFORWARD
      break;
  }
  if (!expected) refuse(transaction);
  transaction.awaited = after(transaction.awaited);
  return true;
}

// 354 has come. When nothing is to be sent any more, an empty message ends the transaction.
void ClientTransactions::send_content(PendingTransaction& transaction, Output& out) {
  if (transaction.standing != Standing::sound) {
    out.append(kEndMark);
  } else {
    source_.append_content(transaction.batch.message, out);
    observer_.content_ended(transaction.batch.message);
    tell_sent(transaction);
  }
  transaction.replies_due = lmtp() ? std::max<std::size_t>(transaction.accepted, 1) : 1;
  transaction.next = Step::none;
  ++outstanding_;
}

bool ClientTransactions::take_content_reply(PendingTransaction& transaction, bool expected) {
  if (expected && transaction.standing == Standing::sound) count_taken(transaction);
  if (--transaction.replies_due > 0) return false;
  transaction.standing = Standing::sound;  // the end of the content has closed it
  finish();
  return true;
}

// Whether the next reply is to the last chunk.
bool ClientTransactions::ends_with(const PendingTransaction& transaction) {
  return transaction.awaited == Step::chunk && transaction.next == Step::none &&
         transaction.chunks_unanswered == 1;
}

bool ClientTransactions::take_chunk_reply(PendingTransaction& transaction, const Reply& reply,
                                          bool expected) {
  if (!ends_with(transaction)) {
    if (!expected) refuse(transaction);
    --transaction.chunks_unanswered;
    return true;
  }
  if (transaction.replies_due == 0) {  // the first reply to the last chunk
    transaction.replies_due = replies_to_last_chunk(transaction, reply);
  }
  if (expected) count_taken(transaction);
  if (--transaction.replies_due > 0) return false;
  if (transaction.taken > 0) {
    transaction.standing = Standing::sound;
    tell_sent(transaction);
  } else {
    refuse(transaction);
  }
  finish();
  return true;
}

// How many replies the last chunk gets, by the first of them: in LMTP one for each recipient that
// was accepted (RFC 2033, 4.2), whatever came before; but a refusal of the command itself stands
// alone, as it does behind a chunk that was refused, or where the server had expected none (503).
std::size_t ClientTransactions::replies_to_last_chunk(const PendingTransaction& transaction,
                                                      const Reply& reply) const {
  if (!lmtp() || transaction.accepted == 0) return 1;
  const bool each = reply.positive_completion() || transaction.standing == Standing::sound ||
                    (transaction.standing == Standing::refused && reply.code != 503);
  return each ? transaction.accepted : 1;
}

// The end of the message was answered well: in LMTP for one recipient, else for all.
void ClientTransactions::count_taken(PendingTransaction& transaction) const {
  transaction.taken += lmtp() ? 1 : transaction.accepted;
}

// With the first of its batches: the others may never get so far.
void ClientTransactions::tell_sent(const PendingTransaction& transaction) {
  if (batches_.first_sent(transaction.batch)) observer_.message_sent(transaction.batch.message);
}

// What is awaited of the first transaction was refused. Those that were sent behind it may find the
// server in its midst.
void ClientTransactions::refuse(PendingTransaction& first) {
  const Standing standing = rule(first.awaited).refusal;
  if (standing == Standing::sound) return;
  first.standing = standing;
  for (std::size_t later = 1; later < window_.size(); ++later) window_[later].disturbed = true;
}

// The server has begun a new transaction: nothing from before it is left open.
void ClientTransactions::calm() {
  for (std::size_t place = 0; place < window_.size(); ++place) window_[place].disturbed = false;
}

// Takes the first transaction out of the window; one that failed leaves the server to be reset.
void ClientTransactions::finish() {
  const PendingTransaction done = window_.front();
  window_.pop_front();
  const bool failed = done.standing != Standing::sound;
  const bool again = failed && done.disturbed;
  if (failed) reset_ = Reset::due;
  observer_.transaction_over(done.batch, done.taken, again);
  if (again) return batches_.send_again(done.batch);
  const std::uint64_t message = done.batch.message;
  const auto taken = batches_.finish(done.batch, done.taken);
  if (taken) observer_.message_over(message, *taken);
}

ClientTransactions::Step ClientTransactions::after(Step step) const {
  return uses(Extension::chunking) ? rule(step).then_chunked : rule(step).then;
}

}  // namespace millrace::smtp
