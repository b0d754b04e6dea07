#include "fleet/quota_letters.h"

#include <gtest/gtest.h>

#include <optional>

namespace millrace::fleet {
namespace {

Letter saying(Subject subject, const char* text) { return {.subject = subject, .text = text}; }

TEST(QuotaLetters, SayWhichQuotaAndHowMuch) {
  const QuotaWord word{.quota = 1, .number = 18'446'744'073'709'551'615U};
  EXPECT_EQ(quota_letter(Subject::more, word), saying(Subject::more, "1 18446744073709551615"));
  EXPECT_EQ(quota_word(quota_letter(Subject::more, word)), word);
}

TEST(QuotaLetters, OfAnotherTextAreNone) {
  for (const char* const text : {"", "1", "1 ", " 1", "1 -1", "x 1", "1 1 1"}) {
    EXPECT_EQ(quota_word(saying(Subject::more, text)), std::nullopt) << text;
  }
}

TEST(QuotaLetters, AreOfTheShareThatAsks) {
  threads::QuotaShare one;
  threads::QuotaShare other;
  const QuotaShares shares = {&one, &other};
  EXPECT_EQ(quota_asks(shares),
            (std::vector{saying(Subject::ask, "0 0"), saying(Subject::ask, "1 0")}));
  EXPECT_EQ(obey(shares, saying(Subject::more, "1 3")), std::nullopt);
  EXPECT_FALSE(other.asks());
  EXPECT_TRUE(one.asks());
  EXPECT_TRUE(other.take());
  EXPECT_EQ(obey(shares, saying(Subject::recall, "1 0")), saying(Subject::unused, "1 2"));
  EXPECT_EQ(obey(shares, saying(Subject::recall, "0 0")), saying(Subject::unused, "0 0"));
}

TEST(QuotaLetters, OfNoShareHereChangeNothing) {
  threads::QuotaShare share;
  share.ask();
  EXPECT_EQ(obey({&share}, saying(Subject::more, "1 3")), std::nullopt);
  EXPECT_EQ(obey({&share}, saying(Subject::recall, "x")), std::nullopt);
  EXPECT_EQ(obey({&share}, saying(Subject::alive, "0 3")), std::nullopt);
  EXPECT_TRUE(share.asks());
  EXPECT_EQ(share.give_up(), 0U);
}

}  // namespace
}  // namespace millrace::fleet
