#include "smtp/dot_removal.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "pieces.h"

namespace millrace::smtp {
namespace {

using test::Cut;

std::string read(std::string_view wire, Cut how, unsigned seed = 0) {
  DotRemoval dots;
  std::string text;
  for (const std::string_view piece : test::cut(wire, how, seed)) {
    dots.take(piece, [&](std::string_view part) { text += part; });
  }
  return text;
}

// As a client sends it.
std::string stuffed(std::string_view text) {
  std::string wire;
  bool line_start = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (line_start && text[i] == '.') wire += '.';
    wire += text[i];
    line_start = text[i] == '\n' && i > 0 && text[i - 1] == '\r';
  }
  return wire + (line_start ? ".\r\n" : "\r\n.\r\n");
}

TEST(DotRemoval, TakesDotsAndTheEndMarkAway) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {".\r\n", ""},
      {"a\r\n.\r\n", "a\r\n"},
      {"..\r\n.\r\n", ".\r\n"},
      {"...a\r\n..\r\n.\r\n", "..a\r\n.\r\n"},
      {"a\n.b\r\n.\r\n", "a\n.b\r\n"},
      {"a\r.b\r\n.\r\n", "a\r.b\r\n"},
      {".\rb\r\n.\r\n", "\rb\r\n"},
      {".\r\rb\r\n.\r\n", "\r\rb\r\n"},
      {"\r\r\n.\r\n", "\r\r\n"},
      {"\r\n\r\n..x\r\n.\r\n", "\r\n\r\n.x\r\n"},
  };
  for (const auto& [wire, text] : kCases) {
    EXPECT_EQ(read(wire, Cut::whole), text);
    EXPECT_EQ(read(wire, Cut::byte_by_byte), text);
  }
}

TEST(DotRemoval, UndoesWhatAClientDidHoweverItIsCut) {
  std::mt19937 random(1);
  const std::string_view letters = ".\r\n.\r\nab";
  for (unsigned round = 0; round < 2'000; ++round) {
    std::string text;
    while (random() % 40 != 0) text += letters[random() % letters.size()];
    if (text.ends_with('\r')) text.pop_back();  // would begin the end mark's line end
    const std::string wire = stuffed(text);
    std::string whole = text;
    if (!whole.empty() && !whole.ends_with("\r\n")) whole += "\r\n";
    if (whole.empty()) continue;
    for (const Cut how : {Cut::whole, Cut::byte_by_byte, Cut::random}) {
      ASSERT_EQ(read(wire, how, round), whole) << round;
    }
  }
}

TEST(FindDottedLine, FindsTheFirstWhereverItIs) {
  constexpr std::size_t kSize = 300;
  for (std::size_t dot = 0; dot < kSize; ++dot) {
    std::string text(kSize, 'a');
    text[dot] = '.';
    EXPECT_EQ(find_dotted_line(text), kSize) << dot;
    if (dot < 1) continue;
    text[dot - 1] = '\n';
    EXPECT_EQ(find_dotted_line(text), kSize) << dot;
    if (dot < 2) continue;
    text[dot - 2] = '\r';
    EXPECT_EQ(find_dotted_line(text), dot);
    if (dot + 5 < kSize) text.replace(dot + 2, 3, "\r\n.");
    EXPECT_EQ(find_dotted_line(text), dot);
    if (dot > 5) text.replace(dot - 5, 2, "\n.");
    EXPECT_EQ(find_dotted_line(text), dot);
  }
}

}  // namespace
}  // namespace millrace::smtp
