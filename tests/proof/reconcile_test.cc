#include "proof/reconcile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/diagnostics.h"
#include "base/roll.h"
#include "made_up_journal.h"
#include "scratch_directory.h"

namespace millrace::proof {
namespace {

using namespace std::chrono_literals;
using tests::made_up_header;
using tests::run_number;
using tests::ScratchDirectory;

// A journal being written.
class Pen {
 public:
  Pen(const ScratchDirectory& scratch, const std::string& name, const JournalHeader& header)
      : file_(scratch.path(name), header), writer_(file_) {}

  void add(const SentRecord& record, std::string_view text = {}) {
    EXPECT_EQ(writer_.add(record, text), 0);
  }
  void add(const RunId& run, TakenRecord record, std::string_view text = {}) {
    EXPECT_EQ(writer_.run_index(run, record.run), 0);
    EXPECT_EQ(writer_.add(record, text), 0);
  }
  // What no run is known of.
  void add_stray(const TakenRecord& record) { EXPECT_EQ(writer_.add(record, {}), 0); }
  void name(NameOf what, std::uint16_t index, std::string_view text) {
    EXPECT_EQ(file_.name(what, index, text), 0);
  }
  void flush() { EXPECT_EQ(writer_.flush(), 0); }
  void close() {
    flush();
    EXPECT_EQ(file_.close(), 0);
  }

