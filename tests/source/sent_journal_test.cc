#include "source/sent_journal.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/input_file.h"
#include "proof/journal_reader.h"
#include "scratch_directory.h"
#include "silent_workload.h"

namespace millrace::source {
namespace {

using namespace std::chrono_literals;
using tests::ScratchDirectory;
using Lines = std::vector<std::string>;

std::string own_address(std::uint64_t message, std::size_t recipient) {
  return fmt::format("x@D{}-{}.Test", message, recipient);
}

smtp::Reply reply(int code, std::string_view text) { return {.code = code, .text = text}; }

class SentJournalTest : public testing::Test {
 protected:
  void begin(bool domains = true, bool lmtp = false, unsigned workers = 1) {
    workload.emplace(mail::Workload::Variety{.kinds = true, .domains = domains}, own_address);
    journal.emplace(StampOptions{.journal = path}, *workload, lmtp, workers);
    const proof::JournalHeader& header = journal->stamps().header();
    start = TimePoint(std::chrono::microseconds(header.start_monotonic));
  }

  Delivery& delivery(std::uint64_t message, std::size_t recipients) {
    made.begin(message, 1, recipients);
    made.intended = start + 1s;
    return made;
  }
  // All recipients were answered by this, to the end of one transaction.
  void over(std::string_view text, int code = 250) {
    made.transactions = {
        {.sent = start + 2s, .over = start + 3s, .end = made.keep(reply(code, text))}};
    for (Delivery::Recipient& recipient : made.recipients) recipient.transaction = 0;
  }
  void tell(unsigned worker = 0) {
    journal->of_worker(worker).delivered(made, *workload, start + 4s);
  }

  // A line a record.
  Lines read(bool broke_off = false) {
    proof::JournalReader reader(path, proof::Side::sent);
    EXPECT_EQ(reader.header().run, journal->stamps().header().run);
    const FileDescriptor file = open_input(path);
    Lines lines;
    proof::SentRecord record;
    while (reader.next(record)) {
      lines.push_back(fmt::format("{}.{} {} {} {}/{} {}-{}-{} {}", record.message, record.recipient,
                                  kNames.at(static_cast<std::size_t>(record.outcome)), record.code,
                                  reader.name(proof::NameOf::kind, record.kind),
                                  reader.name(proof::NameOf::domain, record.domain),
                                  record.due / 1s, record.sent / 1s, record.acknowledged / 1s,
                                  reader.text() == 0 ? "" : proof::text_at(file, reader.text())));
    }
    EXPECT_EQ(reader.broke_off(), broke_off);
    return lines;
  }

  static constexpr std::array<std::string_view, proof::kSentOutcomes> kNames = {
      "accepted", "refused", "in_doubt", "never_sent"};

  const ScratchDirectory scratch;
  const std::string path = scratch.path("journal");
  std::optional<tests::SilentWorkload> workload;
  std::optional<SentJournal> journal;
  TimePoint start;
  Delivery made;
};

TEST_F(SentJournalTest, SaysWhatBecameOfEachRecipient) {
  begin();
  delivery(7, 5).kind = "news";
  over("250 2.0.0 Ok: queued as 4ABC");
  using enum Fate;
  const auto set = [&](std::size_t place, Fate fate, int code, std::string_view text) {
    made.recipients[place].fate = fate;
    made.recipients[place].reply = made.keep(reply(code, text));
  };
  set(0, accepted, 250, "250 2.1.5 Ok");
  set(1, refused, 550, "550 5.1.1 No");
  set(2, deferred, 451, "451 4.7.1 Later");
  set(3, in_doubt, 250, "250 2.1.5 Ok");
  set(4, lost, 421, "421 Bye");
  tell();
  // Nothing of it was begun.
  delivery(8, 1).kind = "news";
  made.opening = made.keep(reply(554, "554 Not you"));
  made.recipients[0].fate = lost;
  tell();
  EXPECT_EQ(journal->finish().records, 6U);
  EXPECT_TRUE(journal->whole());
  EXPECT_EQ(read(), (Lines{"7.0 accepted 250 news/d7-0.test 1-2-3 4ABC",
                           "7.1 refused 550 news/d7-1.test 1-2-3 550 5.1.1 No",
                           "7.2 refused 451 news/d7-2.test 1-2-3 451 4.7.1 Later",
                           "7.3 in_doubt 0 news/d7-3.test 1-2-3 ",
                           "7.4 never_sent 421 news/d7-4.test 1-2-3 421 Bye",
                           "8.0 never_sent 554 news/d8-0.test 1-4-4 554 Not you"}));
}

TEST_F(SentJournalTest, WhatNobodyTurnedToIsNeverSent) {
  begin();
  delivery(5, 1).kind = "odd";
  over("250 ok");
  made.recipients[0].fate = Fate::accepted;
  tell();
  journal->of_worker(0).never_begun({.message = 7, .intended = start + 1s}, start + 9s);
  journal->of_worker(0).never_begun({.message = 8, .intended = start + 2s}, start + 9s);
  EXPECT_EQ(journal->finish().records, 7U);
  EXPECT_EQ(
      read(),
      (Lines{"5.0 accepted 250 odd/d5-0.test 1-2-3 ", "7.0 never_sent 0 odd/d7-0.test 1-9-9 ",
             "7.1 never_sent 0 odd/d7-1.test 1-9-9 ", "7.2 never_sent 0 odd/d7-2.test 1-9-9 ",
             "8.0 never_sent 0 even/d8-0.test 2-9-9 ", "8.1 never_sent 0 even/d8-1.test 2-9-9 ",
             "8.2 never_sent 0 even/d8-2.test 2-9-9 "}));
}

// Every other one is of another worker.
class LeftForLater : public SentJournalTest {
 protected:
  void leave() {
    begin();
    load.schedule = {{.name = "run", .length = 1h, .from = 1, .to = 1}};
    shared.emplace(load, 100, 1);
    shared->begin(start);
    arrivals.emplace(*shared, 1, 2);
    journal->of_worker(0).leave_for_later(*arrivals, start + 5s);
    EXPECT_EQ(journal->of_worker(0).told(), 0U);
  }

