#include "mail/corpus/corpus.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "base/diagnostics.h"
#include "mbox_writer.h"
#include "scratch_directory.h"

namespace millrace::mail {
namespace {

using Messages = std::vector<std::string>;

Messages all(const Corpus& corpus) {
  Messages messages;
  for (std::size_t number = 0; number < corpus.size(); ++number) {
    messages.emplace_back(corpus.message(number).text);
  }
  return messages;
}
Messages all(const std::string& path, CorpusForm form = CorpusForm::is) {
  return all(Corpus(path, form));
}

class CorpusFrom : public testing::Test {
 protected:
  std::string refusal(const std::string& path) {
    try {
      Corpus(path, CorpusForm::fresh);
    } catch (const Fatal& error) {
      std::string said = error.what();
      const std::size_t at = said.find(scratch_.path());
      return at == std::string::npos ? said : said.replace(at, scratch_.path().size(), "~");
    }
    return {};
  }

  tests::ScratchDirectory scratch_;
};

TEST_F(CorpusFrom, AMessage) {
  const std::string path = scratch_.write("a.eml", "To: a\nFrom: b\n\n.c\n>From d");
  EXPECT_EQ(all(path), Messages{"To: a\r\nFrom: b\r\n\r\n.c\r\n>From d\r\n"});
  const Corpus fresh(path, CorpusForm::fresh);
  EXPECT_EQ(all(fresh), Messages{"From: b\r\n\r\n.c\r\n>From d\r\n"});
  EXPECT_EQ(fresh.message(0).traits.dots, Content::Dots::some);
  EXPECT_EQ(fresh.form(), CorpusForm::fresh);
}

TEST_F(CorpusFrom, AnMbox) {
  std::string mbox;
  tests::append_to_mbox("To: a\n\nb\n\nFrom c\n>From d\n", mbox);
  tests::append_to_mbox("To: e\n\n", mbox);
  tests::append_to_mbox("Subject: f\n\n.\n", mbox);
  const Messages wanted{"To: a\r\n\r\nb\r\n\r\nFrom c\r\n>From d\r\n", "To: e\r\n\r\n",
                        "Subject: f\r\n\r\n.\r\n"};
  EXPECT_EQ(all(scratch_.write("a.mbox", mbox)), wanted);
  const Corpus fresh(scratch_.path("a.mbox"), CorpusForm::fresh);
  EXPECT_EQ(all(fresh),
            (Messages{"\r\nb\r\n\r\nFrom c\r\n>From d\r\n", "\r\n", "Subject: f\r\n\r\n.\r\n"}));
  EXPECT_EQ(fresh.message(0).traits.dots, Content::Dots::none);
  EXPECT_EQ(fresh.message(2).traits.dots, Content::Dots::some);
}

TEST_F(CorpusFrom, AnMboxWithOtherEndsOfLines) {
  EXPECT_EQ(all(scratch_.write("a", "From a\r\nA: 1\r\n\r\nb\r\n\r\nFrom c\r\nC: 2\r\n\r\n")),
            (Messages{"A: 1\r\n\r\nb\r\n", "C: 2\r\n"}));
}

TEST_F(CorpusFrom, ADirectoryOfAll) {
  scratch_.write("c/1.eml", "A: 1\n");
  scratch_.write("c/2", "From x\nB: 2\n\nFrom x\nC: 3\n\n");
  scratch_.write("c/3/cur/1", "D: 4\r\n\r\n");
  scratch_.write("c/3/new/2", "E: 5\n");
  scratch_.write("c/3/tmp/3", "F: 6\n");
  EXPECT_EQ(all(scratch_.path("c")),
            (Messages{"A: 1\r\n", "B: 2\r\n", "C: 3\r\n", "D: 4\r\n\r\n", "E: 5\r\n"}));
}

TEST_F(CorpusFrom, APipe) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "From a\nA: 1\n\nFrom a\nB: 2\n\n", 26), 26);
  close(ends[1]);
  EXPECT_EQ(all("/dev/fd/" + std::to_string(ends[0])), (Messages{"A: 1\r\n", "B: 2\r\n"}));
  close(ends[0]);
}

TEST_F(CorpusFrom, FilesThatAreCutLaterIsWhole) {
  const std::string path = scratch_.write("a", "A: 1\n\n" + std::string(900, 'x'));
  const Corpus corpus(path, CorpusForm::is);
  std::filesystem::resize_file(path, 0);
  EXPECT_EQ(corpus.message(0).text, "A: 1\r\n\r\n" + std::string(900, 'x') + "\r\n");
}

