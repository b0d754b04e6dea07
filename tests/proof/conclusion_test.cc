#include "proof/conclusion.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace millrace::proof {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, kVerdicts> kNames = {
    "delivered",    "lost",    "bounced",    "undecided", "doubt-seen",
    "doubt-unseen", "refused", "never-sent", "unexpected"};

// What is said of a message, a word for each record: of the source "yes", "no", "doubt", "never"
// with the recipient's number behind it; of sinks "copy", "unconfirmed", "changed", "bounce", with
// the number or "?". Records are at 0, 10, 20 ... ms, answered 1 ms later. Gives a word for each
// conclusion: recipient, verdict, copies if any, and what is wrong.
std::string concluded(std::string_view said, const Knowledge& knowledge) {
  MessageFold fold;
  Micros now{};
  for (std::string_view rest = said; !rest.empty(); now += 10ms) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    const std::string_view what = word.substr(0, word.size() - 1);
    const auto recipient =
        static_cast<std::uint16_t>(word.back() == '?' ? int{kUnknownRecipient} : word.back() - '0');
    SentRecord sent{.recipient = recipient, .due = now, .sent = now, .acknowledged = now + 1ms};
    TakenRecord taken{.recipient = recipient, .run = 1, .taken = now};
    if (what == "yes" || what == "no" || what == "doubt" || what == "never") {
      sent.outcome = what == "yes"     ? SentOutcome::accepted
                     : what == "no"    ? SentOutcome::refused
                     : what == "doubt" ? SentOutcome::in_doubt
                                       : SentOutcome::never_sent;
      fold.add(sent, 0);
      continue;
    }
    if (what == "changed") taken.verdict = TakenVerdict::body_changed;
    if (what == "lawful") taken.verdict = TakenVerdict::re_encoded;
    taken.bounced = what == "bounce";
    fold.add(taken, what != "unconfirmed", 0);
  }
  std::string text;
  fold.conclude(knowledge, [&](const Conclusion& conclusion) {
    text += std::to_string(conclusion.recipient) + ":";
    text += kNames.at(static_cast<std::size_t>(conclusion.verdict));
    if (conclusion.copies > 1) text += "*" + std::to_string(conclusion.copies);
    if (conclusion.surplus > 0) text += "+" + std::to_string(conclusion.surplus);
    if (conclusion.late) text += ",late";
    if (is_altered(conclusion.worst)) text += ",altered";
    text += ' ';
  });
  if (!text.empty()) text.pop_back();
  return text;
}

constexpr Knowledge kAll{.late_after = 1h};
constexpr Knowledge kSourceDied{.all_sent = false, .late_after = 1h};
constexpr Knowledge kSinkDied{.all_taken = false, .late_after = 1h};

struct Case {
  std::string_view said;
  std::string_view concluded;
};

void look_at(std::initializer_list<Case> cases, const Knowledge& knowledge) {
  for (const Case& one : cases)
    EXPECT_EQ(concluded(one.said, knowledge), one.concluded) << one.said;
}

TEST(Conclusion, FollowsFromWhatBothSidesSay) {
  look_at({{"yes0 copy0", "0:delivered"},
           {"yes0", "0:lost"},
           {"no0", "0:refused"},
           {"never0", "0:never-sent"},
           {"doubt0", "0:doubt-unseen"},
           {"doubt0 copy0", "0:doubt-seen"},
           {"no0 copy0", "0:unexpected"},
           {"never0 copy0", "0:unexpected"},
           {"copy0", "0:unexpected"},
           {"bounce0", "0:unexpected"},
           {"yes0 bounce0", "0:bounced"},
           {"doubt0 bounce0", "0:bounced"},
           {"yes0 bounce0 copy0", "0:delivered"},
           {"yes0 copy0 copy0", "0:delivered*2+1"},
           {"yes0 copy0 copy0 copy0 copy0", "0:delivered*4+3"},
           {"yes0 changed0", "0:delivered,altered"},
           {"yes0 lawful0", "0:delivered"},
           {"yes0 copy0 changed0", "0:delivered*2+1,altered"},
           {"yes0 yes1 no2 copy1", "0:lost 1:delivered 2:refused"},
           {"yes1 copy0 copy1 copy2", "0:unexpected 1:delivered 2:unexpected"}},
          kAll);
}

