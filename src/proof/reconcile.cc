#include "proof/reconcile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <future>
#include <optional>
#include <utility>

#include "base/diagnostics.h"
#include "proof/entry.h"
#include "proof/journals.h"
#include "proof/sorted_entries.h"
#include "proof/tally.h"

namespace millrace::proof {
namespace {

// How long before the death of a sink it may have written down what it has not said yes to.
constexpr Micros kUnconfirmed{1'000'000};

// Whether they listened at one address, so that the first was not there any more when the other
// was.
bool took_place(const Journal& one, const Journal& other) {
  return std::ranges::find_first_of(one.addresses, other.addresses) != one.addresses.end();
}

class Reconciler {
 public:
  Reconciler(const std::vector<std::string>& sent, const std::vector<std::string>& taken,
             const ReconcileOptions& options)
      : options_(options),
        sent_(open_journals(sent, Side::sent)),
        taken_(open_journals(taken, Side::taken)),
        sent_entries_(options.memory / 2, options.directory),
        taken_entries_(options.memory / 2, options.directory),
        tally_(result_, align(sent_, taken_, options.clock_offset)) {}

  Reconciliation run();

 private:
  void read_sent();
  void read_taken();
  void read_taken(std::size_t number);
  void judge();
  void fold_message(std::uint64_t key, MessageFold& fold);
  void conclude(std::uint64_t key, MessageFold& fold);
  void note_way(const Conclusion& conclusion, const Journal& source);
  [[nodiscard]] bool wanted(std::size_t sort) const;
  void tell(const Fault& fault);
  [[nodiscard]] bool sinks_know_all() const;

