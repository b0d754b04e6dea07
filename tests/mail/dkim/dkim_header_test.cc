#include "mail/dkim/dkim_header.h"

#include <gtest/gtest.h>

namespace millrace::mail {
namespace {

std::vector<HeaderField> fields_of(std::string_view header) {
  std::vector<HeaderField> fields;
  append_fields(header, fields);
  return fields;
}

std::string relaxed(std::string_view header) {
  std::string out;
  for (const HeaderField& field : fields_of(header)) append_relaxed(field, out);
  return out;
}

TEST(DkimHeader, FieldsAreThoseOfTheSection) {
  const auto fields = fields_of("A: 1\r\nB : 2\r\n\t3\r\n \r\nc:\r\n");
  ASSERT_EQ(fields.size(), 3U);
  EXPECT_EQ(fields[0].name, "A");
  EXPECT_EQ(fields[0].text, "A: 1\r\n");
  EXPECT_EQ(fields[1].name, "B");
  EXPECT_EQ(fields[1].text, "B : 2\r\n\t3\r\n \r\n");
  EXPECT_EQ(fields[2].name, "c");
  EXPECT_EQ(fields[2].text, "c:\r\n");
}

TEST(DkimHeader, WhatIsNoFieldIsLeftOut) {
  EXPECT_EQ(relaxed(" x: 0\r\nFrom a@b Thu Jan  1 00:00:00 1970\r\nA: 1\r\nnone\r\n: 2\r\n"
                    "\xc3\xa4: 3\r\nB: 4\r\n"),
            "a:1\r\nb:4\r\n");
  EXPECT_TRUE(fields_of("").empty());
}

TEST(DkimHeader, RelaxedIsThatOfTheRfc) {
  // RFC 6376, 3.4.5.
  EXPECT_EQ(relaxed("A: X\r\nB : Y\t\r\n\tZ  \r\n"), "a:X\r\nb:Y Z\r\n");
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"SuBJect:  \t a  B\tc \t\r\n", "subject:a B c\r\n"},
      {"A:\r\n", "a:\r\n"},
      {"A: \t \r\n", "a:\r\n"},
      {"A:\r\n b\r\n", "a:b\r\n"},
      {"A: b\r\n \r\n\tc\r\n", "a:b c\r\n"},
      {"A: b\r\n \r\n", "a:b\r\n"},
      {"A: b", "a:b\r\n"},  // no end
      {"A: b\r\r\n", "a:b\r\r\n"},
      {"A: b\nc\r\n", "a:b\nc\r\n"},
      {"A:b:c\r\n", "a:b:c\r\n"},
      {"A: \xc3\x84\r\n", "a:\xc3\x84\r\n"},
  };
  for (const auto& [field, form] : cases) EXPECT_EQ(relaxed(field), form);
}

TEST(DkimHeader, NamesAreTheSameInAnyCase) {
  EXPECT_TRUE(same_field_name("From", "fROM"));
  EXPECT_FALSE(same_field_name("From", "Fro"));
  EXPECT_FALSE(same_field_name("Fro", "From"));
  EXPECT_FALSE(same_field_name("A[", "A{"));
  EXPECT_TRUE(valid_field_name("X-~!"));
  for (const std::string_view name : {"", "a b", "a:", "\x7f", "\xc3\xa4"}) {
    EXPECT_FALSE(valid_field_name(name));
  }
}

}  // namespace
}  // namespace millrace::mail
