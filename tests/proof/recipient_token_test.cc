#include "proof/recipient_token.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace millrace::proof {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char byte) {
    return byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 'a' + 'A') : byte;
  });
  return text;
}

std::string with_token(std::string local_part, RecipientToken token, TokenForm form) {
  append_token(token, form, local_part);
  return local_part;
}

TEST(RecipientToken, IsReadBackInAnyCase) {
  for (const TokenForm form : {TokenForm::tagged, TokenForm::numbered}) {
    for (const std::uint64_t message : {std::uint64_t{0}, std::uint64_t{15}, std::uint64_t{16},
                                        std::uint64_t{1'000'000}, kMost}) {
      for (const std::uint64_t recipient : {std::uint64_t{0}, std::uint64_t{99}, kMost}) {
        const RecipientToken token{message, recipient};
        const std::string text = with_token("user", token, form);
        EXPECT_LE(text.size(), 4 + kLongestToken);
        EXPECT_EQ(read_token(text, form), token) << text;
        EXPECT_EQ(read_token(upper(text), form), token) << text;
      }
    }
  }
}

TEST(RecipientToken, StandsBehindWhatLooksLikeOne) {
  const RecipientToken token{7, 1};
  EXPECT_EQ(with_token("a-1-2", token, TokenForm::numbered), "a-1-2-7-1");
  EXPECT_EQ(read_token("a-1-2-7-1", TokenForm::numbered), token);
  const std::string tagged =
      with_token(with_token("a+b", {5, 6}, TokenForm::tagged), token, TokenForm::tagged);
  EXPECT_EQ(read_token(tagged, TokenForm::tagged), token);
}

TEST(RecipientToken, IsShort) {
  EXPECT_EQ(with_token("", {999'999, 0}, TokenForm::tagged).size(), 10U);
}

TEST(RecipientToken, WithACheckIsNotFoundInOtherTexts) {
  const std::string text = with_token("user", {123'456, 3}, TokenForm::tagged);
  int passed = 0;
  int tried = 0;
  for (std::size_t i = text.find('+') + 2; i < text.size(); ++i) {
    for (const char digit : std::string("0123456789abcdefghjkmnpqrstvwxyz")) {
      std::string other = text;
      if (other[i] == digit) continue;
      other[i] = digit;
      ++tried;
      if (read_token(other, TokenForm::tagged)) ++passed;
    }
  }
  EXPECT_GT(tried, 200);
  EXPECT_LE(passed, 5);  // one in 1024 is expected
  for (const char* const none :
       {"", "user", "user+", "user+m", "user+m0", "user+m000", "user+n0000", "+m0i000",
        "user+mzzzz", "user+mzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz000", "user+m1g000"}) {
    EXPECT_FALSE(read_token(none, TokenForm::tagged)) << none;
  }
}

TEST(RecipientToken, WithNumbersHasBoth) {
  for (const char* const none : {"", "user", "user-", "user-1", "user-1-", "user--1", "user-01-2",
                                 "user-1-02", "user-1-x", "user-18446744073709551616-1"}) {
    EXPECT_FALSE(read_token(none, TokenForm::numbered)) << none;
  }
}

}  // namespace
}  // namespace millrace::proof