  const ReconcileOptions& options_;
  std::vector<Journal> sent_;
  std::vector<Journal> taken_;
  SortedEntries<SentEntry> sent_entries_;
  SortedEntries<TakenEntry> taken_entries_;
  NameGroups kinds_;
  NameGroups domains_;
  Reconciliation result_;
  Tally tally_;
  Knowledge knowledge_;
  std::array<std::size_t, kFaultSorts> told_{};  // faults
};

Reconciliation Reconciler::run() {
  // Two threads until both are sorted. Only this one counts and tells.
  auto reading = std::async(std::launch::async, [this] { read_sent(); });
  read_taken();
  reading.get();
  judge();
  tally_.finish(kinds_, domains_);
  for (Journal& journal : sent_) result_.sent.push_back(std::move(journal.read));
  for (Journal& journal : taken_) result_.taken.push_back(std::move(journal.read));
  result_.spills = sent_entries_.spills() + taken_entries_.spills();
  return std::move(result_);
}

void Reconciler::read_sent() {
  for (std::size_t number = 0; number < sent_.size(); ++number) {
    Journal& journal = sent_[number];
    JournalReader reader(journal.read.path, Side::sent);
    for (SentRecord record; reader.next(record); ++journal.read.records) {
      sent_entries_.add(entry_of(record, number, reader.text()));
    }
    journal.finish(reader);
    journal.kinds = kinds_.groups(reader, NameOf::kind);
    journal.domains = domains_.groups(reader, NameOf::domain);
  }
  sent_entries_.sort();
}

void Reconciler::read_taken() {
  for (Journal& journal : sent_) journal.read.unseen = true;
  for (std::size_t number = 0; number < taken_.size(); ++number) read_taken(number);
  taken_entries_.sort();
}

void Reconciler::read_taken(std::size_t number) {
  Journal& journal = taken_[number];
  JournalReader reader(journal.read.path, Side::taken);
  std::array<std::optional<std::size_t>, 256> sources;  // by the journal's number of a run
  std::size_t runs = 0;                                 // that were looked up
  std::uint64_t strangers = 0;
  std::uint64_t forged = 0;
  bool known = false;
  for (TakenRecord record; reader.next(record); ++journal.read.records) {
    for (; runs < reader.names(NameOf::run); ++runs) {
      sources[runs] = place_of_run(sent_, reader.name(NameOf::run, runs));
    }
    const bool stamped = is_stamped(record.verdict) && record.run != 0;
    const Micros taken = journal.axis + record.taken;
    journal.last = std::max(journal.last, taken);
    if (stamped && sources[record.run]) {
      taken_entries_.add(entry_of(record, *sources[record.run], number, reader.text()));
      sent_[*sources[record.run]].read.unseen = false;
      known = true;
      continue;
    }
    strangers += stamped ? 1 : 0;
    forged += record.verdict == TakenVerdict::forged ? 1 : 0;
    record.taken = taken;
    tally_.add_stray(record);
    if (wanted(sort_of_stray(record.verdict))) {
      tell(stray(record, reader.name(NameOf::run, record.run), journal, reader.text()));
    }
  }
  if (!known && strangers > 0) {
    throw Fatal(fmt::format(
        "{}: its messages are of other runs than {}", journal.read.path,
        sent_.size() == 1 ? "that of " + sent_.front().read.path : "those of what was sent"));
  }
  for (std::size_t place = 0; place < reader.names(NameOf::address); ++place) {
    journal.addresses.emplace_back(reader.name(NameOf::address, place));
  }
  journal.read.forged_only = !known && forged > 0;
  journal.finish(reader);
}

// Whether what is in no journal of a sink did not arrive. One that broke off may have had more to
// come, unless another sink was there afterwards to take it, and ended in order: where the first
// one listened, which it did not any more then; and on the same machine, which had not died in
// between, for that takes what was written and not on its disk yet.
bool Reconciler::sinks_know_all() const {
  return std::all_of(taken_.begin(), taken_.end(), [this](const Journal& one) {
    return !one.read.broke_off ||
           std::any_of(taken_.begin(), taken_.end(), [&one](const Journal& other) {
             return !other.read.broke_off && one.read.records > 0 && same_clock(one, other) &&
                    other.axis >= one.last && took_place(one, other);
           });
  });
}

void Reconciler::judge() {
  result_.all_taken = sinks_know_all();
  const bool one_clock = std::all_of(taken_.begin(), taken_.end(), [this](const Journal& one) {
    return same_clock(one, taken_.front());
  });
  knowledge_ = {
      .all_taken = result_.all_taken, .one_clock = one_clock, .late_after = options_.late_after};
  const auto next = [](const auto& entries) {
    return entries.empty() ? ~std::uint64_t{0} : message_key(entries.front().key);
  };
  MessageFold fold;
  while (!sent_entries_.empty() || !taken_entries_.empty()) {
    const std::uint64_t key = std::min(next(sent_entries_), next(taken_entries_));
    fold_message(key, fold);
    conclude(key, fold);
    ++result_.messages;
  }
}

void Reconciler::fold_message(std::uint64_t key, MessageFold& fold) {
  fold.clear();
  const Journal& source = sent_[source_of(key)];
  for (; !sent_entries_.empty() && message_key(sent_entries_.front().key) == key;
       sent_entries_.pop()) {
    SentRecord record = record_of(sent_entries_.front());
    record.due += source.axis;
    record.sent += source.axis;
    record.acknowledged += source.axis;
    fold.add(record, place_of(sent_entries_.front().place));
  }
  for (; !taken_entries_.empty() && message_key(taken_entries_.front().key) == key;
       taken_entries_.pop()) {
    const std::uint64_t origin = taken_entries_.front().origin;
    const Journal& journal = taken_[journal_of(origin)];
    TakenRecord record = record_of(taken_entries_.front());
    record.taken += journal.axis;
    // An address may end as a token does and have none. Of a source that broke off such a recipient
    // may be one of whom it had still to tell.
    if (!source.read.broke_off && fold.lacks(record.recipient)) {
      record.recipient = kUnknownRecipient;
    }
    const bool confirmed = !journal.read.broke_off || record.taken < journal.last - kUnconfirmed;
    fold.add(record, confirmed, origin);
  }
}

void Reconciler::conclude(std::uint64_t key, MessageFold& fold) {
  const Journal& source = sent_[source_of(key)];
  knowledge_.all_sent = !source.read.broke_off;
  fold.conclude(knowledge_, [&](const Conclusion& conclusion) {
    const bool known = conclusion.sent != nullptr;
    const std::uint16_t kind = source.kind_group(known ? conclusion.sent->decisive.kind : 0);
    const std::uint16_t domain = source.domain_group(known ? conclusion.sent->decisive.domain : 0);
    tally_.add(conclusion, kind, domain);
    note_way(conclusion, source);
    if (!is_fault(conclusion) || !wanted(sort_of(conclusion))) return;
    Fault fault = fault_of(conclusion, source, message_of(key), taken_);
    if (known) {
      fault.kind = kinds_.name(kind);
      fault.domain = domains_.name(domain);
    }
    tell(fault);
  });
  result_.whose_unknown += fold.whose_unknown() ? 1 : 0;
}

// How long it took at least, as the clocks have it. Of what may have been sent before, nobody knows
// which attempt arrived. A source that has the clock of the sink tells nothing of it.
void Reconciler::note_way(const Conclusion& conclusion, const Journal& source) {
  if (conclusion.verdict != Verdict::delivered || conclusion.sent->accepted > 1 ||
      conclusion.sent->in_doubt > 0) {
    return;
  }
  Journal& sink = taken_[journal_of(conclusion.taken->origin)];
  if (!sink.read.one_clock && same_clock(source, sink)) return;
  std::optional<Micros>& shortest = sink.read.shortest;
  const Micros way = conclusion.taken->first - conclusion.sent->decisive.sent;
  shortest = std::min(shortest.value_or(way), way);
}

bool Reconciler::wanted(std::size_t sort) const {
  return options_.fault && told_[sort] < options_.most_faults;
}

void Reconciler::tell(const Fault& fault) {
  ++told_[fault.sort];
  ++result_.faults_told;
  options_.fault(fault);
}

}  // namespace

Reconciliation reconcile(const std::vector<std::string>& sent,
                         const std::vector<std::string>& taken, const ReconcileOptions& options) {
  if (sent.empty() || taken.empty()) throw Fatal("reconcile: journals of both sides are needed");
  if (sent.size() > kMostSentJournals || taken.size() > kMostTakenJournals) {
    throw Fatal(fmt::format("reconcile: more than {} journals of sources or {} of sinks",
                            kMostSentJournals, kMostTakenJournals));
  }
  return Reconciler(sent, taken, options).run();
}

}  // namespace millrace::proof