  Load load;
  std::optional<SharedLoad> shared;
  std::optional<DealtArrivals> arrivals;
};

TEST_F(LeftForLater, IsToldBitByBit) {
  leave();
  WorkerJournal& of_worker = journal->of_worker(0);
  EXPECT_TRUE(of_worker.tell_left(4));
  EXPECT_EQ(of_worker.told(), 6U);
  EXPECT_FALSE(of_worker.tell_left(3));
  EXPECT_FALSE(of_worker.tell_left(3));
  EXPECT_EQ(arrivals->at_hand()->message, 1U);  // they are another's
  EXPECT_EQ(journal->finish().records, 9U);
  EXPECT_TRUE(journal->whole());
  const Lines lines = read();
  ASSERT_EQ(lines.size(), 9U);
  EXPECT_EQ(lines[0], "1.0 never_sent 0 odd/d1-0.test 1-5-5 ");
  EXPECT_EQ(lines[5], "3.2 never_sent 0 odd/d3-2.test 3-5-5 ");
  EXPECT_EQ(lines[8], "5.2 never_sent 0 odd/d5-2.test 5-5-5 ");
}

TEST_F(LeftForLater, IsMissingWhereItWasNotTold) {
  leave();
  EXPECT_TRUE(journal->of_worker(0).tell_left(1));
  journal->of_worker(0).end_run();
  arrivals.reset();
  shared.reset();  // which the next run has another of
  testing::internal::CaptureStderr();
  const metrics::JournalTotals totals = journal->finish();
  EXPECT_NE(testing::internal::GetCapturedStderr().find(
                path + " lacks 6 of 9 records: the run was ended at once\n"),
            std::string::npos);
  EXPECT_EQ(totals.records, 3U);
  EXPECT_EQ(totals.lost, 6U);
  EXPECT_FALSE(journal->whole());
  EXPECT_EQ(read(/*broke_off=*/true).size(), 3U);
}

TEST_F(SentJournalTest, TakesTheNoOfTheTransactionForThoseWhoHadAYes) {
  begin();
  delivery(1, 1);
  over("552 5.3.4 Too large", 552);
  made.recipients[0].fate = Fate::refused;
  made.recipients[0].reply = made.keep(reply(250, "250 2.1.5 Ok"));
  tell();
  journal->finish();
  EXPECT_EQ(read(), (Lines{"1.0 refused 552 /d1-0.test 1-2-3 552 5.3.4 Too large"}));
}

TEST_F(SentJournalTest, KeepsWhatWasSaidToTheEndOfWhatIsInDoubt) {
  begin();
  delivery(1, 2);
  over("150 hm", 150);
  for (Delivery::Recipient& recipient : made.recipients) recipient.fate = Fate::in_doubt;
  made.recipients[0].reply = made.keep(reply(250, "250 2.1.5 Ok"));
  made.recipients[1].reply = made.keep(reply(0, "hm"));  // as in LMTP
  tell();
  journal->finish();
  EXPECT_EQ(read(), (Lines{"1.0 in_doubt 150 /d1-0.test 1-2-3 150 hm",
                           "1.1 in_doubt 0 /d1-1.test 1-2-3 hm"}));
}

TEST_F(SentJournalTest, InLmtpEachRecipientHasAReplyOfItsOwn) {
  begin(true, true);
  delivery(1, 2);
  over("250 2.0.0 <b> AAAA Saved");
  made.recipients[0].reply = made.keep(reply(250, "250 2.0.0 <a> BBBB Saved"));
  made.recipients[1].reply = made.keep(reply(452, "452 4.2.2 Full"));
  made.recipients[0].fate = Fate::accepted;
  made.recipients[1].fate = Fate::deferred;
  tell();
  journal->finish();
  EXPECT_EQ(read(), (Lines{"1.0 accepted 250 /d1-0.test 1-2-3 BBBB",
                           "1.1 refused 452 /d1-1.test 1-2-3 452 4.2.2 Full"}));
}

TEST_F(SentJournalTest, NumbersRecipientsAsTheWholeMessageDoes) {
  begin(false);
  delivery(1, 2).numbers = {3, 9};
  over("250 ok");
  for (Delivery::Recipient& recipient : made.recipients) recipient.fate = Fate::accepted;
  tell();
  journal->finish();
  // Where all have one domain it is that of the first.
  EXPECT_EQ(read(),
            (Lines{"1.3 accepted 250 /d1-0.test 1-2-3 ", "1.9 accepted 250 /d1-0.test 1-2-3 "}));
}

TEST_F(SentJournalTest, NamesOfAllWorkersAreTheSame) {
  begin(true, false, 2);
  for (const unsigned worker : {0U, 1U, 1U, 0U}) {
    delivery(5, 1).kind = worker == 0 ? "a" : "b";
    over("250 ok");
    made.recipients[0].fate = Fate::accepted;
    tell(worker);
  }
  EXPECT_EQ(journal->finish().records, 4U);
  EXPECT_EQ(read().at(0), "5.0 accepted 250 a/d5-0.test 1-2-3 ");
  EXPECT_EQ(read().at(2), "5.0 accepted 250 b/d5-0.test 1-2-3 ");
  proof::JournalReader reader(path, proof::Side::sent);
  proof::SentRecord record;
  while (reader.next(record)) continue;
  EXPECT_EQ(reader.names(proof::NameOf::kind), 2U);
  EXPECT_EQ(reader.names(proof::NameOf::domain), 1U);
}

TEST_F(SentJournalTest, MoreKindsThanItHasNumbersForAreOthers) {
  begin();
  for (int number = 0; number < 300; ++number) {
    const std::string kind = fmt::format("k{}", number);
    delivery(1, 1).kind = kind;
    over("250 ok");
    made.recipients[0].fate = Fate::accepted;
    tell();
  }
  journal->finish();
  const Lines lines = read();
  EXPECT_EQ(lines.at(254), "1.0 accepted 250 k254/d1-0.test 1-2-3 ");
  EXPECT_EQ(lines.at(255), "1.0 accepted 250 others/d1-0.test 1-2-3 ");
  EXPECT_EQ(lines.at(299), "1.0 accepted 250 others/d1-0.test 1-2-3 ");
}

TEST_F(SentJournalTest, WhatARecordHasNoRoomForIsMissing) {
  begin(false);
  for (const std::uint32_t number : {65'534U, 65'535U, 70'000U}) {
    delivery(1, 1).numbers = {number};
    over("250 ok");
    made.recipients[0].fate = Fate::accepted;
    tell();
  }
  testing::internal::CaptureStderr();
  const metrics::JournalTotals totals = journal->finish();
  EXPECT_NE(testing::internal::GetCapturedStderr().find("lacks 2 of 3 records: Value too large"),
            std::string::npos);
  EXPECT_EQ(totals.records, 1U);
  EXPECT_EQ(totals.lost, 2U);
  EXPECT_FALSE(journal->whole());
  EXPECT_EQ(read(/*broke_off=*/true).size(), 1U);
}

// Whether there is room again at the end.
class FullDisk : public SentJournalTest, public testing::WithParamInterface<bool> {};

TEST_P(FullDisk, CostsRecordsAndNothingElse) {
  begin(false);
  rlimit before{};
  signal(SIGXFSZ, SIG_IGN);
  getrlimit(RLIMIT_FSIZE, &before);
  const auto limit = [&](rlim_t bytes) {
    const rlimit now{.rlim_cur = bytes, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &now);
  };
  const auto tell_many = [&](std::uint64_t count) {
    for (std::uint64_t message = 0; message < count; ++message) {
      delivery(message, 1).recipients[0].fate = Fate::accepted;
      over("250 ok");
      tell();
    }
  };
  tell_many(3);
  journal->of_worker(0).flush();
  limit(1'000);
  tell_many(10'000);
  if (GetParam()) limit(before.rlim_cur);
  testing::internal::CaptureStderr();
  const metrics::JournalTotals totals = journal->finish();
  const std::string said = testing::internal::GetCapturedStderr();
  limit(before.rlim_cur);
  signal(SIGXFSZ, SIG_DFL);
  EXPECT_EQ(totals.records + totals.lost, 10'003U);
  EXPECT_GT(totals.lost, 0U);
  if (!GetParam()) {
    EXPECT_EQ(totals.records, 3U);
  }
  EXPECT_NE(
      said.find(fmt::format("{} lacks {} of 10003 records: File too large\n", path, totals.lost)),
      std::string::npos)
      << said;
  EXPECT_FALSE(journal->whole());
  EXPECT_EQ(read(/*broke_off=*/true).size(), totals.records);
}

INSTANTIATE_TEST_SUITE_P(SentJournal, FullDisk, testing::Bool());

}  // namespace
}  // namespace millrace::source
