#include "smtp/verb.h"

#include <gtest/gtest.h>

#include <string>

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

// Words that differ from a keyword in one byte: only the other case of its letter is the same.
TEST(Verb, NoOtherByteWillDo) {
  for (std::size_t i = 0; i < kVerbCount; ++i) {
    for (std::size_t place = 0; place < kVerbKeywords[i].size(); ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string word(kVerbKeywords[i]);
        const int letter = word[place];
        word[place] = static_cast<char>(byte);
        const bool same = byte == letter || (letter != '.' && byte == letter + ('a' - 'A'));
        const auto found = find_verb(word);
        EXPECT_EQ(found == static_cast<Verb>(i), same) << testing::PrintToString(word);
      }
    }
  }
}

TEST(Command, IsSplitAtBlanks) {
  const Command command = parse_command(" \tMAIL \t FROM:<a b>  SIZE=1 ");
  EXPECT_EQ(command.keyword, "MAIL");
  EXPECT_EQ(command.arguments, "FROM:<a b>  SIZE=1 ");
}

TEST(Command, ABlankMoreOrLessChangesNothing) {
  for (const std::string_view line :
       {"MAIL FROM:<a>", "MAIL  FROM:<a>", "MAIL\tFROM:<a>", "MAIL \tFROM:<a>", " MAIL FROM:<a>"}) {
    EXPECT_EQ(parse_command(line).keyword, "MAIL") << line;
    EXPECT_EQ(parse_command(line).arguments, "FROM:<a>") << line;
  }
  EXPECT_EQ(parse_command("MAILS FROM:<a>").keyword, "MAILS");
  EXPECT_EQ(parse_command("MAILXFROM:<a>").keyword, "MAILXFROM:<a>");
  EXPECT_EQ(parse_command("MA L FROM:<a>").keyword, "MA");
  EXPECT_EQ(parse_command("MAIL ").arguments, "");
}

TEST(Command, MayBeEmptyOrBare) {
  EXPECT_EQ(parse_command("").keyword, "");
  EXPECT_EQ(parse_command(" \t ").keyword, "");
  EXPECT_EQ(parse_command("QUIT").keyword, "QUIT");
  EXPECT_EQ(parse_command("QUIT").arguments, "");
}

}  // namespace
}  // namespace millrace::smtp