 private:
  JournalFile file_;
  JournalWriter writer_;
};

SentRecord sent(std::uint64_t message, Micros at, SentOutcome outcome = SentOutcome::accepted) {
  return {.message = message,
          .outcome = outcome,
          .code = 250,
          .due = at - 2ms,
          .sent = at,
          .acknowledged = at + 3ms};
}

TakenRecord taken(std::uint64_t message, Micros at, TakenVerdict verdict = TakenVerdict::same) {
  return {.message = message, .recipient = 0, .taken = at, .verdict = verdict};
}

struct Outcome {
  Reconciliation result;
  std::vector<Fault> faults;
};

Outcome reconciled(const ScratchDirectory& scratch, const std::vector<std::string>& sent_names,
                   const std::vector<std::string>& taken_names, ReconcileOptions options = {}) {
  const auto paths = [&](std::vector<std::string> names) {
    for (std::string& name : names) name = scratch.path(name);
    return names;
  };
  Outcome outcome;
  options.memory = std::min(options.memory, std::size_t{1} << 20);
  options.directory = scratch.path();
  options.fault = [&](const Fault& fault) { outcome.faults.push_back(fault); };
  outcome.result = reconcile(paths(sent_names), paths(taken_names), options);
  return outcome;
}

std::string refusal_of(const ScratchDirectory& scratch, const std::vector<std::string>& sent_names,
                       const std::vector<std::string>& taken_names) {
  try {
    reconciled(scratch, sent_names, taken_names);
  } catch (const Fatal& error) {
    return error.what();
  }
  return {};
}

TEST(Reconcile, TellsWhatBecameOfEachMessage) {
  const ScratchDirectory scratch;
  Pen source(scratch, "sent", made_up_header(Side::sent, run_number(1)));
  source.name(NameOf::kind, 0, "letter");
  source.name(NameOf::kind, 1, "bulk");
  source.name(NameOf::domain, 0, "a.test");
  for (std::uint64_t message = 0; message < 6; ++message) {
    SentRecord record = sent(message, Micros{1s} * (message + 1));
    record.kind = message == 5 ? 1 : 0;
    source.add(record, "id" + std::to_string(message));
  }
  source.add(sent(6, 9s, SentOutcome::refused), "no");
  source.close();
  Pen sink(scratch, "got", made_up_header(Side::taken, run_number(9), -5));  // five seconds earlier
  sink.add(run_number(1), taken(0, 6s + 10ms), "S0");
  sink.add(run_number(1), taken(1, 7s + 10ms));
  sink.add(run_number(1), taken(1, 7s + 20ms));
  TakenRecord altered = taken(2, 8s + 10ms);
  altered.verdict = TakenVerdict::footer_added;
  sink.add(run_number(1), altered, "S2");
  sink.add(run_number(1), taken(3, 5s + 4s + 70s));
  sink.add(run_number(1), taken(5, 11s + 10ms));
  sink.close();

  const auto [result, faults] = reconciled(scratch, {"sent"}, {"got"});
  EXPECT_EQ(result.start, Micros{1'577'836'800s});
  EXPECT_EQ(result.messages, 7U);
  EXPECT_EQ(result.whose_unknown, 0U);
  EXPECT_EQ(result.counts.accepted, 6U);
  EXPECT_EQ(result.counts.of(Verdict::delivered), 5U);
  EXPECT_EQ(result.counts.of(Verdict::lost), 1U);
  EXPECT_EQ(result.counts.of(Verdict::refused), 1U);
  EXPECT_EQ(result.counts.in_order, 2U);
  EXPECT_EQ(result.counts.duplicated, 1U);
  EXPECT_EQ(result.counts.surplus_copies, 1U);
  EXPECT_EQ(result.counts.altered, 1U);
  EXPECT_EQ(result.counts.late, 1U);
  EXPECT_EQ(result.latency.sent.count(), 5U);
  EXPECT_EQ(result.latency.sent.least(), 10'000U);
  EXPECT_EQ(result.latency.due.least(), 12'000U);
  EXPECT_EQ(result.latency.acknowledged.least(), 7'000U);
  EXPECT_EQ(result.taken.at(0).shortest, 10ms);
  ASSERT_EQ(result.by_kind.size(), 2U);
  EXPECT_EQ(result.by_kind[0].name, "letter");
  EXPECT_EQ(result.by_kind[0].latency.sent.count(), 4U);
  EXPECT_EQ(result.by_kind[1].name, "bulk");
  ASSERT_EQ(result.by_domain.size(), 1U);
  EXPECT_EQ(result.by_domain[0].name, "a.test");
  ASSERT_EQ(result.series.size(), 75U);
  EXPECT_EQ(result.series[1].accepted, 1U);
  EXPECT_EQ(result.series[1].arrived, 1U);
  EXPECT_EQ(result.series[4].backlog, 1);
  EXPECT_EQ(result.series[5].backlog, 2);
  EXPECT_EQ(result.series[74].backlog, 1);
  EXPECT_EQ(result.series[74].faults, 1U);

  ASSERT_EQ(faults.size(), 4U);
  EXPECT_EQ(result.faults, 4U);
  EXPECT_EQ(faults[0].message, 1U);
  EXPECT_EQ(faults[0].surplus, 1U);
  EXPECT_EQ(faults[1].comparison, TakenVerdict::footer_added);
  EXPECT_EQ(faults[1].sent_text, "id2");
  EXPECT_EQ(faults[1].taken_text, "S2");
  EXPECT_EQ(faults[1].taken_in, scratch.path("got"));
  EXPECT_EQ(faults[1].run, "00000000000000070000000000000001");
  EXPECT_EQ(faults[1].sent, Micros{1'577'836'803s});
  EXPECT_EQ(faults[1].taken, Micros{1'577'836'803s} + 10ms);
  EXPECT_EQ(faults[1].kind, "letter");
  EXPECT_EQ(faults[1].domain, "a.test");
  EXPECT_TRUE(faults[2].late);
  EXPECT_EQ(faults[3].verdict, Verdict::lost);
  EXPECT_EQ(faults[3].sent_text, "id4");
}

TEST(Reconcile, TellsStraysApart) {
  const ScratchDirectory scratch;
  Pen source(scratch, "sent", made_up_header(Side::sent, run_number(1)));
  source.add(sent(0, 1s));
  source.close();
  Pen sink(scratch, "got", made_up_header(Side::taken, run_number(9)));
  sink.add(run_number(1), taken(0, 1s));
  sink.add(run_number(2), taken(0, 1s));
  sink.add(run_number(1), taken(77, 1s));
  sink.add_stray({.taken = 2s, .verdict = TakenVerdict::unstamped});
  sink.add_stray({.taken = 2s, .verdict = TakenVerdict::forged});
  sink.close();
  const auto [result, faults] = reconciled(scratch, {"sent"}, {"got"});
  EXPECT_EQ(result.counts.of(Verdict::delivered), 1U);
  EXPECT_EQ(result.counts.of(Verdict::unexpected), 4U);
  EXPECT_EQ(result.counts.other_run, 1U);
  EXPECT_EQ(result.counts.unstamped, 1U);
  EXPECT_EQ(result.counts.forged, 1U);
  ASSERT_EQ(faults.size(), 4U);
  EXPECT_EQ(faults[0].run, "00000000000000070000000000000002");
  EXPECT_EQ(faults[1].run, "");
  EXPECT_EQ(faults[3].message, 77U);
}

// As where an address is news-7-1@a.test without a token.
TEST(Reconcile, ANumberThatIsOfNoRecipientIsNobodys) {
  const ScratchDirectory scratch;
  for (const bool died : {false, true}) {
    Pen source(scratch, died ? "sent-died" : "sent", made_up_header(Side::sent, run_number(1)));
    source.add(sent(7, 1s));
    SentRecord record = sent(8, 1s);
    for (; record.recipient < 3; ++record.recipient) source.add(record);
    died ? source.flush() : source.close();
  }
  Pen sink(scratch, "got", made_up_header(Side::taken, run_number(9)));
  const auto take = [&](std::uint64_t message, std::uint16_t recipient) {
    TakenRecord record = taken(message, 1s);
    record.recipient = recipient;
    sink.add(run_number(1), record);
  };
  take(7, 1);
  take(8, 1);
  take(8, 5);
  take(8, 5);
  // Of which its source says nothing.
  take(9, 1);
  take(9, 2);
  sink.close();
  const auto counts = reconciled(scratch, {"sent"}, {"got"}).result.counts;
  EXPECT_EQ(counts.of(Verdict::delivered), 4U);
  EXPECT_EQ(counts.of(Verdict::lost), 0U);
  EXPECT_EQ(counts.of(Verdict::unexpected), 2U);
  EXPECT_EQ(counts.duplicated, 0U);
  // It may have had to tell of these.
  const auto died = reconciled(scratch, {"sent-died"}, {"got"}).result.counts;
  EXPECT_EQ(died.of(Verdict::delivered), 1U);
  EXPECT_EQ(died.of(Verdict::lost), 3U);
  EXPECT_EQ(died.of(Verdict::doubt_seen), 4U);
}

TEST(Reconcile, TellsNoMoreFaultsThanAreAskedFor) {
  const ScratchDirectory scratch;
  Pen source(scratch, "sent", made_up_header(Side::sent, run_number(1)));
  for (std::uint64_t message = 0; message < 10; ++message) source.add(sent(message, 1s));
  source.close();
  Pen sink(scratch, "got", made_up_header(Side::taken, run_number(9)));
  sink.close();
  const auto [result, faults] = reconciled(scratch, {"sent"}, {"got"}, {.most_faults = 3});
  EXPECT_EQ(faults.size(), 3U);
  EXPECT_EQ(result.faults, 10U);
  EXPECT_EQ(result.faults_told, 3U);
}

TEST(Reconcile, TellsSomeOfEachSortHoweverManyThereAreOfAnother) {
  const ScratchDirectory scratch;
  Pen source(scratch, "sent", made_up_header(Side::sent, run_number(1)));
  Pen sink(scratch, "got", made_up_header(Side::taken, run_number(9)));
  for (std::uint64_t message = 0; message < 10; ++message) {
    sink.add_stray({.taken = 1s, .verdict = TakenVerdict::unstamped});
    sink.add_stray({.taken = 1s, .verdict = TakenVerdict::forged});
    sink.add(run_number(2), taken(message, 1s));
  }
  for (std::uint64_t message = 0; message < 50; ++message) source.add(sent(message, 1s));
  for (std::uint64_t message = 60; message < 70; ++message) source.add(sent(message, 1s));
  for (std::uint64_t message = 0; message < 10; ++message) {
    sink.add(run_number(1), taken(60 + message, 2h));
    sink.add(run_number(1), taken(60 + message, 2h));
    sink.add(run_number(1), taken(message, 2h));
    sink.add(run_number(1), taken(10 + message, 2s));
    sink.add(run_number(1), taken(10 + message, 2s));
    sink.add(run_number(1), taken(20 + message, 2s, TakenVerdict::truncated));
    sink.add(run_number(1), taken(30 + message, 2h, TakenVerdict::truncated));
    sink.add(run_number(1), taken(50 + message, 2s));
  }
  source.close();
  sink.close();
  const auto [result, faults] = reconciled(scratch, {"sent"}, {"got"}, {.most_faults = 2});
  EXPECT_EQ(result.faults, 100U);
  std::string told;
  for (const Fault& fault : faults) {
    told += is_stamped(fault.comparison) ? std::to_string(fault.message) + " " : "- ";
  }
  EXPECT_EQ(told, "- - 0 - - 1 0 1 10 11 20 21 30 31 40 41 50 51 60 61 ");
}

TEST(Reconcile, DoesNotConcludeWhatJournalsThatBrokeOffCannotKnow) {
  const ScratchDirectory scratch;
  const auto verdicts = [](const Outcome& outcome) {
    const ProofCounts& counts = outcome.result.counts;
    return std::tuple(counts.of(Verdict::delivered), counts.of(Verdict::lost),
                      counts.of(Verdict::undecided), counts.of(Verdict::doubt_seen),
                      counts.of(Verdict::unexpected), counts.duplicated);
  };
  using Counts = std::tuple<int, int, int, int, int, int>;
  for (const bool died : {false, true}) {
    const std::string name = died ? "sent-died" : "sent";
    Pen source(scratch, name, made_up_header(Side::sent, run_number(1)));
    for (std::uint64_t message = 0; message < 4; ++message) source.add(sent(message, 1s));
    died ? source.flush() : source.close();
  }
  const auto take = [&](std::string_view name, std::uint64_t run, std::int64_t start, bool died,
                        std::initializer_list<std::pair<std::uint64_t, Micros>> messages,
                        std::uint64_t boot = 1, std::string_view address = "[127.0.0.1]:25") {
    Pen sink(scratch, std::string(name), made_up_header(Side::taken, run_number(run), start, boot));
    sink.name(NameOf::listener, 0, "in");
    sink.name(NameOf::address, 0, "[::1]:" + std::to_string(run));
    sink.name(NameOf::address, 1, address);
    for (const auto& [message, at] : messages) sink.add(run_number(1), taken(message, at));
    died ? sink.flush() : sink.close();
  };
  take("got", 10, 0, false, {{0, 1s}, {9, 1s}});
  // One message twice long before its death, one twice when it died.
  take("died", 11, 0, true, {{0, 1s}, {0, 1s}, {1, 7500ms}, {1, 8s}});
  take("after", 12, 9, false, {{2, 1s}});
  take("beside", 13, 5, false, {{2, 1s}});
  take("at-once", 14, 8, true, {});
  take("exactly", 15, 8, false, {{2, 1s}});
  take("died-at-one", 16, 0, true, {{0, 1s}});
  // Where the first one did not listen, so that it may have lived on.
  take("next-door", 20, 9, false, {{2, 1s}}, 1, "[127.0.0.1]:26");
  // On another machine, or on one of which nothing is known.
  take("elsewhere", 17, 9, false, {{2, 1s}}, 2);
  take("died-unknown", 18, 0, true, {{0, 1s}, {0, 1s}, {1, 7500ms}, {1, 8s}}, 0);
  take("unknown", 19, 9, false, {{2, 1s}}, 0);
  EXPECT_EQ(verdicts(reconciled(scratch, {"sent"}, {"got"})), Counts(1, 3, 0, 0, 1, 0));
  EXPECT_EQ(verdicts(reconciled(scratch, {"sent-died"}, {"got"})), Counts(1, 3, 0, 1, 0, 0));
  EXPECT_EQ(verdicts(reconciled(scratch, {"sent"}, {"died"})), Counts(2, 0, 2, 0, 0, 1));
  EXPECT_EQ(verdicts(reconciled(scratch, {"sent"}, {"died", "after"})), Counts(3, 1, 0, 0, 0, 1));
  EXPECT_EQ(verdicts(reconciled(scratch, {"sent"}, {"died", "exactly"})), Counts(3, 1, 0, 0, 0, 1));
  EXPECT_EQ(verdicts(reconciled(scratch, {"sent"}, {"died-at-one", "after"})),
            Counts(2, 2, 0, 0, 0, 0));
  EXPECT_EQ(verdicts(reconciled(scratch, {"sent"}, {"died", "beside"})), Counts(3, 0, 1, 0, 0, 1));
  EXPECT_EQ(verdicts(reconciled(scratch, {"sent"}, {"died", "next-door"})),
            Counts(3, 0, 1, 0, 0, 1));
  EXPECT_EQ(verdicts(reconciled(scratch, {"sent"}, {"died", "elsewhere"})),
            Counts(3, 0, 1, 0, 0, 1));
  EXPECT_EQ(verdicts(reconciled(scratch, {"sent"}, {"died-unknown", "unknown"})),
            Counts(3, 0, 1, 0, 0, 1));
  EXPECT_EQ(verdicts(reconciled(scratch, {"sent"}, {"died", "at-once", "after"})),
            Counts(3, 0, 1, 0, 0, 1));
  const Reconciliation result = reconciled(scratch, {"sent-died"}, {"died"}).result;
  EXPECT_TRUE(result.sent.at(0).broke_off);
  EXPECT_TRUE(result.taken.at(0).broke_off);
  EXPECT_EQ(result.taken.at(0).records, 4U);
}

// The first may not have been answered, the second one came behind it.
TEST(Reconcile, DoesNotKnowWhichCopyCameLaterByTwoClocks) {
  const ScratchDirectory scratch;
  Pen source(scratch, "sent", made_up_header(Side::sent, run_number(1)));
  source.add(sent(0, 1s));
  source.close();
  const auto take = [&](const std::string& name, std::uint64_t run, Micros at, bool died,
                        std::uint64_t boot) {
    Pen sink(scratch, name, made_up_header(Side::taken, run_number(run), 0, boot));
    sink.add(run_number(1), taken(0, at));
    died ? sink.flush() : sink.close();
  };
  take("died", 10, 5s, true, 1);
  take("before", 11, 4s, false, 1);
  take("behind", 12, 6s, false, 1);
  take("elsewhere", 13, 4s, false, 2);
  for (const auto& [other, duplicated] :
       {std::pair{"before", 1}, {"behind", 0}, {"elsewhere", 0}}) {
    const ProofCounts counts = reconciled(scratch, {"sent"}, {"died", other}).result.counts;
    EXPECT_EQ(counts.duplicated, duplicated) << other;
    EXPECT_EQ(counts.of(Verdict::delivered), 1) << other;
  }
}

TEST(Reconcile, TakesTheClocksOfOtherMachinesWithWhatIsGiven) {
  const ScratchDirectory scratch;
  Pen source(scratch, "sent", made_up_header(Side::sent, run_number(1)));
  source.add(sent(0, 10s));
  source.close();
  JournalHeader header = made_up_header(Side::taken, run_number(8));
  header.start += 7'000'000;  // somebody set the clock
  Pen here(scratch, "here", header);
  here.add(run_number(1), taken(0, 10s + 20ms));
  here.close();
  header.boot = 2;
  header.run = run_number(9);
  Pen there(scratch, "there", header);
  there.add(run_number(1), taken(0, 10s + 20ms));
  there.close();
  const auto one = reconciled(scratch, {"sent"}, {"here"}, {.clock_offset = 5s}).result;
  EXPECT_TRUE(one.taken.at(0).one_clock);
  EXPECT_EQ(one.taken.at(0).shortest, 20ms);
  const auto other = reconciled(scratch, {"sent"}, {"there"}, {.clock_offset = -8s}).result;
  EXPECT_FALSE(other.taken.at(0).one_clock);
  EXPECT_EQ(other.taken.at(0).shortest, -1s + 20ms);
  EXPECT_EQ(other.latency.sent.most(), 0U);
}

// Source 2 and the sink are on one host, whose clock is five seconds ahead of that of source 1, and
// was set when only the first of them had begun.
TEST(Reconcile, AddsWhatIsGivenToAClockAndNotToSinksAlone) {
  const ScratchDirectory scratch;
  Pen source(scratch, "sent", made_up_header(Side::sent, run_number(1)));
  source.add(sent(0, 10s));
  source.close();
  JournalHeader header = made_up_header(Side::sent, run_number(2), 5, 2);
  Pen second(scratch, "sent-2", header);
  second.add(sent(0, 10s));
  second.close();
  Pen third(scratch, "sent-3", made_up_header(Side::sent, run_number(3), 0, 3));
  third.add(sent(0, 10s));
  third.close();
  header.side = Side::taken;
  header.run = run_number(9);
  header.start += 1'000'000'000;
  Pen sink(scratch, "got", header);
  sink.add(run_number(2), taken(0, 10s + 100ms));
  sink.add(run_number(1), taken(0, 10s + 200ms));
  sink.add(run_number(3), taken(0, 10s + 300ms));
  sink.close();
  const auto [result, faults] =
      reconciled(scratch, {"sent", "sent-2", "sent-3"}, {"got"}, {.clock_offset = -5s});
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(result.latency.sent.least(),
            metrics::Histogram::lowest_of(metrics::Histogram::slot_of(100'000)));
  EXPECT_EQ(result.latency.sent.most(),
            metrics::Histogram::highest_of(metrics::Histogram::slot_of(300'000)));
  EXPECT_EQ(result.sent.at(0).offset, 0s);
  EXPECT_EQ(result.sent.at(1).offset, -5s);
  EXPECT_EQ(result.sent.at(2).offset, 0s);
  EXPECT_EQ(result.taken.at(0).offset, -5s);
  // Source 2 tells nothing of the clock that it has itself.
  EXPECT_EQ(result.taken.at(0).shortest, 200ms);
}

TEST(Reconcile, CountsWhatIsBeyondTwoWeeks) {
  const ScratchDirectory scratch;
  Pen source(scratch, "sent", made_up_header(Side::sent, run_number(1)));
  source.add(sent(0, 1s));
  source.add(sent(1, 1s));
  source.close();
  Pen sink(scratch, "got", made_up_header(Side::taken, run_number(8)));
  sink.add(run_number(1), taken(0, 24h * 14 - 1s));
  sink.add(run_number(1), taken(1, 24h * 14));
  sink.close();
  const Reconciliation result =
      reconciled(scratch, {"sent"}, {"got"}, {.late_after = 24h * 30}).result;
  EXPECT_EQ(result.counts.of(Verdict::delivered), 2U);
  EXPECT_EQ(result.series.size(), std::size_t{14} * 86'400);
  EXPECT_EQ(result.series.back().arrived, 1U);
  EXPECT_EQ(result.beyond_series, 1U);
}

TEST(Reconcile, FindsTheShortestWayOfWhatWasSentOnceOnly) {
  const ScratchDirectory scratch;
  Pen source(scratch, "sent", made_up_header(Side::sent, run_number(1)));
  source.add(sent(0, 10s));
  source.add(sent(1, 10s, SentOutcome::in_doubt));
  source.add(sent(1, 20s));
  source.close();
  Pen sink(scratch, "got", made_up_header(Side::taken, run_number(8)));
  sink.add(run_number(1), taken(0, 10s + 30ms));
  sink.add(run_number(1), taken(1, 11s));  // the first attempt's, so before it was sent again
  sink.close();
  Pen other(scratch, "other", made_up_header(Side::taken, run_number(9)));
  other.close();
  const auto result = reconciled(scratch, {"sent"}, {"got", "other"}).result;
  EXPECT_EQ(result.counts.of(Verdict::delivered), 2U);
  EXPECT_EQ(result.taken.at(0).shortest, 30ms);
  EXPECT_FALSE(result.taken.at(1).shortest.has_value());
}

TEST(Reconcile, CountsWhatADomainIsShortOfWhereNothingOfItArrived) {
  const ScratchDirectory scratch;
  Pen source(scratch, "sent", made_up_header(Side::sent, run_number(1)));
  source.name(NameOf::domain, 0, "a.test");
  source.name(NameOf::domain, 1, "b.test");
  source.name(NameOf::domain, 2, "c.test");
  source.add(sent(0, 1s));
  SentRecord record = sent(1, 2s);
  record.domain = 1;
  source.add(record);
  source.close();
  JournalHeader header = made_up_header(Side::taken, run_number(8));
  header.unchecked = 1;
  Pen sink(scratch, "got", header);
  sink.add(run_number(1), taken(0, 1s + 20ms));
  sink.close();
  const auto result = reconciled(scratch, {"sent"}, {"got"}).result;
  ASSERT_EQ(result.by_domain.size(), 2U);
  EXPECT_EQ(result.by_domain[0].accepted, 1U);
  EXPECT_EQ(result.by_domain[0].faults, 0U);
  EXPECT_EQ(result.by_domain[1].name, "b.test");
  EXPECT_EQ(result.by_domain[1].accepted, 1U);
  EXPECT_EQ(result.by_domain[1].lost, 1U);
  EXPECT_EQ(result.by_domain[1].faults, 1U);
  EXPECT_TRUE(result.taken.at(0).unchecked);
  EXPECT_TRUE(result.all_taken);
  ASSERT_EQ(result.latency_series.size(), 1U);
  EXPECT_EQ(result.latency_series[0].second, 1U);
  EXPECT_EQ(result.latency_series[0].count, 1U);
}

TEST(Reconcile, HasTheTimesOfEachJournalFromItsOwnStart) {
  const ScratchDirectory scratch;
  Pen source(scratch, "sent", made_up_header(Side::sent, run_number(1)));
  Pen second(scratch, "sent-2", made_up_header(Side::sent, run_number(2), 40));
  Pen sink(scratch, "got", made_up_header(Side::taken, run_number(8), -30));
  Pen later(scratch, "got-2", made_up_header(Side::taken, run_number(9), 50));
  source.add(sent(0, 60s));
  second.add(sent(0, 20s));
  sink.add(run_number(1), taken(0, 90s + 20ms));
  later.add(run_number(2), taken(0, 10s + 20ms));
  for (Pen* const pen : {&source, &second, &sink, &later}) pen->close();
  const auto [result, faults] = reconciled(scratch, {"sent", "sent-2"}, {"got", "got-2"});
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(result.latency.sent.count(), 2U);
  EXPECT_EQ(result.latency.sent.least(), 20'000U);
  EXPECT_EQ(result.latency.sent.most(),
            metrics::Histogram::highest_of(metrics::Histogram::slot_of(20'000)));
  ASSERT_EQ(result.series.size(), 61U);
  EXPECT_EQ(result.series[60].arrived, 2U);
}

// As far apart as journals may have them, which no duration has room for.
TEST(Reconcile, TakesClocksThatAreAsFarApartAsCanBe) {
  constexpr std::int64_t kMost = std::int64_t{1} << 53U;  // microseconds
  for (const bool arrives_first : {false, true}) {
    const ScratchDirectory scratch;
    JournalHeader one = made_up_header(Side::sent, run_number(1));
    one.start = arrives_first ? 0 : kMost;
    one.start_monotonic = arrives_first ? kMost : 0;
    JournalHeader other = made_up_header(Side::sent, run_number(2), 0, 2);
    other.start = arrives_first ? kMost : 0;
    JournalHeader taking = made_up_header(Side::taken, run_number(8));
    taking.start_monotonic = arrives_first ? 0 : kMost;
    Pen(scratch, "sent", one).close();
    Pen source(scratch, "sent-2", other);
    source.add(sent(0, 1s));
    source.close();
    Pen sink(scratch, "got", taking);
    sink.add(run_number(2), taken(0, 1s));
    sink.close();
    const auto result = reconciled(scratch, {"sent", "sent-2"}, {"got"}).result;
    using metrics::Histogram;
    const std::uint64_t most =
        arrives_first ? 0 : Histogram::highest_of(Histogram::slot_of(Histogram::kMost));
    for (const Histogram& latency :
         {result.latency.due, result.latency.sent, result.latency.acknowledged}) {
      EXPECT_EQ(latency.count(), 1U);
      EXPECT_EQ(latency.most(), most);
    }
  }
}

TEST(Reconcile, RefusesJournalsThatDoNotGoTogether) {
  const ScratchDirectory scratch;
  Pen(scratch, "sent", made_up_header(Side::sent, run_number(1))).close();
  Pen(scratch, "sent-again", made_up_header(Side::sent, run_number(1))).close();
  Pen(scratch, "sent-2", made_up_header(Side::sent, run_number(2))).close();
  Pen sink(scratch, "got", made_up_header(Side::taken, run_number(9)));
  sink.add(run_number(3), taken(0, 1s));
  sink.close();
  EXPECT_EQ(refusal_of(scratch, {"sent"}, {"got"}),
            scratch.path("got") + ": its messages are of other runs than that of " +
                scratch.path("sent"));
  EXPECT_EQ(refusal_of(scratch, {"sent", "sent-2"}, {"got"}),
            scratch.path("got") + ": its messages are of other runs than those of what was sent");
  EXPECT_EQ(
      refusal_of(scratch, {"sent", "sent-again"}, {"got"}),
      scratch.path("sent") + " and " + scratch.path("sent-again") + ": two journals of one run");
  EXPECT_EQ(refusal_of(scratch, {"got"}, {"sent"}),
            scratch.path("got") +
                ": the journal of a sink (what was taken), where that of a source (what was sent) "
                "is wanted");
  EXPECT_EQ(refusal_of(scratch, {"sent"}, {}), "reconcile: journals of both sides are needed");
  EXPECT_EQ(refusal_of(scratch, std::vector<std::string>(256, "sent"), {"got"}),
            "reconcile: more than 255 journals of sources or 1000 of sinks");
}

// What a table in memory says.
struct Said {
  int accepted = 0;
  int in_doubt = 0;
  bool refused_last = false;
  Micros answered{};  // of the first yes
  std::vector<Micros> copies;
  int bounces = 0;
  bool altered = false;
};
using Key = std::tuple<std::uint64_t, std::uint64_t, std::uint16_t>;  // run, message, recipient
using Table = std::map<Key, Said>;

// Writes two journals of each side with everything that may happen, and the same into a table.
Table make_up(const ScratchDirectory& scratch, Roll& roll) {
  std::vector<std::unique_ptr<Pen>> sources;
  std::vector<std::unique_ptr<Pen>> sinks;
  for (std::uint64_t number = 1; number <= 2; ++number) {
    const auto start = static_cast<std::int64_t>(roll.below(20));
    const std::string text = std::to_string(number);
    sources.push_back(std::make_unique<Pen>(scratch, "sent" + text,
                                            made_up_header(Side::sent, run_number(number), start)));
    sinks.push_back(std::make_unique<Pen>(
        scratch, "got" + text, made_up_header(Side::taken, run_number(8 + number), start)));
  }
  // (Times only tell late ones from others here, and starts are seconds apart.)
  constexpr Micros kSent = 10s;
  constexpr Micros kSoon = 100s;
  constexpr Micros kLate = 10'000s;
  Table table;
  const std::uint64_t messages = 1 + roll.below(1'500);
  for (std::uint64_t round = 0; round < messages; ++round) {
    const Key key{1 + roll.below(2), roll.below(1 + messages / 2),
                  static_cast<std::uint16_t>(roll.below(3))};
    const auto& [run, message, recipient] = key;
    const bool first = !table.contains(key);
    Said& said = table[key];
    // Its source says something of all recipients of a message, or of none.
    const bool unsent = message % 8 == 0;
    for (std::uint64_t attempts = unsent  ? 0
                                  : first ? 1 + roll.below(2)
                                          : roll.below(3);
         attempts > 0; --attempts) {
      // Later ones of a message are later, so that the last is that.
      const Micros at = kSent + Micros{static_cast<std::int64_t>(round)};
      SentRecord record = sent(message, at, static_cast<SentOutcome>(roll.below(kSentOutcomes)));
      record.recipient = recipient;
      record.sent += Micros{static_cast<std::int64_t>(3 - attempts)} * 100'000;
      sources[run - 1]->add(record, "id" + std::to_string(round));
      said.accepted += record.outcome == SentOutcome::accepted ? 1 : 0;
      said.in_doubt += record.outcome == SentOutcome::in_doubt ? 1 : 0;
    }
    for (std::uint64_t copies = roll.below(4); copies > 0; --copies) {
      TakenRecord record{.message = message,
                         .recipient = recipient,
                         .taken = roll.below(4) == 0 ? kLate : kSoon,
                         .bounced = roll.below(5) == 0};
      if (roll.below(4) == 0) record.verdict = static_cast<TakenVerdict>(roll.below(9));
      sinks[roll.below(2)]->add(run_number(run), record);
      if (record.bounced) {
        ++said.bounces;
        continue;
      }
      said.copies.push_back(record.taken);
      said.altered = said.altered || record.verdict > TakenVerdict::re_encoded;
    }
    if (roll.below(50) == 0) sinks[0]->flush();
  }
  for (const auto& pen : sources) pen->close();
  for (const auto& pen : sinks) pen->close();
  return table;
}

// By the words of the issue, one after another.
Verdict verdict_of(const Said& said) {
  const bool seen = !said.copies.empty();
  if (said.accepted > 0 && seen) return Verdict::delivered;
  if (said.accepted + said.in_doubt > 0 && !seen && said.bounces > 0) return Verdict::bounced;
  if (said.accepted > 0) return Verdict::lost;
  if (said.in_doubt > 0) return seen ? Verdict::doubt_seen : Verdict::doubt_unseen;
  return Verdict::unexpected;  // or nothing came: refused and never sent are looked at together
}

TEST(Reconcile, SaysTheSameAsATableInMemory) {
  std::size_t spills = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const ScratchDirectory scratch;
    Roll roll(seed * Roll::kStride);
    const Table table = make_up(scratch, roll);
    const auto [result, faults] =
        reconciled(scratch, {"sent1", "sent2"}, {"got1", "got2"},
                   {.late_after = 1'000s, .memory = 1 + roll.below(16'384)});
    spills += result.spills;

    std::array<std::uint64_t, kVerdicts> verdicts{};
    std::uint64_t quiet = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t surplus = 0;
    std::uint64_t late = 0;
    std::uint64_t altered = 0;
    std::map<Key, Verdict> at_fault;
    for (const auto& [key, said] : table) {
      const bool sent_at_all = said.accepted + said.in_doubt > 0;
      if (!sent_at_all && said.copies.empty() && said.bounces == 0) {
        ++quiet;
        continue;
      }
      const Verdict verdict = verdict_of(said);
      ++verdicts.at(static_cast<std::size_t>(verdict));
      bool fault = verdict != Verdict::delivered;
      if (verdict == Verdict::delivered || verdict == Verdict::doubt_seen) {
        const auto copies = static_cast<int>(said.copies.size());
        const int extra = std::max(0, copies - said.accepted - said.in_doubt);
        const bool one_late = *std::min_element(said.copies.begin(), said.copies.end()) > 1'000s;
        duplicated += extra > 0 ? 1 : 0;
        surplus += static_cast<std::uint64_t>(extra);
        late += one_late ? 1 : 0;
        altered += said.altered ? 1 : 0;
        fault = fault || extra > 0 || one_late || said.altered;
      }
      if (fault) at_fault[key] = verdict;
    }
    const ProofCounts& counts = result.counts;
    for (std::size_t verdict = 0; verdict < kVerdicts; ++verdict) {
      if (verdict == static_cast<std::size_t>(Verdict::refused) ||
          verdict == static_cast<std::size_t>(Verdict::never_sent)) {
        continue;
      }
      ASSERT_EQ(counts.by_verdict.at(verdict), verdicts.at(verdict)) << seed << " " << verdict;
    }
    // Rolls of no attempt and no copy are in the table and in no journal.
    ASSERT_LE(counts.of(Verdict::refused) + counts.of(Verdict::never_sent), quiet);
    ASSERT_EQ(counts.duplicated, duplicated) << seed;
    ASSERT_EQ(counts.surplus_copies, surplus) << seed;
    ASSERT_EQ(counts.late, late) << seed;
    ASSERT_EQ(counts.altered, altered) << seed;
    ASSERT_EQ(result.latency.sent.count(), counts.of(Verdict::delivered));
    std::map<Key, Verdict> told;
    for (const Fault& fault : faults) {
      const std::uint64_t run = fault.run.back() == '1' ? 1 : 2;
      told[{run, fault.message, fault.recipient}] = fault.verdict;
    }
    ASSERT_EQ(told, at_fault) << seed;
    ASSERT_EQ(told.size(), faults.size());
    std::uint64_t arrived = 0;
    for (const ProofSecond& second : result.series) arrived += second.arrived;
    ASSERT_EQ(arrived, counts.of(Verdict::delivered));
    ASSERT_EQ(result.series.empty() ? 0 : result.series.back().backlog,
              static_cast<std::int64_t>(counts.accepted - counts.of(Verdict::delivered)));
  }
  EXPECT_GT(spills, 100U);
}

}  // namespace
}  // namespace millrace::proof
