#include "smtp/content_check.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>

#include "pieces.h"

namespace millrace::smtp {
namespace {

ContentCheck check(std::string_view content, Form form, const ServerLimits& limits,
                   test::Cut how = test::Cut::byte_by_byte) {
  ContentCheck check;
  for (const std::string_view piece : test::cut(content, how, 1)) check.take(piece, form, limits);
  return check;
}

TEST(ContentCheck, ALineEndsInCrLfAndIsCountedWithoutItsDoubledDot) {
  const ServerLimits limits{.text_line = 5};
  for (const test::Cut how : {test::Cut::whole, test::Cut::byte_by_byte, test::Cut::random}) {
    for (const char* const fits :
         {"12345\r\n.\r\n", "..2345\r\n.\r\n", "\r\n\r\n.\r\n", "123\r5\r\n.\r\n", ".\r\n"}) {
      EXPECT_FALSE(check(fits, Form::dotted, limits, how).line_too_long()) << fits;
    }
    for (const char* const passes :
         {"123456\r\n.\r\n", "..23456\r\n.\r\n", "12\n456\r\n.\r\n", "123456", "12345\rx"}) {
      EXPECT_TRUE(check(passes, Form::dotted, limits, how).line_too_long()) << passes;
    }
  }
  EXPECT_TRUE(check("..2345\r\n", Form::plain, limits).line_too_long());
}

TEST(ContentCheck, ASizeIsCountedWithoutDotsAndEndMark) {
  const ServerLimits limits{.message_size = 6};
  EXPECT_FALSE(check("1234\r\n.\r\n", Form::dotted, limits).too_large(limits));
  EXPECT_FALSE(check("...4\r\n.\r\n", Form::dotted, limits).too_large(limits));
  EXPECT_TRUE(check("12345\r\n.\r\n", Form::dotted, limits).too_large(limits));
  EXPECT_TRUE(check("123456789", Form::dotted, limits).too_large(limits));  // whatever follows
  EXPECT_FALSE(check("123456", Form::plain, limits).too_large(limits));
  EXPECT_TRUE(check("1234567", Form::plain, limits).too_large(limits));
}

TEST(ContentCheck, LimitsMayBeOne) {
  const ServerLimits limits{.message_size = 1, .text_line = 1};
  for (const auto& [content, passes] : {std::pair("1", false), std::pair("12", true)}) {
    const ContentCheck checked = check(content, Form::plain, limits);
    EXPECT_EQ(checked.too_large(limits), passes);
    EXPECT_EQ(checked.line_too_long(), passes);
  }
}

TEST(ContentCheck, EachLimitHoldsAlone) {
  const ServerLimits of_lines{.text_line = 1};
  EXPECT_TRUE(check("12", Form::plain, of_lines).line_too_long());
  const ServerLimits of_size{.message_size = 1};
  EXPECT_TRUE(check("12", Form::plain, of_size).too_large(of_size));
}

TEST(ContentCheck, LimitsMayBeAsLargeAsTheyCanBe) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t most : {kMost, kMost - 1, kMost - 2}) {
    const ServerLimits limits{.message_size = most, .text_line = most};
    for (const Form form : {Form::dotted, Form::plain}) {
      const ContentCheck checked = check("..23\r\n.\r\n", form, limits);
      EXPECT_FALSE(checked.too_large(limits) || checked.line_too_long());
      EXPECT_TRUE(checked.has_room_for(1, limits));
      EXPECT_FALSE(checked.has_room_for(kMost, limits));
    }
  }
  EXPECT_TRUE(ContentCheck().has_room_for(kMost, {.message_size = kMost}));
  EXPECT_FALSE(ContentCheck().has_room_for(kMost, {.message_size = kMost - 1}));
  EXPECT_TRUE(ContentCheck().has_room_for(kMost, {}));
}

}  // namespace
}  // namespace millrace::smtp
