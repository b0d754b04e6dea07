#include "proof/stamp.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "proof/stamper.h"

namespace millrace::proof {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

Stamp full_stamp() {
  return {.run = {0x0123456789abcdef, 0xfedcba9876543210},
          .number = kMost,
          .due = 1'795'676'400'000'001,
          .sent = 1'795'676'400'000'987,
          .content = {.size = 999'999'999'999,
                      .header = {.exact = 0x1, .fields = 42, .canonical = 0xabcdef},
                      .body = {.exact = {0xa, 0xb},
                               .size = 123'456,
                               .canonical = {0xc, 0xd},
                               .mark = 0xe,
                               .encodings = 3}},
          .tag = {kMost, 7}};
}

std::string text_of(const Stamp& stamp) {
  StampText text;
  write_stamp(stamp, text);
  return {text.data(), text.size()};
}

struct Parsed {
  StampParser::State state;
  Stamp stamp;
};

Parsed parse(std::string_view text, std::size_t piece = std::string_view::npos) {
  StampParser parser;
  parser.begin();
  while (!text.empty() && parser.state() == StampParser::State::reading) {
    parser.take(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
  }
  return {parser.state(), parser.stamp()};
}

TEST(Stamp, IsWrittenLikeThis) {
  EXPECT_EQ(text_of(full_stamp()),
            "X-Millrace-Stamp: v:1; run:0123456789abcdeffedcba9876543210;\r\n"
            " n:18446744073709551615; due:1795676400000001; sent:1795676400000987;\r\n"
            " size:999999999999; exact:0000000000000001/000000000000000a000000000000000b;\r\n"
            " body:000000123456/000000000000000c000000000000000d/000000000000000e/3;\r\n"
            " header:00042/0000000000abcdef; tag:ffffffffffffffff0000000000000007\r\n");
}

TEST(Stamp, HasLinesThatNobodyNeedsToFold) {
  std::string_view text = kStampForm;
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    EXPECT_LE(end, 78U);
    text.remove_prefix(end + 2);
  }
}

TEST(Stamp, IsReadBackHoweverItIsCut) {
  const std::string text = text_of(full_stamp());
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const Parsed parsed = parse(text, piece);
    ASSERT_EQ(parsed.state, StampParser::State::complete) << piece;
    ASSERT_EQ(parsed.stamp, full_stamp()) << piece;
  }
}

TEST(Stamp, IsReadHoweverItIsFoldedAndInAnyCase) {
  std::string spread;
  std::string joined;
  for (const char byte : text_of(full_stamp())) {
    const char upper = byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 32) : byte;
    spread += std::string{upper} + "\r\n\t";
    if (byte != ' ' && byte != '\r' && byte != '\n') joined += byte;
  }
  for (const std::string& text : {spread, joined}) {
    const Parsed parsed = parse(text);
    EXPECT_EQ(parsed.state, StampParser::State::complete);
    EXPECT_EQ(parsed.stamp, full_stamp());
  }
}

TEST(Stamp, IsNotReadWithAnotherByteAnywhere) {
  const std::string text = text_of(full_stamp());
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    if (other[i] == ' ' || other[i] == '\r' || other[i] == '\n') continue;
    other[i] = '?';
    const bool in_name = i < kStampName.size();
    const bool colon = i == kStampName.size();
    EXPECT_EQ(parse(other).state,
              in_name || colon ? StampParser::State::other : StampParser::State::malformed)
        << i;
  }
}

TEST(Stamp, HasNoNumberBeyond64Bits) {
  std::string text = text_of(full_stamp());
  const std::size_t number = text.find("18446744073709551615");
  text.replace(number, 20, "18446744073709551616");
  EXPECT_EQ(parse(text).state, StampParser::State::malformed);
  text.replace(number, 20, "0000000000000000000a");
  EXPECT_EQ(parse(text).state, StampParser::State::malformed);
}

TEST(Stamp, IsNotWholeBeforeItsLastDigit) {
  const std::string text = text_of(full_stamp());
  for (std::size_t size = 0; size < text.size() - 2; ++size) {
    ASSERT_EQ(parse(std::string_view(text).substr(0, size)).state, StampParser::State::reading);
  }
}

// Nothing but what is written is taken so; the rest is what take() says of it.
TEST(Stamp, IsReadAtOnceWhereItIsAsItWasWritten) {
  StampParser parser;
  StampText text;
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{1'234}, kMost}) {
    Stamp stamp = full_stamp();
    stamp.number = number;
    write_stamp(stamp, text);
    parser.take_written(text);
    ASSERT_EQ(parser.state(), StampParser::State::complete);
    ASSERT_EQ(parser.stamp(), stamp);
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char byte : std::string_view("0aAfFgG9:;`/ \r\n\t\0?\xff", 19)) {
      write_stamp(full_stamp(), text);
      text[at] = byte;
      const Parsed parsed = parse({text.data(), text.size()});
      const bool written = parsed.state == StampParser::State::complete &&
                           text_of(parsed.stamp) == std::string_view(text.data(), text.size());
      parser.take_written(text);
      ASSERT_EQ(parser.state() == StampParser::State::complete, written) << at << byte;
      if (!written) continue;
      ASSERT_EQ(parser.stamp(), parsed.stamp);
    }
  }
}

TEST(Stamp, IsMadeWithATagOfItsKey) {
  const StampKey key = StampKey::random();
  Stamper stamper({1, 2}, key);
  const ContentDigest content = full_stamp().content;
  const Parsed parsed = parse(stamper.stamp(5, 6, 7, content));
  ASSERT_EQ(parsed.state, StampParser::State::complete);
  EXPECT_EQ(parsed.stamp.run, (RunId{1, 2}));
  EXPECT_EQ(parsed.stamp.number, 5U);
  EXPECT_EQ(parsed.stamp.due, 6U);
  EXPECT_EQ(parsed.stamp.sent, 7U);
  EXPECT_EQ(parsed.stamp.content, content);
  EXPECT_TRUE(StampTagger(key).genuine(parsed.stamp));
}

}  // namespace
}  // namespace millrace::proof
