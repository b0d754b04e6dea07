#include "sink/store/stored_text.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "pieces.h"

namespace millrace::sink {
namespace {

using test::Cut;

// Whatever pieces it comes in.
void expect_text(UnixText::From from, std::string_view content, std::string_view text) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    for (const Cut how : {Cut::whole, Cut::byte_by_byte, Cut::random}) {
      UnixText lines(from);
      std::string made;
      for (const std::string_view piece : test::cut(content, how, seed)) {
        // What was written already is no longer at hand.
        std::string next;
        lines.take(piece, next);
        made += next;
      }
      std::string last;
      lines.finish(last);
      EXPECT_EQ(made + last, text) << content;
    }
  }
}

TEST(UnixText, EndsLinesInLfAndKeepsEveryOtherCr) {
  for (const auto from : {UnixText::From::as_it_is, UnixText::From::quoted}) {
    expect_text(from, "a\r\n\r\nb\rc\r\r\nd\n\re\r\n", "a\n\nb\rc\r\nd\n\re\n");
  }
}

TEST(UnixText, EndsTheLastLine) {
  for (const auto from : {UnixText::From::as_it_is, UnixText::From::quoted}) {
    expect_text(from, "", "");
    expect_text(from, "a", "a\n");
    expect_text(from, "a\r", "a\r\n");
    expect_text(from, "\r", "\r\n");
    expect_text(from, ">", ">\n");
    expect_text(from, "\r\nFr", "\nFr\n");
  }
}

TEST(UnixText, QuotesEveryLineThatCouldBeginAMessage) {
  const std::string_view content =
      "From a\r\n>From b\r\n>>From c\r\nFrom\r\n From d\r\nFFrom e\r\n>Frog\r\nfrom f\r\nx\nFrom "
      "g\n"
      "\rFrom h\r\n>\r\nFrom ";
  expect_text(UnixText::From::as_it_is, "From a\r\n", "From a\n");
  expect_text(UnixText::From::quoted, content,
              ">From a\n>>From b\n>>>From c\nFrom\n From d\nFFrom e\n>Frog\nfrom f\nx\n>From g\n"
              "\rFrom h\n>\n>From \n");
}

}  // namespace
}  // namespace millrace::sink
