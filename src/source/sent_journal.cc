#include "source/sent_journal.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>

#include "base/diagnostics.h"
#include "proof/run_id.h"
#include "source/queue_id.h"

namespace millrace::source {
namespace {

using proof::SentOutcome;

constexpr std::size_t kMostKinds = 256;

// A row a fate, in their order. (When an attempt is over none is agreed, nor open unless there was
// no attempt.)
constexpr std::array<SentOutcome, kFateNames.size()> kOutcomes = {
    SentOutcome::never_sent, SentOutcome::never_sent, SentOutcome::accepted,  SentOutcome::refused,
    SentOutcome::refused,    SentOutcome::in_doubt,   SentOutcome::never_sent};

bool is_no(const Delivery::KeptReply& reply) { return reply.given() && !reply.positive(); }

// The reply that decided of a recipient, or left it in doubt; none where there was none.
Delivery::KeptReply deciding_reply(const Delivery& delivery, const Delivery::Recipient& recipient,
                                   SentOutcome outcome, bool lmtp) {
  if (outcome == SentOutcome::in_doubt) return delivery.unclear_end(recipient);
  const bool begun = recipient.transaction != Delivery::kNoTransaction;
  const Delivery::KeptReply end =
      begun ? delivery.transactions[recipient.transaction].end : Delivery::KeptReply{};
  if (outcome == SentOutcome::accepted) return lmtp ? recipient.reply : end;
  if (is_no(recipient.reply)) return recipient.reply;
  return is_no(end) ? end : delivery.opening;
}

}  // namespace

WorkerJournal::WorkerJournal(SentJournal& journal)
    : journal_(journal),
      writer_(journal.file_),
      kinds_(journal.kinds_),
      domains_(journal.domains_) {}

void WorkerJournal::delivered(const Delivery& delivery, const smtp::MessageSource& messages,
                              TimePoint now) {
  proof::SentRecord record{.message = delivery.message,
                           .kind = kind_of(delivery),
                           .due = journal_.stamps_.in_journal(delivery.intended)};
  for (std::size_t place = 0; place < delivery.recipients.size(); ++place) {
    const Delivery::Recipient& recipient = delivery.recipients[place];
    const std::size_t number = delivery.numbers.empty() ? place : delivery.numbers[place];
    const bool begun = recipient.transaction != Delivery::kNoTransaction;
    const Delivery::Transaction transaction = begun
                                                  ? delivery.transactions[recipient.transaction]
                                                  : Delivery::Transaction{.sent = now, .over = now};
    record.domain = domain_of(delivery, place, messages);
    record.outcome = kOutcomes[static_cast<std::size_t>(recipient.fate)];
    record.sent = journal_.stamps_.in_journal(transaction.sent);
    record.acknowledged = journal_.stamps_.in_journal(transaction.over);
    const Delivery::KeptReply reply =
        deciding_reply(delivery, recipient, record.outcome, journal_.lmtp_);
    record.code = reply.code;
    const std::string_view said = delivery.text(reply);
    add(record, number, record.outcome == SentOutcome::accepted ? queue_id(said) : said);
  }
}

const smtp::MessageSource& WorkerJournal::messages() {
  if (!messages_) messages_ = journal_.workload_.messages();
  return *messages_;
}

void WorkerJournal::never_begun(const Arrival& arrival, TimePoint now) {
  never_begun_.begin(arrival.message, arrival.attempt, messages().recipients(arrival.message));
  never_begun_.kind = messages().kind(arrival.message);
  never_begun_.intended = arrival.intended;
  delivered(never_begun_, messages(), now);
}

void WorkerJournal::leave_for_later(const DealtArrivals& arrivals, TimePoint now) {
  if (arrivals.due(now)) left_.emplace(Left{arrivals, now});
}

bool WorkerJournal::tell_left(std::uint64_t records) {
  if (!left_) return false;
  for (const std::uint64_t before = told_; left_->any() && told_ - before < records;) {
    never_begun(*left_->arrivals.at_hand(), left_->by);
    left_->arrivals.pass();
  }
  return left_->any();
}

// A number that is too large for a record is one that could not be written.
void WorkerJournal::add(proof::SentRecord& record, std::size_t recipient, std::string_view text) {
  ++told_;
  record.recipient = static_cast<std::uint16_t>(recipient);
  const int error = recipient < proof::kMostRecipients ? writer_.add(record, text) : EOVERFLOW;
  if (error == 0) return;
  ++lost_;
  journal_.failed(error);
}

std::uint8_t WorkerJournal::kind_of(const Delivery& delivery) {
  return delivery.kind.empty() ? std::uint8_t{0}
                               : static_cast<std::uint8_t>(kinds_.number(delivery.kind));
}

std::uint16_t WorkerJournal::domain_of(const Delivery& delivery, std::size_t place,
                                       const smtp::MessageSource& messages) {
  if (only_domain_) return *only_domain_;
  const std::uint16_t domain = domains_.number(domain_.of(messages, delivery.message, place));
  if (journal_.one_domain_ && domain != journal_.domains_.others()) only_domain_ = domain;
  return domain;
}

void WorkerJournal::flush() {
  if (const int error = writer_.flush(); error != 0) journal_.failed(error);
}

void WorkerJournal::end_run() {
  std::uint64_t untold = 0;
  for (; left_ && left_->any(); left_->arrivals.pass()) {
    untold += messages().recipients(left_->arrivals.at_hand()->message);
  }
  left_.reset();
  told_ += untold;
  lost_ += untold;
}

void WorkerJournal::finish() {
  flush();
  lost_ += writer_.waiting();
  writer_.discard();
}

SentJournal::SentJournal(const StampOptions& options, const mail::Workload& workload, bool lmtp,
                         unsigned workers)
    : stamps_(options),
      workload_(workload),
      one_domain_(!workload.variety().domains),
      lmtp_(lmtp),
      file_(options.journal, stamps_.header(), options.sync),
      kinds_(file_, proof::NameOf::kind, kMostKinds),
      domains_(file_, proof::NameOf::domain, proof::kMostNames) {
  for (unsigned number = 0; number < workers; ++number) workers_.emplace_back(*this);
}

void SentJournal::failed(int error) {
  int none = 0;
  error_.compare_exchange_strong(none, error, std::memory_order_relaxed);
}

metrics::JournalTotals SentJournal::finish() {
  metrics::JournalTotals totals{.run = proof::to_text(file_.header().run), .path = file_.path()};
  for (WorkerJournal& worker : workers_) {
    worker.finish();
    totals.records += worker.told() - worker.lost();
    totals.lost += worker.lost();
  }
  if (totals.lost > 0) {
    const std::string lacks = fmt::format("{} lacks {} of {} records", file_.path(), totals.lost,
                                          totals.lost + totals.records);
    const int error = error_;
    report_fatal(error != 0 ? describe_error(lacks, error) : lacks + ": the run was ended at once");
  } else if (const int error = file_.close(); error != 0) {
    report_fatal(describe_error(file_.path() + " could not be closed", error));
  } else {
    whole_ = true;
  }
  return totals;
}

}  // namespace millrace::source