TEST(Conclusion, WhatWasTriedAgainMayComeAsOftenAsItWasTaken) {
  look_at({{"no0 yes0 copy0", "0:delivered"},
           {"yes0 no0 copy0", "0:delivered"},
           {"no0 doubt0", "0:doubt-unseen"},
           {"doubt0 yes0 copy0", "0:delivered"},
           {"doubt0 yes0 copy0 copy0", "0:delivered*2"},
           {"doubt0 yes0 copy0 copy0 copy0", "0:delivered*3+1"},
           {"doubt0 yes0", "0:lost"},
           {"doubt0 copy0 copy0", "0:doubt-seen*2+1"},
           {"doubt0 doubt0 copy0 copy0", "0:doubt-seen*2"},
           {"doubt0 no0 copy0", "0:doubt-seen"}},
          kAll);
}

TEST(Conclusion, OfASourceThatDiedIsNothingThatItMayNotHaveSaid) {
  look_at({{"yes0 copy0", "0:delivered"},
           {"yes0", "0:lost"},
           {"yes0 copy0 copy0", "0:delivered*2+1"},
           {"copy0", "0:doubt-seen"},
           {"copy0 copy0 copy0", "0:doubt-seen*3"},
           {"no0 copy0", "0:doubt-seen"},
           {"no0", "0:refused"},
           {"doubt0 copy0 copy0", "0:doubt-seen*2"},
           {"bounce0", "0:bounced"}},
          kSourceDied);
}

TEST(Conclusion, OfASinkThatDiedIsNothingThatItMayHaveTakenLater) {
  look_at({{"yes0", "0:undecided"},
           {"yes0 copy0", "0:delivered"},
           {"doubt0", "0:doubt-unseen"},
           {"yes0 unconfirmed0 copy0", "0:delivered*2"},
           {"yes0 unconfirmed0 unconfirmed0", "0:delivered*2"},
           {"yes0 copy0 unconfirmed0", "0:delivered*2+1"},  // the one that nobody may have answered
           {"yes0 copy0 unconfirmed0 unconfirmed0", "0:delivered*3+1"},
           {"yes0 unconfirmed0 bounce0", "0:delivered"},
           {"yes0 yes1 unconfirmed? unconfirmed? copy? copy?", "0:delivered*2 1:delivered*2"},
           {"yes0 unconfirmed0 copy0 copy0", "0:delivered*3+1"},
           {"yes0 unconfirmed0", "0:delivered"}},
          kSinkDied);
}

// Two of one transaction: neither came behind the other.
TEST(Conclusion, CopiesOfOneMomentExcuseEachOtherNot) {
  MessageFold fold;
  fold.add(SentRecord{.recipient = 0}, 0);
  for (int copies = 0; copies < 2; ++copies) {
    fold.add(TakenRecord{.recipient = 0, .taken = 1s}, false, 0);
  }
  fold.conclude(kSinkDied, [](const Conclusion& one) { EXPECT_EQ(one.surplus, 1U); });
}

TEST(Conclusion, OfSinksOfSeveralClocksIsNotWhichCopyCameLater) {
  look_at({{"yes0 copy0 unconfirmed0", "0:delivered*2"},
           {"yes0 copy0 copy0 unconfirmed0", "0:delivered*3+1"}},
          {.one_clock = false, .late_after = 1h});
}

