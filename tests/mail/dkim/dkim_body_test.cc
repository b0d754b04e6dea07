#include "mail/dkim/dkim_body.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "pieces.h"

namespace millrace::mail {
namespace {

// What is canonical already, hashed without another look at it.
BodyHash plain_hash(std::string_view canonical) {
  Sha256 sha256;
  sha256.update(canonical);
  return sha256.finish();
}

BodyHash hash_of(std::string_view body) {
  BodyHasher hasher;
  hasher.update(body);
  return hasher.finish();
}

// RFC 6376, 3.4.4, word by word: blanks at the ends of lines go, others become one space each;
// empty lines at the end go; a body that is not empty ends in CR LF.
std::string canonical(std::string_view body) {
  std::string all;
  while (!body.empty()) {
    const std::size_t end = body.find("\r\n");
    std::string line;
    for (const char byte : body.substr(0, end)) {
      const bool blank = byte == ' ' || byte == '\t';
      if (blank && line.ends_with(' ')) continue;
      line += blank ? ' ' : byte;
    }
    if (line.ends_with(' ')) line.pop_back();
    all += line + "\r\n";
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 2);
  }
  while (all.ends_with("\r\n\r\n")) all.resize(all.size() - 2);
  return all == "\r\n" ? "" : all;
}

// Each body, and its canonical form.
constexpr std::pair<std::string_view, std::string_view> kBodies[] = {
    {" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"},  // RFC 6376, 3.4.5
    {"", ""},
    {"\r\n", ""},
    {"\r\n\r\n\r\n", ""},
    {" ", ""},
    {"\t \r\n  \r\n ", ""},
    {"a", "a\r\n"},
    {"a\r\n", "a\r\n"},
    {"a \t", "a\r\n"},
    {"a\r\n ", "a\r\n"},
    {"a\r\n\t\r\n\r\n \t", "a\r\n"},
    {"a\r\n \r\nb\r\n", "a\r\n\r\nb\r\n"},
    {"\r\n\r\n a", "\r\n\r\n a\r\n"},
    {"a  b\tc \td\r\n", "a b c d\r\n"},
    {" \t a\r\n", " a\r\n"},
    // A CR or an LF alone ends no line.
    {"a\r", "a\r\r\n"},
    {"\r", "\r\r\n"},
    {"\n", "\n\r\n"},
    {"a \r", "a \r\r\n"},
    {"a\n\n", "a\n\n\r\n"},
    {"a \n b\r\n", "a \n b\r\n"},
    {"a\r\r\n\r\r\n", "a\r\r\n\r\r\n"},
    {"a\r \r\n", "a\r\r\n"},
    {"a\r\n\r", "a\r\n\r\r\n"},
    {"a \r b\r\n", "a \r b\r\n"},
    {"a\r\n\n", "a\r\n\n\r\n"},
    {std::string_view("\0 \0 \r\n", 6), std::string_view("\0 \0\r\n", 5)},
    {"\xff \xff\r\n", "\xff \xff\r\n"},
};

TEST(BodyHasher, HashesTheCanonicalForm) {
  for (const auto& [body, form] : kBodies) {
    EXPECT_EQ(canonical(body), form) << testing::PrintToString(body);
    EXPECT_EQ(hash_of(body), plain_hash(form)) << testing::PrintToString(body);
  }
}

TEST(BodyHasher, TakesBodiesCutAnywhere) {
  std::string all;
  for (const auto& [body, form] : kBodies) all.append(body).append("x");
  for (const auto& [body, form] : kBodies) {
    const std::string whole = all + std::string(body);
    BodyHasher hasher;
    for (std::size_t first = 0; first <= whole.size(); ++first) {
      hasher.update(std::string_view(whole).substr(0, first));
      hasher.update(std::string_view(whole).substr(first));
      ASSERT_EQ(hasher.finish(), plain_hash(canonical(whole))) << first;
    }
    for (const std::string_view piece : test::cut(whole, test::Cut::byte_by_byte)) {
      hasher.update(piece);
    }
    EXPECT_EQ(hasher.finish(), plain_hash(canonical(whole)));
  }
}

// What is odd comes at each place of a block, and at its borders.
TEST(BodyHasher, FindsWhatChangesAnywhere) {
  for (const std::string_view odd :
       {"  ", "\t", " \r\n", "\r\n\r\n", " ", "\r", " \r", "\x80 \x80"}) {
    for (std::size_t before = 0; before < 200; ++before) {
      for (const std::size_t after : {0U, 1U, 100U}) {
        std::string body(before, 'x');
        body.append(odd).append(after, 'y');
        ASSERT_EQ(hash_of(body), plain_hash(canonical(body))) << before << ' ' << after;
      }
    }
  }
}

TEST(BodyHasher, AgreesWithTheWordsOfTheRfcOnAnyBody) {
  std::mt19937 random(7);
  std::uniform_int_distribution<std::size_t> length(0, 300);
  // Text is more often long than not.
  const std::string_view words[] = {
      " ",    "\t",       "\r\n",
      "\r",   "\n",       "a",
      "word", "\xc3\xa4", "a longer run of words without anything odd in it, as most is"};
  BodyHasher hasher;
  for (unsigned round = 0; round < 2'000; ++round) {
    std::string body;
    for (std::size_t left = length(random) / 10; left > 0; --left) body += words[random() % 9];
    for (const std::string_view piece : test::cut(body, test::Cut::random, round)) {
      hasher.update(piece);
    }
    ASSERT_EQ(hasher.finish(), plain_hash(canonical(body))) << testing::PrintToString(body);
  }
}

TEST(BodyHasher, HoldsNoEmptyLines) {
  std::string body;
  for (int line = 0; line < 1'000; ++line) body += "\r\n";
  EXPECT_EQ(hash_of(body + body), plain_hash(""));
  EXPECT_EQ(hash_of(body + "a"), plain_hash(body + "a\r\n"));
}

}  // namespace
}  // namespace millrace::mail
