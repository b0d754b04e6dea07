#include "sink/answers/encodings.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace millrace::sink {
namespace {

TEST(SevenBit, IsAsciiInLinesOfAtMost998) {
  EXPECT_TRUE(seven_bit(""));
  EXPECT_TRUE(seven_bit("a\tb\r\n\r\n"));
  EXPECT_TRUE(seven_bit(std::string(998, 'x') + "\r\n"));
  EXPECT_FALSE(seven_bit(std::string(999, 'x') + "\r\n"));
  for (const std::string_view other :
       {std::string_view("a"), std::string_view("a\n"), std::string_view("a\rb\r\n"),
        std::string_view("a\nb\r\n"), std::string_view("\xc3\xa4\r\n"),
        std::string_view("a\0b\r\n", 5)}) {
    EXPECT_FALSE(seven_bit(other));
  }
}

TEST(QuotedPrintable, EncodesWhatIsNoText) {
  EXPECT_EQ(quoted_printable("!a=b~\x7f\r\n"), "!a=3Db~=7F\r\n");
  EXPECT_EQ(quoted_printable(std::string_view("\0\xe4\n\r", 4)), "=00=E4=0A=0D");
  EXPECT_EQ(quoted_printable("a \r\nb\t\r\n c "), "a=20\r\nb=09\r\n c=20");
  EXPECT_EQ(quoted_printable("\r\r\n"), "=0D\r\n");
}

// RFC 2045, 6.7 (5): 76 characters, the soft line break among them.
TEST(QuotedPrintable, BreaksLinesSoftly) {
  EXPECT_EQ(quoted_printable(std::string(75, 'x')), std::string(75, 'x'));
  EXPECT_EQ(quoted_printable(std::string(76, 'x')), std::string(75, 'x') + "=\r\nx");
  EXPECT_EQ(quoted_printable(std::string(73, 'x') + "\xff"), std::string(73, 'x') + "=\r\n=FF");
  EXPECT_EQ(quoted_printable(std::string(72, 'x') + "\xff"), std::string(72, 'x') + "=FF");
}

TEST(International, IsUtf8ThatMayBeShown) {
  EXPECT_TRUE(international("a\xc3\xa4"));
  for (const char* other :
       {"", "a", "\xff", "\xc3", "\xc3\xa4\t", "\xc3\xa4\r\n", "\xc3\xa4\xe2\x80\xae"}) {
    EXPECT_FALSE(international(other)) << other;
  }
  EXPECT_TRUE(international_header("A: \xc3\xa4\r\n\tb\r\n"));
  for (const char* other : {"A: b\r\n", "A: \xc3\xa4\xff\r\n", "A: \xc3\r\n\xa4\r\n",
                            "A: \xc3\t\xa4\r\n", "A: \xc3\xa4\n", "A: \xc3\xa4\r"}) {
    EXPECT_FALSE(international_header(other)) << other;
  }
}

// RFC 6533, 3.
TEST(Utf8Address, HasCharactersByTheirNumbers) {
  EXPECT_EQ(utf8_address("b\xc3\xa4+=\\@\xce\xb1\xe2\x82\xac\xf0\x9f\x98\x80"),
            R"(b\x{E4}\x{2B}\x{3D}\x{5C}@\x{3B1}\x{20AC}\x{1F600})");
  EXPECT_EQ(seven_bit_escapes("b\xc3\xa4+=\\@c"), R"(b\x{E4}+=\@c)");
}

TEST(Unstructured, LeavesWhatMayStand) {
  for (const char* text : {"", "Hello", "a =?utf-8?Q?Gr=C3=BC=C3=9Fe?= b", "=?utf-8?B?w6Q=?=",
                           "=?utf-8?B?+/0=?=", "=?utf-8?b?AA==?=", "=?u_8?q?a?="}) {
    EXPECT_EQ(unstructured(text, 200), text);
  }
}

TEST(Unstructured, EncodesTheRest) {
  EXPECT_EQ(unstructured("\xc3\xa4", 200), "=?utf-8?B?w6Q=?=");
  EXPECT_EQ(unstructured("\xff", 200), "=?utf-8?B?XHhmZg==?=");  // "\xff", as it is shown
  for (const char* word :
       {"=?utf-8?B?w6Q?=", "x=?utf-8?B?w6Q=?=", "=?utf-8?Q?=G1?=", "=?utf-8?Q?a",
        "=??Q?a?=", "=?utf-8?X?a?=", "=?=", "=?utf-8?B?\?=", "a\rb", "a\x7f",
        "=?utf-8?B?w6*=?=", "=?utf-8?B?A===?=", "=?u.8?Q?a?=", "=?u?Q?=", "=?u?Qx?a?="}) {
    EXPECT_TRUE(unstructured(word, 200).starts_with("=?utf-8?B?")) << word;
  }
}

TEST(Unstructured, CutsBetweenWordsAndCharacters) {
  EXPECT_EQ(unstructured("one two three", 9), "one two");
  EXPECT_EQ(unstructured("onetwothree", 6), "onetwo");
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "\xc3\xa4";
  const std::string encoded = unstructured(umlauts, 60);
  // 22 of them are 44 bytes; nothing ends within one. What is cut is said.
  std::string first = "=?utf-8?B?";
  for (int i = 0; i < 14; ++i) first += "w6TDpMOk";
  EXPECT_TRUE(encoded.starts_with(first.substr(0, 60))) << encoded;
  EXPECT_EQ(encoded.find(' '), encoded.rfind(' '));
  EXPECT_EQ(encoded.find(' '), 72U);
  EXPECT_TRUE(encoded.substr(0, 72).ends_with("=?=")) << encoded;  // of 44 bytes
}

}  // namespace
}  // namespace millrace::sink
