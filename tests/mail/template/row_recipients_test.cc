#include "mail/template/row_recipients.h"

#include <gtest/gtest.h>

namespace millrace::mail {
namespace {

using Mistakes = std::vector<std::string>;

std::optional<RowRecipients> of(std::string text, Mistakes& mistakes) {
  return RowRecipients::of(std::make_shared<const Csv>(std::move(text), "f.csv"), "email",
                           mistakes);
}

TEST(RowRecipients, AreThoseOfTheRowsInTurn) {
  Mistakes mistakes;
  const auto recipients = of("email,name\n a@b.test ,A\nc@\xc3\xa4.test,C\n", mistakes);
  ASSERT_TRUE(recipients.has_value());
  EXPECT_EQ((*recipients)[0], "a@b.test");
  EXPECT_EQ((*recipients)[1], "c@\xc3\xa4.test");
  EXPECT_EQ((*recipients)[1'000'000], "a@b.test");
  EXPECT_EQ(recipients->beyond_ascii(), "f.csv:3: 'c@\xc3\xa4.test'");
  EXPECT_EQ(mistakes, Mistakes());
}

TEST(RowRecipients, AreAddressesAllOfThem) {
  Mistakes mistakes;
  EXPECT_FALSE(
      of("email,name\na@b.test,A\n,B\n\"a@b.test, c@b.test\",C\nd\xe4@b.test,D\n", mistakes));
  EXPECT_EQ(mistakes, (Mistakes{"f.csv:3: email: '' is no address",
                                "f.csv:4: email: 'a@b.test, c@b.test' is no address",
                                "f.csv:5: email: 'd\\xe4@b.test' is not UTF-8"}));
  mistakes.clear();
  EXPECT_FALSE(of("mail\na@b.test\n", mistakes));
  EXPECT_EQ(mistakes, Mistakes{"f.csv:1: no column is called 'email'"});
  mistakes.clear();
  std::string many = "email\n";
  for (int row = 0; row < 200; ++row) many += "x\n";
  EXPECT_FALSE(of(many, mistakes));
  EXPECT_EQ(mistakes.size(), RowRecipients::kMostMistakes);
}

}  // namespace
}  // namespace millrace::mail
