#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace millrace {
namespace {

TEST(Utf8, HasOneFormOfEachCharacter) {
  for (const std::string_view good :
       {"", "a", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
        "a\xf0\x9f\x98\x80z"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const std::string_view bad :
       {"\x80", "\xc1\x80", "\xc3", "\xc3z", "\xe0\x9f\x80", "\xed\xa0\x80", "\xe2\x82",
        "\xf0\x8f\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "a\xff"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

TEST(Utf8, IsMeasuredUpToWhatIsNot) {
  EXPECT_EQ(utf8_length(""), 0U);
  EXPECT_EQ(utf8_length("a\xc3\xbc"), 3U);
  EXPECT_EQ(utf8_length("a\xc3\xbc\xe9 b"), 3U);
  EXPECT_EQ(utf8_length("a\xc3"), 1U);
}

TEST(Ascii, IsNothingBeyondItWhereverThatStands) {
  for (std::size_t size = 0; size < 20; ++size) {
    std::string text(size, '\x7f');
    EXPECT_TRUE(is_ascii(text));
    for (char& byte : text) {
      byte = '\x80';
      EXPECT_FALSE(is_ascii(text));
      byte = 'a';
    }
  }
}

}  // namespace
}  // namespace millrace
