#include "sink/control/encoded_words.h"

#include <gtest/gtest.h>

namespace millrace::sink {
namespace {

TEST(EncodedWords, AreDecoded) {
  EXPECT_EQ(decode_words("=?utf-8?q?Gr=C3=BC_e?= x"), "Gr\xc3\xbc e x");
  EXPECT_EQ(decode_words("=?UTF-8?B?R3LDvA==?="), "Gr\xc3\xbc");
  EXPECT_EQ(decode_words("=?iso-8859-1*en?Q?=e4?="), "\xc3\xa4");
  EXPECT_EQ(decode_words("=?us-ascii?q?a?= =?us-ascii?q?b?=\t =?us-ascii?q?c?= d"), "abc d");
  EXPECT_EQ(decode_words("=?us-ascii?q?a?= x =?us-ascii?q?b?="), "a x b");
}

TEST(EncodedWords, StayWhereTheyAreNone) {
  for (const char* const text :
       {"", "plain", "=?", "=?utf-8", "=?utf-8?q", "=?utf-8?q?", "=?utf-8?q?a",
        "=?utf-8?x?a?=", "=?utf-8?q?=f?=", "=?utf-8?q?=GG?=", "=?utf-8?q?=FF?=", "=?utf-8?b?!?=",
        "=?us-ascii?q?=E4?=", "=?koi8-r?q?a?=", "=?utf-8?q?a b?=", "=?utf-8?q?x?=y?=z"}) {
    const std::string decoded = decode_words(text);
    EXPECT_EQ(decoded, text == std::string("=?utf-8?q?x?=y?=z") ? "xy?=z" : text);
  }
}

TEST(EncodedWords, HaveSeventyFiveCharactersAtMost) {
  const std::string letters(75 - 12, 'a');
  const std::string longer = "=?utf-8?q?" + letters + "a?=";
  EXPECT_EQ(decode_words("=?utf-8?q?" + letters + "?= b"), letters + " b");
  EXPECT_EQ(decode_words(longer), longer);
}

}  // namespace
}  // namespace millrace::sink
