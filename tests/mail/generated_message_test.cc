#include "mail/generated_message.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "mail/body.h"
#include "mail/text_block.h"

namespace millrace::mail {
namespace {

constexpr BodyForm kForms[] = {BodyForm::text, BodyForm::attachment, BodyForm::html,
                               BodyForm::filler};

MessageFacts facts_of(std::uint64_t number) {
  return {.number = number,
          .sender = "me@s.test",
          .recipient = "you@r.test",
          .message_id = "<1@s.test>",
          .date = "Thu, 1 Jan 2026 00:00:00 +0000",
          .extra_headers = "X-Run: 1\r\n",
          .roll = Roll(number * Roll::kStride)};
}

void make(BodyForm form, std::uint64_t size, std::uint64_t number, Content& content) {
  content.clear();
  const MessageFacts facts = facts_of(number);
  make_generated(form, size, facts, facts.roll, content);
}

std::string message(BodyForm form, std::uint64_t size, std::uint64_t number = 0) {
  Content content;
  make(form, size, number, content);
  return content.flattened();
}

std::string body_of(std::string_view message) {
  return std::string(message.substr(message.find("\r\n\r\n") + 4));
}

// Lines that end in CR LF, ASCII, no more than `longest` characters in each.
void check_lines(std::string_view message, std::size_t longest) {
  ASSERT_TRUE(message.ends_with("\r\n"));
  while (!message.empty()) {
    const std::size_t end = message.find("\r\n");
    const std::string_view line = message.substr(0, end);
    ASSERT_LE(line.size(), longest) << line;
    ASSERT_TRUE(std::ranges::all_of(line, [](char byte) { return byte >= ' ' && byte <= '~'; }));
    ASSERT_FALSE(line.starts_with('.') || line.starts_with("From ")) << line;
    message.remove_prefix(end + 2);
  }
}

std::size_t longest_line(BodyForm form) { return form == BodyForm::filler ? 80 : 78; }

TEST(GeneratedMessage, HasEachSizeToTheByte) {
  for (const BodyForm form : kForms) {
    const std::uint64_t least = message(form, 0, 7).size();
    EXPECT_LT(least, form == BodyForm::text || form == BodyForm::filler ? 300U : 800U);
    Content content;
    for (std::uint64_t size = 1; size <= 5'000; ++size) {
      make(form, size, 7, content);
      ASSERT_EQ(content.size(), std::max(size, least));
      constexpr std::uint64_t kSome = 11;  // all take long
      if (size % kSome == 0) check_lines(content.flattened(), longest_line(form));
    }
  }
}

TEST(GeneratedMessage, OfALargeSizeTakesItsBlockAgain) {
  for (const BodyForm form : kForms) {
    for (const std::uint64_t size : {1'048'576U, 20'000'001U}) {
      Content content;
      make(form, size, size, content);
      EXPECT_EQ(content.size(), size);
      EXPECT_LT(content.own().size(), 2'000U);
    }
    check_lines(message(form, 1'200'000), longest_line(form));
  }
}

TEST(GeneratedMessage, SmallerThanItsHeadersIsThese) {
  const std::string_view kHead =
      "From: <me@s.test>\r\nTo: <you@r.test>\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n"
      "Message-ID: <1@s.test>\r\nX-Run: 1\r\n";
  for (const BodyForm form : kForms) {
    const std::string least = message(form, 0);
    EXPECT_TRUE(least.starts_with(kHead));
    EXPECT_EQ(message(form, 1), least);
    EXPECT_EQ(message(form, least.size()), least);
    // The one byte that is no line goes to a line that is there.
    EXPECT_EQ(message(form, least.size() + 1).size(), least.size() + 1);
  }
  EXPECT_EQ(body_of(message(BodyForm::text, 0)), "");
  const std::string text = message(BodyForm::text, 0);
  EXPECT_EQ(message(BodyForm::text, text.size() + 1),
            text.substr(0, text.size() - 4) + ".\r\n\r\n");
}

TEST(GeneratedMessage, FillerIsThePayloadOfItsSize) {
  const std::uint64_t head = message(BodyForm::filler, 0).size();
  for (const std::uint64_t body : {2U, 3U, 81U, 82U, 83U, 84U, 162U, 163U, 1'000U, 3'000'000U}) {
    EXPECT_TRUE(body_of(message(BodyForm::filler, head + body)) == payload_body(body - 2)) << body;
  }
}

TEST(GeneratedMessage, AttachmentHasItsParts) {
  const std::string made = message(BodyForm::attachment, 2'000, 3);
  const std::size_t at = made.find("boundary=\"") + 10;
  const std::string boundary = made.substr(at, made.find('"', at) - at);
  EXPECT_EQ(boundary.size(), 18U);
  const std::string body = body_of(made);
  EXPECT_TRUE(body.starts_with("--" + boundary +
                               "\r\nContent-Type: text/plain; charset=us-ascii\r\n"
                               "\r\nThe file "));
  EXPECT_TRUE(body.ends_with("\r\n--" + boundary + "--\r\n"));
  const std::size_t data = body.find("\r\n\r\n", body.find("filename=")) + 4;
  std::string base64 = body.substr(data, body.size() - data - boundary.size() - 6);
  EXPECT_EQ(base64.find("\r\n"), 76U);
  std::erase(base64, '\r');
  std::erase(base64, '\n');
  EXPECT_EQ(base64.size() % 4, 0U);
  EXPECT_GT(base64.size(), 1'200U);
  EXPECT_EQ(base64.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789+/"),
            std::string::npos);
}

TEST(GeneratedMessage, HtmlHasTextAsAnAlternative) {
  const std::string body = body_of(message(BodyForm::html, 9'000, 3));
  const std::size_t html =
      body.find("Content-Type: text/html; charset=us-ascii\r\n\r\n<!DOCTYPE html>");
  ASSERT_NE(html, std::string::npos);
  EXPECT_GT(html, 2'000U);
  EXPECT_LT(html, 4'000U);
  EXPECT_NE(body.find("</body>\r\n</html>\r\n\r\n--=_"), std::string::npos);
  std::size_t open = 0;
  std::size_t closed = 0;
  for (std::size_t tag = 0; (tag = body.find("<p>", tag)) != std::string::npos; ++tag) ++open;
  for (std::size_t tag = 0; (tag = body.find("</p>", tag)) != std::string::npos; ++tag) ++closed;
  EXPECT_GT(open, 50U);
  EXPECT_EQ(open, closed);
}

TEST(GeneratedMessage, FollowsFromItsRoll) {
  for (const BodyForm form : kForms) {
    EXPECT_EQ(message(form, 3'000, 5), message(form, 3'000, 5));
    EXPECT_NE(message(form, 3'000, 5), message(form, 3'000, 6));
  }
}

TEST(GeneratedMessage, NeedsNoMemoryOnceWarm) {
  for (const BodyForm form : kForms) {
    Content content;
    make(form, 14'000, 1, content);
    const std::size_t storage = content.own().capacity();
    for (std::uint64_t number = 0; number < 1'000; ++number) make(form, 14'000, number, content);
    EXPECT_LE(content.own().capacity(), 2 * storage);
  }
}

TEST(TextBlock, GivesWholeLinesOnly) {
  const TextBlock block("a\r\nb\r\nc\r\n", 3);
  const auto shared = [&](std::size_t first, std::uint64_t most) {
    Content content;
    const std::uint64_t size = block.share(first, most, content);
    EXPECT_EQ(size, content.size());
    return content.flattened();
  };
  EXPECT_EQ(shared(0, 0), "");
  EXPECT_EQ(shared(0, 2), "");
  EXPECT_EQ(shared(0, 3), "a\r\n");
  EXPECT_EQ(shared(0, 8), "a\r\nb\r\n");
  EXPECT_EQ(shared(1, 6), "b\r\nc\r\n");
  EXPECT_EQ(shared(1, 11), "b\r\nc\r\na\r\n");
  EXPECT_EQ(shared(2, 15), "c\r\na\r\nb\r\nc\r\na\r\n");
  EXPECT_EQ(block.line(1), "b\r\n");
}

TEST(TextBlock, DrawsEachLine) {
  const TextBlock block("a\r\nb\r\nc\r\n", 3);
  std::array<unsigned, 3> drawn{};
  Roll roll(1);
  for (unsigned count = 0; count < 300; ++count) ++drawn.at(block.draw_line(roll));
  for (const unsigned count : drawn) EXPECT_GT(count, 50U);
}

TEST(TextBlock, HasLinesOfOneSize) {
  for (const TextBlock* block : {&words_block(), &html_block(), &base64_block(), &filler_block()}) {
    Content content;
    block->share(0, 1'000'000, content);
    const std::string lines = content.flattened();
    const std::size_t size = block->line(0).size();
    for (std::size_t end = size; end <= lines.size(); end += size) {
      ASSERT_EQ(lines.find("\r\n", end - size), end - 2);
    }
  }
  EXPECT_TRUE(words_block().line(0).find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 0);
}

}  // namespace
}  // namespace millrace::mail