TEST(Conclusion, PutsWhatCameForNobodyKnowsWhomDownToThoseWhoWait) {
  look_at({{"yes0 copy?", "0:delivered"},
           {"yes0 yes1 yes2 copy? copy? copy?", "0:delivered 1:delivered 2:delivered"},
           {"yes0 yes1 yes2 copy? copy?", "0:delivered 1:delivered 2:lost"},
           {"yes0 yes1 copy0 copy?", "0:delivered 1:delivered"},
           {"no0 doubt1 yes2 copy?", "0:refused 1:doubt-unseen 2:delivered"},
           {"no0 doubt1 yes2 copy? copy?", "0:refused 1:doubt-seen 2:delivered"},
           {"yes0 copy? copy?", "0:delivered*2+1"},
           {"doubt0 yes0 doubt1 yes1 copy? copy? copy? copy?", "0:delivered*2 1:delivered*2"},
           {"yes0 no1 copy? copy? copy?", "0:delivered*2+1 1:unexpected"},
           {"no0 copy? copy?", "0:unexpected*2+1"},
           {"yes0 yes1 bounce? copy?", "0:delivered 1:bounced"},
           {"yes0 copy0 copy?", "0:delivered*2+1"},
           {"copy?", "0:unexpected"}},
          kAll);
}

TEST(Conclusion, CopiesOfSeveralMomentsMayBeOfOneRecipient) {
  struct Arrival {
    std::uint16_t recipient;
    Micros at;
    bool bounced;
  };
  const auto whose_unknown = [](std::uint16_t recipients, std::initializer_list<Arrival> arrivals) {
    MessageFold fold;
    for (std::uint16_t recipient = 0; recipient < recipients; ++recipient) {
      fold.add(SentRecord{.recipient = recipient}, 0);
    }
    for (const Arrival& one : arrivals) {
      fold.add(TakenRecord{.recipient = one.recipient, .taken = one.at, .bounced = one.bounced},
               true, 0);
    }
    fold.conclude(kAll, [](const Conclusion&) {});
    const bool result = fold.whose_unknown();
    fold.clear();
    EXPECT_FALSE(fold.whose_unknown());
    return result;
  };
  constexpr std::uint16_t kNobody = kUnknownRecipient;
  EXPECT_TRUE(whose_unknown(3, {{kNobody, 1s, false}, {kNobody, 1s, false}, {kNobody, 2s, false}}));
  EXPECT_TRUE(whose_unknown(2, {{0, 1s, false}, {kNobody, 2s, false}}));
  EXPECT_FALSE(whose_unknown(2, {{kNobody, 1s, false}, {kNobody, 1s, false}}));
  EXPECT_FALSE(whose_unknown(2, {{0, 1s, false}, {kNobody, 1s, false}}));
  EXPECT_FALSE(whose_unknown(2, {{0, 1s, false}, {1, 2s, false}}));
  EXPECT_FALSE(whose_unknown(2, {{kNobody, 1s, false}, {kNobody, 2s, true}}));
  EXPECT_FALSE(whose_unknown(1, {{kNobody, 1s, false}, {kNobody, 2s, false}}));
}

TEST(MessageFold, HasNothingOfTheMessageBefore) {
  MessageFold fold;
  fold.add(TakenRecord{.recipient = kUnknownRecipient}, true, 0);
  fold.clear();
  fold.add(SentRecord{.recipient = 0, .outcome = SentOutcome::accepted}, 0);
  fold.conclude(kAll, [](const Conclusion& one) { EXPECT_EQ(one.verdict, Verdict::lost); });
}

TEST(MessageFold, HasTheTextOfTheAttemptThatDecides) {
  MessageFold fold;
  fold.add(SentRecord{.recipient = 0, .outcome = SentOutcome::refused}, 7);
  fold.add(SentRecord{.recipient = 0, .outcome = SentOutcome::accepted}, 8);
  fold.add(SentRecord{.recipient = 0, .outcome = SentOutcome::refused}, 9);
  fold.conclude(kAll, [](const Conclusion& one) {
    ASSERT_NE(one.sent, nullptr);
    EXPECT_EQ(one.sent->text, 8U);
  });
}

TEST(Conclusion, IsLateByTheTimeSinceTheServersYes) {
  look_at({{"yes0 copy0", "0:delivered"},  // 9 ms
           {"yes0 yes1 copy0", "0:delivered,late 1:lost"},
           {"doubt0 doubt1 copy0", "0:doubt-seen,late 1:doubt-unseen"},
           {"yes0 copy0 copy0", "0:delivered*2+1"},
           {"no0 no1 copy0", "0:unexpected 1:refused"}},
          {.late_after = 15ms});
}

}  // namespace
}  // namespace millrace::proof
