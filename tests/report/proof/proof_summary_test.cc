#include "report/proof/proof_summary.h"

#include <gtest/gtest.h>

#include "report/proof/journal_notes.h"
#include "sample_proof.h"

namespace millrace::report {
namespace {

using namespace std::chrono_literals;
using proof::ProofCounts;
using proof::Verdict;

ProofReport sample_proof(std::uint64_t accepted) {
  ProofReport report{.late_after = 60s};
  report.result.sent.push_back({.path = "sent", .records = accepted});
  report.result.taken.push_back({.path = "got", .records = accepted});
  report.result.messages = accepted;
  ProofCounts& counts = report.result.counts;
  counts.accepted = accepted;
  counts.in_order = accepted;
  counts.by_verdict[0] = accepted;
  return report;
}

std::uint64_t& count_of(ProofReport& report, Verdict verdict) {
  return report.result.counts.by_verdict[static_cast<std::size_t>(verdict)];
}

// A message of the delivered becomes something else.
void move_one(ProofReport& report, Verdict verdict) {
  --count_of(report, Verdict::delivered);
  --report.result.counts.in_order;
  ++count_of(report, verdict);
  ++report.result.faults;
}

// All occurred that a summary has a line for.
ProofReport eventful_proof() {
  ProofReport report{.late_after = 90s};
  proof::Reconciliation& result = report.result;
  result.sent = {{.path = "a.proof", .records = 1'000}, {.path = "b.proof", .records = 500}};
  result.taken = {{.path = "got", .records = 1'400, .broke_off = true, .left_out = 12}};
  result.all_taken = false;
  result.messages = 500;
  result.counts = test::counts_of_everything();
  metrics::Histogram& due = result.latency.due;
  for (int message = 0; message < 1'000; ++message) {
    due.record(message < 600   ? 1ms
               : message < 950 ? 2ms
               : message < 995 ? 3ms
               : message < 999 ? 4ms
                               : 5ms);
  }
  result.latency.sent.record(700us);
  result.latency.acknowledged.record(300us);
  result.by_kind = {{.name = "", .accepted = 100, .faults = 1},
                    {.name = "letter", .accepted = 900, .lost = 3, .faults = 8}};
  result.by_kind.back().latency.due.add(due);
  for (std::uint64_t number = 1; number <= 12; ++number) {
    result.by_domain.push_back({.name = "d" + std::to_string(number) + ".test",
                                .accepted = 50 - number,
                                .lost = number,
                                .faults = 2 * number});
  }
  return report;
}

TEST(ProofSummary, SaysAllThatIsKnown) {
  const std::string text = summary(eventful_proof(), {});
  EXPECT_EQ(text,
            "LOST: 20 of 1,000 accepted deliveries never arrived; besides, 12 duplicated, 13 "
            "altered, 11 late, 15 bounced, 5 undecided, 5 in doubt, 30 unexpected.\n"
            R"(
Deliveries (a message to one recipient)
  accepted              1,000
  delivered               960 96%
  in order                900 once, unaltered and in time
  lost                     20
  duplicated               12 14 copies too many
  altered                  13
  late                     11 later than 90.0 s after the server's yes
  bounced                  15
  undecided                 5 the journal of a sink broke off first
  in doubt                  5 3 arrived, 2 did not
  unexpected               30 9 of other runs, 8 unstamped, 10 forged, 3 not accepted
  refused                   7
  never sent                4

Contents
  same                    900
  headers-added             5
  refolded                  4
  blanks-changed            3
  re-encoded                2
  footer-added              6 altered
  headers-changed           1 altered
  body-changed              6 altered
  unstamped                 8
  malformed                 9
  forged                   10

Latency to the arrival           p50      p90      p99    p99.9      max
  from when it was due       1.00 ms  2.00 ms  3.00 ms  4.00 ms  5.00 ms
  from when it was sent       700 us   700 us   700 us   700 us   700 us
  from the server's yes       300 us   300 us   300 us   300 us   300 us

Kinds                        accepted      lost    faults      p50      p99      max
  letter                          900         3         8  1.00 ms  3.00 ms  5.00 ms
  (no name)                       100         0         1        -        -        -

Domains                      accepted      lost    faults      p50      p99      max
  d1.test                          49         1         2        -        -        -
  d2.test                          48         2         4        -        -        -
  d3.test                          47         3         6        -        -        -
  d4.test                          46         4         8        -        -        -
  d5.test                          45         5        10        -        -        -
  d6.test                          44         6        12        -        -        -
  d7.test                          43         7        14        -        -        -
  d8.test                          42         8        16        -        -        -
  d9.test                          41         9        18        -        -        -
  d10.test                         40        10        20        -        -        -
  and 2 more

Journals
  sent                  1,500 records of 2 journals
  taken                 1,400 records of got
  got broke off in the middle of a block (12 bytes left out): what was accepted and is in no journal is undecided, not lost
  all have one clock: times are exact
)");
}

TEST(ProofSummary, SaysNoMoreWhereAllIsWell) {
  EXPECT_EQ(summary(sample_proof(5), {}),
            "Nothing lost: 5 of 5 accepted messages were delivered once, unaltered and in time.\n"
            R"(
Messages
  accepted                  5
  delivered                 5 100%
  in order                  5 once, unaltered and in time
  lost                      0
  duplicated                0
  altered                   0
  late                      0 later than 60.0 s after the server's yes

Journals
  sent                      5 records of sent
  taken                     5 records of got
  all have one clock: times are exact
)");
  EXPECT_TRUE(is_good(sample_proof(1).result));
}

TEST(ProofSummary, WhatIsWrongIsRed) {
  const std::string text = summary(eventful_proof(), {.colour = true});
  for (const std::string_view wrong :
       {"  lost                     20", "  bounced                  15",
        "  footer-added              6 altered", "  got broke off in the middle"}) {
    EXPECT_NE(text.find("\x1b[31m" + std::string(wrong)), std::string::npos) << wrong;
  }
  for (const std::string_view right :
       {"  refused                   7", "  never sent                4",
        "  re-encoded                2", "  forged                   10",
        "  accepted              1,000"}) {
    EXPECT_NE(text.find("\n" + std::string(right) + "\n"), std::string::npos) << right;
  }
  const std::string good = summary(sample_proof(5), {.colour = true});
  EXPECT_NE(good.find("\n  lost                      0\n"), std::string::npos);
  EXPECT_NE(good.find("\n  all have one clock"), std::string::npos);
}

TEST(ProofSummary, OneThatIsLostIsRedToo) {
  ProofReport report = sample_proof(5);
  ++report.result.counts.by_verdict[static_cast<std::size_t>(proof::Verdict::lost)];
  const std::string text = summary(report, {.colour = true});
  EXPECT_NE(text.find("\x1b[31m  lost                      1"), std::string::npos) << text;
}

TEST(ProofSummary, ElevenDomainsAreAllShown) {
  ProofReport report = eventful_proof();
  report.result.by_domain.pop_back();
  EXPECT_NE(summary(report, {}).find("\n  d11.test "), std::string::npos);
  EXPECT_EQ(summary(report, {}).find(" more\n"), std::string::npos);
  report.result.by_domain.resize(1);
  EXPECT_EQ(summary(report, {}).find("\nDomains"), std::string::npos);
}

TEST(ProofSummary, ACopyTooManyIsOne) {
  ProofReport report = sample_proof(5);
  report.result.counts.duplicated = report.result.counts.surplus_copies = 1;
  EXPECT_NE(summary(report, {}).find("  duplicated                1 1 copy too many\n"),
            std::string::npos);
}

TEST(ProofSummary, TheVerdictSaysTheWorstFirst) {
  ProofReport report = sample_proof(10'000);
  EXPECT_EQ(
      verdict(report),
      "Nothing lost: 10,000 of 10,000 accepted messages were delivered once, unaltered and in "
      "time.");
  EXPECT_EQ(verdict(sample_proof(1)),
            "Nothing lost: 1 of 1 accepted message was delivered once, unaltered and in time.");
  move_one(report, Verdict::bounced);
  report.result.counts.altered = 2;
  EXPECT_EQ(verdict(report), "Nothing lost of 10,000 accepted messages, but 2 altered, 1 bounced.");
  move_one(report, Verdict::undecided);
  EXPECT_EQ(verdict(report),
            "Not decided: whether all of 10,000 accepted messages arrived, since a sink's journal "
            "broke off: 2 altered, 1 bounced, 1 undecided.");
  move_one(report, Verdict::lost);
  EXPECT_EQ(verdict(report),
            "LOST: 1 of 10,000 accepted messages never arrived; besides, 2 altered, 1 bounced, 1 "
            "undecided.");
}

TEST(ProofSummary, WhereNothingWasAcceptedNothingIsProven) {
  EXPECT_EQ(verdict(sample_proof(0)),
            "Nothing is in the journals of what was sent, so nothing is proven.");
  EXPECT_NE(summary(sample_proof(0), {}).find("  delivered                 0\n"),
            std::string::npos);
  ProofReport report = sample_proof(0);
  report.result.sent.front().records = 7;
  EXPECT_EQ(verdict(report), "Nothing was accepted, so nothing is proven.");
  count_of(report, Verdict::refused) = 4;
  count_of(report, Verdict::never_sent) = 2;
  count_of(report, Verdict::doubt_unseen) = 1;
  EXPECT_EQ(verdict(report),
            "Nothing was accepted, so nothing is proven: 1 in doubt, 4 refused, 2 never sent.");
}

const FaultWord& word_of(std::string_view word) {
  return *std::find_if(fault_words().begin(), fault_words().end(),
                       [word](const FaultWord& one) { return one.word == word; });
}

TEST(ProofSummary, WhatCouldNotBeFoundIsNotProven) {
  ProofReport report = sample_proof(3);
  const auto unproven_of = [&](std::string_view word) {
    return unproven(report.result, word_of(word));
  };
  for (const FaultWord& one : fault_words()) EXPECT_EQ(unproven(report.result, one), "");
  // A sink broke off: some of it arrived.
  move_one(report, Verdict::undecided);
  EXPECT_EQ(unproven_of("lost"), "1 undecided, so it is not proven that none is lost");
  EXPECT_EQ(unproven_of("bounced"), "1 undecided, so it is not proven that none is bounced");
  for (const auto* word : {"duplicated", "altered", "late", "undecided", "unexpected"}) {
    EXPECT_EQ(unproven_of(word), "") << word;
  }
  // None did.
  move_one(report, Verdict::undecided);
  move_one(report, Verdict::lost);
  for (const auto* word : {"duplicated", "altered", "late"}) {
    EXPECT_EQ(unproven_of(word), "nothing arrived, so nothing is proven") << word;
  }
  --count_of(report, Verdict::lost);
  ++count_of(report, Verdict::bounced);
  EXPECT_EQ(unproven_of("late"), "nothing but bounces arrived, so nothing is proven");
}

TEST(ProofSummary, WhatIsInDoubtAndArrivedCanBeLookedAt) {
  ProofReport report = sample_proof(0);
  report.result.sent.front().records = 3;
  report.result.sent.front().broke_off = true;
  for (const auto* word : {"lost", "duplicated", "bounced"}) {
    EXPECT_EQ(unproven(report.result, word_of(word)),
              "nothing was accepted as far as its source's journal goes, so nothing is proven");
  }
  count_of(report, Verdict::doubt_seen) = 3;
  EXPECT_NE(unproven(report.result, word_of("lost")), "");
  for (const auto* word : {"duplicated", "altered", "late"}) {
    EXPECT_EQ(unproven(report.result, word_of(word)), "") << word;
  }
  count_of(report, Verdict::bounced) = 3;
  EXPECT_EQ(unproven(report.result, word_of("late")), "");
  count_of(report, Verdict::bounced) = 0;
  count_of(report, Verdict::delivered) = report.result.counts.accepted = 3;
  EXPECT_EQ(unproven(report.result, word_of("late")), "");
  count_of(report, Verdict::delivered) = report.result.counts.accepted = 0;
  EXPECT_TRUE(unproven(report.result, word_of("bounced")).starts_with("none is bounced as far as"));
  EXPECT_EQ(verdict(report),
            "Nothing was accepted as far as its source's journal goes, so nothing is proven: 3 in "
            "doubt.");
}

TEST(ProofSummary, WhatIsMissingIsNeverRoundedAway) {
  ProofReport report = sample_proof(1'000'000);
  EXPECT_NE(summary(report, {}).find("  delivered         1,000,000 100%\n"), std::string::npos);
  move_one(report, Verdict::lost);
  EXPECT_NE(summary(report, {}).find("  delivered           999,999 99.9999%\n"),
            std::string::npos);
}

TEST(ProofSummary, ContentsAreToldWhereOneDiffers) {
  ProofReport report = sample_proof(5);
  auto& contents = report.result.counts.by_comparison;
  contents.front() = 5;
  EXPECT_EQ(summary(report, {}).find("Contents"), std::string::npos);
  contents[1] = 1;
  EXPECT_NE(summary(report, {}).find("Contents"), std::string::npos);
  contents[1] = 0;
  contents.back() = 2;
  const std::string text = summary(report, {});
  const std::size_t begin = text.find("Contents");
  ASSERT_NE(begin, std::string::npos);
  const std::string told = text.substr(begin, text.find("\n\n", begin) - begin);
  EXPECT_EQ(told,
            "Contents\n"
            "  same                      5\n"
            "  forged                    2");
}

TEST(ProofSummary, OnlyWhatIsGoodIsGreen) {
  const Style colour{.colour = true};
  EXPECT_TRUE(summary(sample_proof(5), colour).starts_with("\x1b[32mNothing lost"));
  ProofReport report = sample_proof(5);
  move_one(report, Verdict::lost);
  EXPECT_TRUE(summary(report, colour).starts_with("\x1b[31mLOST"));
  EXPECT_TRUE(summary(sample_proof(0), colour).starts_with("\x1b[31mNothing is in"));
}

TEST(ProofSummary, OfASourceThatBrokeOffNotAllIsKnown) {
  ProofReport report = sample_proof(3);
  EXPECT_TRUE(is_good(report.result));
  EXPECT_EQ(unproven(report.result, word_of("lost")), "");
  report.result.sent.front().broke_off = true;
  EXPECT_FALSE(is_good(report.result));
  EXPECT_EQ(
      unproven(report.result, word_of("lost")),
      "none is lost as far as a source's journal goes, which broke off, so it is not proven of "
      "all");
  EXPECT_EQ(unproven(report.result, word_of("altered")), "");
  EXPECT_EQ(verdict(report),
            "Nothing lost as far as a source's journal goes, which broke off: 3 of 3 accepted "
            "messages were delivered once, unaltered and in time.");
  EXPECT_TRUE(summary(report, {.colour = true}).starts_with("\x1b[31mNothing lost as far"));
  EXPECT_EQ(journal_notes(report).at(0).text,
            "sent broke off: what arrived and is not accepted in it is in doubt; what was accepted "
            "and is neither in it nor arrived is not known");
  move_one(report, Verdict::bounced);
  EXPECT_EQ(verdict(report),
            "Nothing lost of 3 accepted messages as far as a source's journal goes, which broke "
            "off, but 1 bounced.");
}

TEST(ProofSummary, ASinkWithAnotherKeyProvesNothing) {
  ProofReport report = sample_proof(3);
  report.result.taken.front().forged_only = true;
  for (int message = 0; message < 3; ++message) move_one(report, Verdict::lost);
  count_of(report, Verdict::unexpected) = report.result.counts.forged = 3;
  EXPECT_EQ(
      verdict(report),
      "All stamps that arrived were made with another key, so nothing is proven of 3 accepted "
      "messages: 3 lost, 3 unexpected.");
  ProofReport undecided = report;
  count_of(undecided, Verdict::lost) = 0;
  count_of(undecided, Verdict::undecided) = 3;
  EXPECT_EQ(
      verdict(undecided),
      "All stamps that arrived were made with another key, so nothing is proven of 3 accepted "
      "messages: 3 undecided, 3 unexpected.");
  count_of(undecided, Verdict::lost) = 1;
  count_of(undecided, Verdict::undecided) = 2;
  EXPECT_TRUE(verdict(undecided).ends_with(" messages: 1 lost, 2 undecided, 3 unexpected."))
      << verdict(undecided);
  // Another sink had the key.
  report.result.taken.push_back({.path = "idle"});
  EXPECT_TRUE(verdict(report).starts_with("All stamps")) << verdict(report);
  report.result.taken.back().records = 1;
  EXPECT_TRUE(verdict(report).starts_with("LOST: 3 of 3")) << verdict(report);
}

TEST(ProofSummary, SaysOfJournalsWhatIsToBeKnown) {
  ProofReport report;
  proof::Reconciliation& result = report.result;
  result.sent = {{.path = "a", .records = 9, .broke_off = true, .left_out = 12},
                 {.path = "b", .records = 1, .one_clock = false, .unseen = true},
                 {.path = "c", .one_clock = false, .offset = -1500ms, .unseen = true}};
  result.taken = {{.path = "got", .records = 3, .unchecked = true, .forged_only = true},
                  {.path = "far", .one_clock = false}};
  result.whose_unknown = 1;
  result.beyond_series = 1'234;
  std::vector<std::string> texts;
  for (const JournalNote& note : journal_notes(report)) {
    EXPECT_TRUE(note.warning) << note.text;
    texts.push_back(note.text);
  }
  EXPECT_EQ(
      texts,
      (std::vector<std::string>{
          "a broke off in the middle of a block (12 bytes left out): what arrived and is not "
          "accepted in it is in doubt; what was accepted and is neither in it nor arrived is not "
          "known",
          "b is of a run that no sink has seen anything of",
          "got has no stamp but forged ones: its key is not that of the source",
          "got has tags that were not checked: the sink had no key",
          "1 message of several recipients came at several moments in copies that do not say for "
          "whom: two for one recipient may hide that another has none",
          "b has another clock than the first, which is believed",
          "c has another clock than the first, to which -1.5s were added: it is a sink's too",
          "far has another clock: nothing arrived that would tell how far it is off",
          "1,234 events came after two weeks, the end of series"}));
  report = sample_proof(5);
  report.result.whose_unknown = 2;
  EXPECT_TRUE(journal_notes(report).at(0).text.starts_with("2 messages of several recipients"));
  EXPECT_FALSE(journal_notes(report).at(1).warning);
  report.result.taken.front().one_clock = false;
  report.result.whose_unknown = 0;
  EXPECT_TRUE(journal_notes(report).at(0).text.starts_with("got has another clock"));
}

TEST(ProofSummary, TellsOfManyJournalsInFewLines) {
  ProofReport report = sample_proof(5);
  report.result.taken.clear();
  for (int number = 0; number < 100; ++number) {
    report.result.taken.push_back({.path = "got" + std::to_string(number), .broke_off = true});
  }
  const auto notes = journal_notes(report);
  ASSERT_EQ(notes.size(), 10U);
  EXPECT_TRUE(notes[7].text.starts_with("got7 broke off: ")) << notes[7].text;
  EXPECT_EQ(notes[8].text, "the same of 92 more");
  EXPECT_EQ(notes[9].text, "all have one clock: times are exact");
}

TEST(ProofSummary, AClockThatMakesMessagesArriveBeforeTheyAreSentIsBehind) {
  ProofReport report = sample_proof(5);
  proof::JournalRead& sink = report.result.taken.front();
  sink.one_clock = false;
  sink.shortest = -250ms;
  report.clock_offset = -1s;
  EXPECT_EQ(journal_notes(report).at(0).text,
            "got has another clock, to which -1s were added: it is behind by 250 ms at least, and "
            "latencies are too short by that (--clock-offset -0.75s or more)");
  sink.shortest = 0ms;
  report.clock_offset = {};
  EXPECT_EQ(journal_notes(report).at(0).text,
            "got has another clock: it is ahead by 0 us at most, as nothing arrives before it is "
            "sent; how far it is behind, a run cannot tell");
}

TEST(ProofSummary, ManyDomainsAreThoseWithTheMost) {
  ProofReport report = sample_proof(5);
  for (std::uint64_t number = 1; number <= 20; ++number) {
    report.result.by_domain.push_back(
        {.name = std::to_string(number) + ".test", .accepted = number});
  }
  const std::string text = summary(report, {});
  EXPECT_NE(text.find("  20.test "), std::string::npos);
  EXPECT_EQ(text.find("  10.test "), std::string::npos);
  EXPECT_NE(text.find("  and 10 more\n"), std::string::npos);
}

}  // namespace
}  // namespace millrace::report
