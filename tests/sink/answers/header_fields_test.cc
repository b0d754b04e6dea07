#include "sink/answers/header_fields.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::sink {
namespace {

TEST(HeaderFields, AreUnfoldedAndTrimmed) {
  const std::string section =
      "Subject:  one\r\n\t two \r\nX-Empty:\r\nto :a@b\nsubject: other\r\n  \r\n";
  const auto fields = header_fields(section);
  ASSERT_EQ(fields.size(), 4U);
  EXPECT_EQ(fields[0].name, "Subject");
  EXPECT_EQ(fields[0].value, "one two");
  EXPECT_EQ(fields[1].value, "");
  EXPECT_EQ(fields[2].name, "to");
  EXPECT_EQ(first_value(fields, "SUBJECT"), "one two");
  EXPECT_EQ(first_value(fields, "cc"), "");
}

TEST(HeaderFields, PassOverWhatIsNone) {
  const std::string section =
      " continues nothing\r\nno field\r\n continues no field\r\n: x\r\nA: b\r\n\r\nBody: c\r\n";
  const auto fields = header_fields(section);
  ASSERT_EQ(fields.size(), 1U);
  EXPECT_EQ(fields[0].value, "b");
}

TEST(AppendField, FillsALineOf78) {
  const std::string head = "Subject: " + std::string(34, 'x');
  for (const std::size_t length : {34U, 35U}) {
    const std::string last(length, 'y');
    std::string text;
    append_field(text, "Subject", std::string(34, 'x') + " " + last);
    EXPECT_EQ(text, head + (length == 34 ? " " : "\r\n ") + last + "\r\n");
  }
}

TEST(AppendField, FoldsAtBlanksOnly) {
  std::string text;
  append_field(text, "A", "b  c");
  EXPECT_EQ(text, "A: b c\r\n");
  text.clear();
  const std::string word(40, 'x');
  append_field(text, "Subject", word + " " + word + " " + std::string(100, 'y'));
  EXPECT_EQ(text, "Subject: " + word + "\r\n " + word + "\r\n " + std::string(100, 'y') + "\r\n");
}

}  // namespace
}  // namespace millrace::sink
