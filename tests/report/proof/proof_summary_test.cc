#include "report/proof/proof_summary.h"

#include <gtest/gtest.h>

#include "report/proof/journal_notes.h"

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
  // Another sink had the key.
  report.result.taken.push_back({.path = "idle"});
  EXPECT_TRUE(verdict(report).starts_with("All stamps")) << verdict(report);
  report.result.taken.back().records = 1;
  EXPECT_TRUE(verdict(report).starts_with("LOST: 3 of 3")) << verdict(report);
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
