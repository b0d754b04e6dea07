#include "smtp/line_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pieces.h"

namespace millrace::smtp {
namespace {

using test::Cut;

struct Reading {
  std::vector<std::string> lines;
  bool too_long = false;
};

Reading read(LineReader reader, std::string_view bytes, Cut how, unsigned seed) {
  Reading reading;
  for (std::string_view piece : test::cut(bytes, how, seed)) {
    while (!piece.empty()) {
      std::string_view line;
      const LineReader::Result result = reader.next(piece, line);
      if (result == LineReader::Result::too_long) {
        reading.too_long = true;
        return reading;
      }
      if (result == LineReader::Result::line) reading.lines.emplace_back(line);
    }
  }
  return reading;
}

Reading read(LineEnd line_end, std::size_t limit, std::string_view bytes, Cut how,
             unsigned seed = 0) {
  return read(LineReader(line_end, limit), bytes, how, seed);
}

class EverySplit : public testing::TestWithParam<Cut> {};
INSTANTIATE_TEST_SUITE_P(LineReader, EverySplit,
                         testing::Values(Cut::whole, Cut::byte_by_byte, Cut::random));

TEST_P(EverySplit, OnlyCrLfEndsACommandLine) {
  const std::string bytes("a\nb\rc\r\r\n\r\n\n\r\nx\0y\r\nrest", 22);
  const std::vector<std::string> expected = {"a\nb\rc\r", "", "\n", std::string("x\0y", 3)};
  for (unsigned seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(read(LineEnd::crlf, 100, bytes, GetParam(), seed).lines, expected);
  }
}

TEST_P(EverySplit, AReplyLineMayEndInABareLf) {
  const std::vector<std::string> expected = {"250 a", "250 b", "250 \rc"};
  EXPECT_EQ(read(LineEnd::lf, 100, "250 a\r\n250 b\n250 \rc\r\n", GetParam()).lines, expected);
}

TEST_P(EverySplit, TheLimitCountsTheCr) {
  const std::string fits = std::string(6, 'x') + "\r\n";
  const std::string too_long = std::string(7, 'x') + "\r\n";
  EXPECT_FALSE(read(LineEnd::crlf, 8, fits, GetParam()).too_long);
  EXPECT_TRUE(read(LineEnd::crlf, 8, too_long, GetParam()).too_long);
}

TEST_P(EverySplit, ALineThatNeverEndsIsTooLong) {
  EXPECT_TRUE(read(LineEnd::crlf, 2048, std::string(5000, 'x'), GetParam()).too_long);
  EXPECT_TRUE(read(LineEnd::crlf, 2048, std::string(5000, '\n'), GetParam()).too_long);
}

TEST_P(EverySplit, LinesOfOneCommandMayBeLonger) {
  const auto lines = [](const std::string& bytes, unsigned seed) {
    return read(LineReader(LineEnd::crlf, 20, {.keyword = "AUTH", .limit = 40}), bytes, GetParam(),
                seed);
  };
  for (unsigned seed = 0; seed < 20; ++seed) {
    for (const std::string begin : {"AUTH ", "\t auth\t"}) {
      const std::string fits = begin + std::string(38 - begin.size(), 'x');
      EXPECT_EQ(lines("NOOP\r\n" + fits + "\r\nNOOP\r\n", seed).lines,
                (std::vector<std::string>{"NOOP", fits, "NOOP"}));
      EXPECT_TRUE(lines("NOOP\r\n" + fits + "x\r\n", seed).too_long);
    }
    EXPECT_TRUE(lines("AUTH\r\nAUTHX " + std::string(20, 'x') + "\r\n", seed).too_long);
    EXPECT_TRUE(lines("AUTH a\r\nNOOP AUTH " + std::string(20, 'x') + "\r\n", seed).too_long);
  }
}

}  // namespace
}  // namespace millrace::smtp
