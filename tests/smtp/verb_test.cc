#include "smtp/verb.h"

#include <gtest/gtest.h>

namespace millrace::smtp {
namespace {

TEST(Verb, IsFoundInAnyCase) {
  EXPECT_EQ(find_verb("mail"), Verb::mail);
  EXPECT_EQ(find_verb("MaIl"), Verb::mail);
  EXPECT_EQ(find_verb("."), Verb::end_of_data);
}

TEST(Verb, EveryKeywordFindsItself) {
  for (std::size_t i = 0; i < kVerbCount; ++i) {
    EXPECT_EQ(find_verb(kVerbKeywords[i]), static_cast<Verb>(i)) << kVerbKeywords[i];
  }
}

TEST(Verb, NothingElseIsFound) {
  for (const std::string_view word : {"", "MAI", "MAILS"}) {
    EXPECT_EQ(find_verb(word), std::nullopt) << word;
  }
  EXPECT_EQ(find_verb(std::string_view("MAIL\0", 5)), std::nullopt);
}

TEST(Command, IsSplitAtBlanks) {
  const Command command = parse_command(" \tMAIL \t FROM:<a b>  SIZE=1 ");
  EXPECT_EQ(command.keyword, "MAIL");
  EXPECT_EQ(command.arguments, "FROM:<a b>  SIZE=1 ");
}

TEST(Command, MayBeEmptyOrBare) {
  EXPECT_EQ(parse_command("").keyword, "");
  EXPECT_EQ(parse_command(" \t ").keyword, "");
  EXPECT_EQ(parse_command("QUIT").keyword, "QUIT");
  EXPECT_EQ(parse_command("QUIT").arguments, "");
}

}  // namespace
}  // namespace millrace::smtp
