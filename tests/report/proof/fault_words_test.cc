#include "report/proof/fault_words.h"

#include <gtest/gtest.h>

namespace millrace::report {
namespace {

std::vector<std::string_view> words_of(const proof::Fault& fault) {
  std::vector<std::string_view> words;
  for (const FaultWord& one : fault_words()) {
    if (one.is != nullptr && one.is(fault)) words.push_back(one.word);
  }
  return words;
}

using Words = std::vector<std::string_view>;

TEST(FaultWords, ADeliveryMayHaveSeveral) {
  proof::Fault fault{.verdict = proof::Verdict::delivered,
                     .surplus = 1,
                     .late = true,
                     .comparison = proof::TakenVerdict::truncated};
  EXPECT_EQ(words_of(fault), (Words{"duplicated", "altered", "late"}));
  fault.verdict = proof::Verdict::doubt_seen;
  EXPECT_EQ(words_of(fault), (Words{"duplicated", "altered", "late", "in-doubt"}));
  // What nobody expected is not looked at for anything else.
  fault.verdict = proof::Verdict::unexpected;
  EXPECT_EQ(words_of(fault), (Words{"unexpected"}));
}

TEST(FaultWords, EachVerdictThatIsAFaultHasOne) {
  using proof::Verdict;
  const std::pair<Verdict, Words> rows[] = {{Verdict::lost, {"lost"}},
                                            {Verdict::bounced, {"bounced"}},
                                            {Verdict::undecided, {"undecided"}},
                                            {Verdict::doubt_unseen, {"in-doubt"}},
                                            {Verdict::unexpected, {"unexpected"}},
                                            {Verdict::delivered, {}},
                                            {Verdict::refused, {}},
                                            {Verdict::never_sent, {}}};
  for (const auto& [verdict, words] : rows) {
    EXPECT_EQ(words_of({.verdict = verdict}), words) << static_cast<int>(verdict);
  }
}

TEST(FaultWords, ComparisonsHaveTheNamesOfTheDocument) {
  EXPECT_EQ(comparison_name(proof::TakenVerdict::same), "same");
  EXPECT_EQ(comparison_name(proof::TakenVerdict::re_encoded), "re-encoded");
  EXPECT_EQ(comparison_name(proof::TakenVerdict::footer_added), "footer-added");
  EXPECT_EQ(comparison_name(proof::TakenVerdict::body_changed), "body-changed");
  EXPECT_EQ(comparison_name(proof::TakenVerdict::unstamped), "unstamped");
  EXPECT_EQ(comparison_name(proof::TakenVerdict::malformed), "malformed");
  EXPECT_EQ(comparison_name(proof::TakenVerdict::forged), "forged");
}

TEST(FaultWords, TimesAreUtcToTheMicrosecond) {
  EXPECT_EQ(utc_time(proof::Micros{1'577'836'801'000'042}), "2020-01-01T00:00:01.000042Z");
  EXPECT_EQ(utc_time(proof::Micros{-1}), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(utc_time(proof::Micros{}), "");
}

TEST(FaultWords, ManyOfOneLeaveRoomForTheOthers) {
  FirstFaults first;
  const std::size_t stray = proof::sort_of_stray(proof::TakenVerdict::unstamped);
  for (std::uint64_t message = 0; message < 1'000; ++message) {
    first.add({.sort = stray, .verdict = proof::Verdict::unexpected, .message = message});
  }
  first.add({.sort = proof::sort_of({.verdict = proof::Verdict::unexpected}), .message = 1'000});
  first.add({.sort = proof::sort_of({.verdict = proof::Verdict::lost}),
             .verdict = proof::Verdict::lost,
             .message = 1'001});
  const auto kept = first.take();
  ASSERT_EQ(kept.size(), FirstFaults::kMost + 2);
  EXPECT_EQ(kept.front().message, 1'001U);  // the worst
  EXPECT_EQ(kept[FirstFaults::kMost].message, FirstFaults::kMost - 1);
  EXPECT_EQ(kept.back().message, 1'000U);
}

}  // namespace
}  // namespace millrace::report
