#include "smtp/server_chunk.h"

#include <gtest/gtest.h>

namespace millrace::smtp {
namespace {

TEST(ServerChunk, HasACountAndMayBeTheLast) {
  ServerChunk chunk;
  ASSERT_TRUE(chunk.begin("18446744073709551615 last"));
  EXPECT_EQ(chunk.left(), 18'446'744'073'709'551'615U);
  EXPECT_TRUE(chunk.last());
  ASSERT_TRUE(chunk.begin("3"));
  EXPECT_FALSE(chunk.last() || chunk.malformed());
  EXPECT_EQ(chunk.take("ab"), "ab");
  EXPECT_EQ(chunk.take("cde"), "c");
  EXPECT_EQ(chunk.left(), 0U);
}

TEST(ServerChunk, IsSkippedWhereOnlyItsCountCanBeRead) {
  ServerChunk chunk;
  for (const char* const odd : {"2 FIRST", "2 LAST x", "2 LAST LAST"}) {
    ASSERT_TRUE(chunk.begin(odd)) << odd;
    EXPECT_TRUE(chunk.malformed()) << odd;
    EXPECT_EQ(chunk.left(), 2U) << odd;
  }
  for (const char* const wrong :
       {"", "x", "-1", "+1", "1x", "0x10", "LAST", "18446744073709551616"}) {
    EXPECT_FALSE(chunk.begin(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace millrace::smtp
