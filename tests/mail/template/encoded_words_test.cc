#include "mail/template/encoded_words.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>

#include "base/utf8.h"

namespace millrace::mail {
namespace {

std::string encoded(std::string_view text, std::string field = "Subject: ") {
  append_encoded_words(text, field);
  return field;
}

TEST(EncodedWords, AreBase64OfUtf8) {
  EXPECT_EQ(encoded("Gr\xc3\xbc\xc3\x9f"
                    "e"),
            "Subject: =?utf-8?B?R3LDvMOfZQ==?=");
  EXPECT_EQ(encoded(""), "Subject: ");
}

// What a word has, decoded.
std::string decoded(std::string_view word) {
  word.remove_prefix(word.find("?B?") + 3);
  word.remove_suffix(2);
  std::string bytes(word.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(word.data()),
                                   static_cast<int>(word.size()));
  EXPECT_GE(size, 0);
  bytes.resize(static_cast<std::size_t>(std::max(size, 0)));
  while (bytes.ends_with('\0')) bytes.pop_back();  // of what fills up the last digits
  return bytes;
}

TEST(EncodedWords, FoldSoThatNoLineIsTooLongAndNoCharacterIsDivided) {
  std::string text;
  for (int count = 0; count < 60; ++count) text += count % 3 == 0 ? "x" : "\xe2\x82\xac";
  for (std::size_t ahead = 0; ahead < 90; ++ahead) {
    const std::string field = encoded(text, "\r\n" + std::string(ahead, 'a'));
    std::string_view rest = std::string_view(field).substr(2 + ahead);
    std::size_t line = ahead;
    std::string all;
    while (!rest.empty()) {
      std::string_view word = rest.substr(0, rest.find("\r\n"));
      rest.remove_prefix(std::min(rest.size(), word.size() + 2));
      if (word.empty()) {
        EXPECT_GT(ahead, 60U);  // nothing fits behind it
      } else {
        EXPECT_LE(line + word.size(), 76U);
        if (word.front() == ' ') word.remove_prefix(1);
        EXPECT_LE(word.size(), 75U);
        EXPECT_TRUE(is_utf8(decoded(word)));
        all += decoded(word);
      }
      line = 0;
    }
    EXPECT_EQ(all, text);
  }
}

TEST(EncodedWords, AreOneWhereOneIsEnough) {
  EXPECT_EQ(encoded(std::string(30, 'x'), "To: <a@b.test>, <" + std::string(20, 'c') + ">, "),
            "To: <a@b.test>, <" + std::string(20, 'c') +
                ">, \r\n =?utf-8?B?eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4?=");
  // The name of a field is not left alone.
  EXPECT_TRUE(encoded(std::string(45, 'x')).starts_with("Subject: =?utf-8?B?"));
}

TEST(EncodedWords, LeaveOutWhatFoldsALine) {
  EXPECT_EQ(encoded("\xc3\xa4\r\n b"), encoded("\xc3\xa4 b"));
}

TEST(EncodedWords, PhrasesAreWordsOrQuotedOrEncoded) {
  EXPECT_EQ(form_of_phrase("Ann O'Hara-Smith 3"), PhraseForm::words);
  EXPECT_EQ(form_of_phrase(""), PhraseForm::words);
  EXPECT_EQ(form_of_phrase("Smith, A."), PhraseForm::quoted);
  EXPECT_EQ(form_of_phrase("a\x01"), PhraseForm::quoted);
  EXPECT_EQ(form_of_phrase("J\xc3\xbcrg"), PhraseForm::encoded);
  std::string field = "To: ";
  append_quoted("a \"b\" \\\r\n c", field);
  EXPECT_EQ(field, R"(To: "a \"b\" \\ c")");
}

}  // namespace
}  // namespace millrace::mail