TEST_F(CorpusFrom, MessagesWithNothingThatStaysMayBe) {
  EXPECT_EQ(all(scratch_.write("a", "To: a\n"), CorpusForm::fresh), Messages{""});
}

// The files have a hundred contents, since new names for a file are made sooner than new files.
TEST_F(CorpusFrom, AHundredThousandFilesTakesAnIndexOnly) {
  constexpr std::size_t kFiles = 100'000;
  constexpr std::size_t kContents = 100;
  constexpr std::size_t kMostOfOne = 24;
  for (std::size_t content = 0; content < kContents; ++content) {
    const std::string number = std::to_string(content);
    scratch_.write("files/" + number, "Subject: " + number + "\n\nx\n");
  }
  std::filesystem::create_directory(scratch_.path("c"));
  for (std::size_t file = 0; file < kFiles; ++file) {
    const std::string content = scratch_.path("files/" + std::to_string(file % kContents));
    const std::string name = scratch_.path("c/" + std::to_string(kFiles + file));
    ASSERT_EQ(link(content.c_str(), name.c_str()), 0);
  }
  const Corpus corpus(scratch_.path("c"), CorpusForm::fresh);
  ASSERT_EQ(corpus.size(), kFiles);
  for (std::size_t file = 0; file < kFiles; ++file) {
    ASSERT_EQ(corpus.message(file).text,
              "Subject: " + std::to_string(file % kContents) + "\r\n\r\nx\r\n");
  }
  EXPECT_EQ(corpus.storage(), kFiles * Corpus::kIndexEntry);
  EXPECT_LE(corpus.storage(), kFiles * kMostOfOne);
}

TEST_F(CorpusFrom, WhatCannotBeReadIsRefused) {
  EXPECT_EQ(refusal(scratch_.path("a")), "open ~/a: No such file or directory");
  EXPECT_EQ(refusal(scratch_.path()), "no message is in ~");
  scratch_.write("c/.hidden", "A: 1\n");
  EXPECT_EQ(refusal(scratch_.path("c")), "no message is in ~/c");
}

TEST_F(CorpusFrom, EmptyFilesAreRefused) {
  scratch_.write("c/1", "A: 1\n");
  scratch_.write("c/2", "");
  EXPECT_EQ(refusal(scratch_.path("c")), "~/c/2 is empty");
  EXPECT_EQ(refusal(scratch_.path("c/2")), "~/c/2 is empty");
}

TEST_F(CorpusFrom, NulsAreRefused) {
  EXPECT_EQ(refusal(scratch_.write("a.eml", std::string("A: 1\n\nb\0c\n", 11))),
            "~/a.eml has a NUL in its line 3, which mail cannot have");
  EXPECT_EQ(refusal(scratch_.write("b", std::string("From a\nA: 1\n\nFrom a\nB\0\n\n", 24))),
            "~/b, message 2 (at byte 13) has a NUL in its line 1, which mail cannot have");
}

TEST_F(CorpusFrom, AnMboxThatIsNoneIsRefused) {
  EXPECT_EQ(refusal(scratch_.write("a.mbox", "A: 1\n\nFrom b\nB: 2\n\n")),
            "~/a.mbox is no mbox: it does not begin with \"From \"");
}

TEST_F(CorpusFrom, AnMboxThatIsCutIsRefused) {
  EXPECT_EQ(refusal(scratch_.write("a", "From a\nA: 1\n\nFrom b\nB: 2\n\nhel")),
            "~/a, message 2 (at byte 13) is cut: its last line does not end");
}

TEST_F(CorpusFrom, LinesThatAreTooLongAreWarnedOf) {
  scratch_.write("c/1", "A: 1\n");
  scratch_.write("c/2", "B: 2\n\n" + std::string(999, 'x') + "\n");
  scratch_.write("c/3", "C: 3\n\n" + std::string(5'000, 'x') + "\n");
  std::string said;
  divert_messages([&](std::string_view line) { said += line; });
  const Corpus corpus(scratch_.path("c"), CorpusForm::is);
  divert_messages({});
  EXPECT_EQ(corpus.message(2).text.size(), 5'010U);
  const std::string path = scratch_.path("c");
  EXPECT_TRUE(said.ends_with("warning: " + path +
                             ": lines of more than 998 bytes in 2 messages, "
                             "first in " +
                             path + "/2\n"))
      << said;
}

}  // namespace
}  // namespace millrace::mail
