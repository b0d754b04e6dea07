#include "mail/corpus/corpus_kind.h"

#include <gtest/gtest.h>

#include <map>

#include "scratch_directory.h"

namespace millrace::mail {
namespace {

MessageFacts facts(std::uint64_t number) {
  return {.number = number,
          .sender = "s@a.test",
          .recipient = "r@b.test",
          .message_id = "<7@a.test>",
          .date = "Thu, 1 Jan 1970 00:00:00 +0000",
          .extra_headers = "X-Run: 1\r\n",
          .roll = Roll(number * Roll::kStride)};
}

std::string made(const Kind& kind, const MessageFacts& facts) {
  Content content;
  kind.make(facts, content);
  EXPECT_EQ(content.size(), content.flattened().size());
  return content.flattened();
}

TEST(CorpusKind, GivesFreshMessagesAHeaderOfTheirOwn) {
  const tests::ScratchDirectory scratch;
  const CorpusKind kind(
      Corpus(scratch.write("a", "To: old\nFrom: x\nDate: old\nmessage-id: old\n\nTo: body\n"),
             CorpusForm::fresh));
  EXPECT_EQ(made(kind, facts(0)),
            "Message-ID: <7@a.test>\r\n"
            "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n"
            "To: <r@b.test>\r\n"
            "X-Run: 1\r\n"
            "From: x\r\n"
            "\r\n"
            "To: body\r\n");
}

TEST(CorpusKind, SendsOthersAsTheyAre) {
  const tests::ScratchDirectory scratch;
  const CorpusKind kind(Corpus(scratch.write("a", "To: old\nFrom: x\n\n.\n"), CorpusForm::is));
  EXPECT_EQ(made(kind, facts(0)), "To: old\r\nFrom: x\r\n\r\n.\r\n");
  Content content;
  kind.make(facts(0), content);
  Output data;
  content.append_data(data);
  EXPECT_EQ(data.flattened(), "To: old\r\nFrom: x\r\n\r\n..\r\n.\r\n");
}

TEST(CorpusKind, CopiesNoBody) {
  const tests::ScratchDirectory scratch;
  Corpus corpus(scratch.write("a", "A: 1\n\nb\n"), CorpusForm::is);
  const std::string_view text = corpus.message(0).text;
  const CorpusKind kind(std::move(corpus));
  Content content;
  kind.make(facts(0), content);
  Output data;
  content.append_data(data);
  std::string_view piece;
  ASSERT_EQ(data.gather(&piece, 1), 1U);
  EXPECT_EQ(piece.data(), text.data());
}

TEST(CorpusKind, MakesTheSameOfTheSameFacts) {
  const tests::ScratchDirectory scratch;
  for (int file = 0; file < 50; ++file) {
    scratch.write("c/" + std::to_string(file), "A: " + std::to_string(file) + "\n");
  }
  const CorpusKind kind(Corpus(scratch.path("c"), CorpusForm::fresh));
  const CorpusKind again(Corpus(scratch.path("c"), CorpusForm::fresh));
  for (std::uint64_t number = 0; number < 200; ++number) {
    EXPECT_EQ(made(kind, facts(number)), made(again, facts(number)));
  }
}

// Chi-squared with 9 degrees of freedom is beyond 33.7 once in 10,000 times; the seed is fixed.
TEST(CorpusKind, DrawsAllMessagesEvenly) {
  constexpr int kMessages = 100'000;
  constexpr int kFiles = 10;
  constexpr double kExpected = kMessages / kFiles;
  const tests::ScratchDirectory scratch;
  for (int file = 0; file < kFiles; ++file) {
    scratch.write("c/" + std::to_string(file), "A: " + std::to_string(file) + "\n");
  }
  const CorpusKind kind(Corpus(scratch.path("c"), CorpusForm::is));
  std::map<std::string, double> drawn;
  Content content;
  for (int number = 0; number < kMessages; ++number) {
    content.clear();
    kind.make(facts(static_cast<std::uint64_t>(number)), content);
    ++drawn[content.flattened()];
  }
  ASSERT_EQ(drawn.size(), std::size_t{kFiles});
  double chi_squared = 0;
  for (const auto& [text, times] : drawn) {
    chi_squared += (times - kExpected) * (times - kExpected) / kExpected;
  }
  EXPECT_LT(chi_squared, 33.7);
}

}  // namespace
}  // namespace millrace::mail
