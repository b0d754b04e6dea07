#include "source/stamped_messages.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/content.h"
#include "output_text.h"
#include "proof/comparison.h"
#include "source/session_record.h"

namespace millrace::source {
namespace {

using namespace std::chrono_literals;
using mail::Content;

const std::string kHeader = "From: a@b\r\nSubject: x\r\n";
const std::string kLines = "one\r\n.\r\n..two\r\nX-Millrace-Stamp: three\r\n";

// A message in pieces: some made for it, others shared.
struct Made {
  std::string own;
  std::vector<std::string_view> shared = {};
  std::string end = {};  // its own again
};

class MadeMessages final : public smtp::MessageSource {
 public:
  explicit MadeMessages(std::vector<Made> messages) : messages_(std::move(messages)) {}

  [[nodiscard]] std::size_t recipients(std::uint64_t) const override { return 1; }
  [[nodiscard]] std::size_t most_recipients() const override { return 1; }
  void append_xforward(std::uint64_t, Output&) const override {}
  void append_mail(std::uint64_t, smtp::ExtensionSet, Output&) const override {}
  void append_rcpt(std::uint64_t, std::size_t, smtp::ExtensionSet, Output&) const override {}
  void append_content(std::uint64_t message, Output& out) const override {
    content(message).append_data(out);
  }
  [[nodiscard]] std::uint64_t content_size(std::uint64_t message) const override {
    return content(message).size();
  }
  void append_chunk(std::uint64_t message, std::uint64_t offset, std::uint64_t length,
                    Output& out) const override {
    content(message).append_range(offset, length, out);
  }

 private:
  [[nodiscard]] const Content& content(std::uint64_t message) const {
    const Made& made = messages_.at(message);
    content_.clear();
    content_.own() = made.own;
    for (const std::string_view text : made.shared) content_.share(text, Content::Traits::of(text));
    content_.own() += made.end;
    return content_;
  }

  std::vector<Made> messages_;
  mutable Content content_;
};

// Dots single, without the end mark.
std::string undone(const std::string& data) {
  EXPECT_TRUE(data.ends_with("\r\n.\r\n"));
  std::string text;
  for (std::size_t line = 0; line + 3 < data.size();) {
    const std::size_t end = data.find("\r\n", line) + 2;
    text += data.substr(line, end - line).substr(data[line] == '.' ? 1 : 0);
    line = end;
  }
  return text;
}

class StampedMessagesTest : public testing::Test {
 protected:
  StampedMessages& stamped(std::vector<Made> messages, bool in_body = false) {
    for (std::uint64_t number = 0; number < messages.size(); ++number) {
      record.take({.message = number, .intended = loop->now() - 5ms}, loop->now());
      record.launch(loop->now());
    }
    stamps.emplace(StampOptions{.key = key, .in_body = in_body});
    stamper.emplace(*stamps);
    return result.emplace(std::make_unique<MadeMessages>(std::move(messages)), record, *loop,
                          *stamper);
  }

  std::string data(std::uint64_t message) {
    Output out;
    result->append_content(message, out);
    return test::take(out);
  }

  // Of all of it, in chunks of so many bytes.
  std::string chunks(std::uint64_t message, std::uint64_t length) {
    Output out;
    const std::uint64_t size = result->content_size(message);
    for (std::uint64_t offset = 0; offset < size; offset += length) {
      result->append_chunk(message, offset, length, out);
    }
    EXPECT_EQ(out.size(), size);
    return test::take(out);
  }

  // "same same", where the content is what its stamp says; and whether the body has it too.
  std::string read(std::string_view content, std::uint64_t number = 0) {
    proof::ContentReader reader({.key = key, .run = stamps->header().run});
    reader.begin();
    reader.take(content);
    reader.finish();
    EXPECT_EQ(reader.finding(), proof::StampFinding::genuine) << content;
    EXPECT_EQ(reader.stamp().number, number);
    EXPECT_EQ(reader.stamp().due, stamps->in_stamp(loop->now() - 5ms));
    EXPECT_EQ(reader.stamp().sent, stamps->in_stamp(loop->now()));
    const proof::Comparison changes = compare(reader);
    return fmt::format("{} {}{}", change_name(changes.header), change_name(changes.body),
                       reader.stamped_body() ? " stamped" : "");
  }

  const proof::StampKey key{.bytes = {1, 2, 3}};
  const std::unique_ptr<net::EventLoop> loop = net::engines().back().make();
  std::optional<Recorder> recorder;
  SessionRecord record{recorder};
  std::optional<Stamps> stamps;
  std::optional<ContentStamper> stamper;
  std::optional<StampedMessages> result;
};

TEST_F(StampedMessagesTest, OfAnyPiecesAreWhatTheirStampsSay) {
  const std::string shared_header = kHeader + "To: c\r\n\r\n";
  const std::string whole = shared_header + kLines;
  const std::string open = "three\r\nfour";
  const std::string parts = "--b\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj\r\n--b--\r\n";
  const struct {
    Made made;
    bool takes_stamp;
  } cases[] = {
      {{kHeader + "\r\n", {kLines}}, true},
      {{kHeader + "\r\n", {kLines, kLines}}, true},
      {{kHeader + "\r\n" + kLines}, true},
      {{"", {whole}}, true},
      {{"DKIM-Signature: x\r\n", {whole}}, true},
      {{"Message-ID: x\r\n", {shared_header, kLines}, "end\r\n"}, true},
      {{kHeader, {"\r\n", kLines}}, true},
      {{kHeader + "\r\n", {open}}, true},
      {{kHeader + "\r\n" + open}, true},
      {{kHeader + "\r\n"}, true},
      {{"", {shared_header}}, true},
      {{"\r\n", {kLines}}, true},
      {{kHeader + "Content-Type: multipart/mixed; boundary=b\r\n\r\n", {parts}}, true},
      {{kHeader + "Content-Transfer-Encoding: quoted-printable\r\n\r\n", {"a=3D\r\n"}}, true},
      // There are no lines for it.
      {{kHeader}, false},
      {{"", {kHeader}}, false},
      {{kHeader + "Content-Transfer-Encoding: base64\r\n\r\n", {"YWJj\r\n"}}, false},
      {{kHeader + "Content-Type: message/rfc822\r\n\r\n", {parts}}, false},
  };
  for (const auto& [made, takes_stamp] : cases) {
    for (const bool in_body : {false, true}) {
      const std::string expected = in_body && takes_stamp ? "same same stamped" : "same same";
      stamped({made, made}, in_body);
      for (const std::uint64_t number : {0U, 1U, 0U}) {  // the second is known already
        const std::string all = chunks(number, ~std::uint64_t{0});
        EXPECT_TRUE(all.starts_with(proof::kStampName));
        EXPECT_EQ(read(all, number), expected) << all;
        for (const std::uint64_t length : {1U, 7U, 353U, 354U, 355U, 500U}) {
          EXPECT_EQ(chunks(number, length), all) << length;
        }
        EXPECT_EQ(undone(data(number)), all + (all.ends_with("\r\n") ? "" : "\r\n"));
      }
    }
  }
}

TEST_F(StampedMessagesTest, HaveAnotherStampEachTimeThatTheyGoOut) {
  stamped({{kHeader + "\r\n", {kLines}}});
  const std::string first = data(0);
  EXPECT_EQ(data(0), first);
  const TimePoint due = loop->now() - 5ms;
  const TimePoint before = loop->now();
  while (loop->now() < before + 1us) loop->update_now();
  proof::ContentReader reader({.key = key, .run = stamps->header().run});
  reader.begin();
  reader.take(undone(data(0)));
  reader.finish();
  EXPECT_EQ(reader.finding(), proof::StampFinding::genuine);
  EXPECT_EQ(reader.stamp().number, 0U);
  EXPECT_EQ(reader.stamp().due, stamps->in_stamp(due));
  EXPECT_EQ(reader.stamp().sent, stamps->in_stamp(loop->now()));
  EXPECT_GT(reader.stamp().sent, stamps->in_stamp(before));
}

TEST_F(StampedMessagesTest, ReadABodyThatIsSharedOnceForEachWayItIsRead) {
  const std::string body = "YWJj\r\n";
  const std::string encoded = kHeader + "Content-Transfer-Encoding: base64\r\n\r\n";
  stamped({{kHeader + "\r\n", {body}}, {encoded, {body}}, {kHeader + "\r\n", {body}}});
  for (const std::uint64_t number : {0U, 1U, 2U}) {
    EXPECT_EQ(read(chunks(number, ~std::uint64_t{0}), number), "same same");
    ASSERT_NE(stamps->bodies().find(body), nullptr);
  }
  EXPECT_EQ(stamps->bodies().find(body)->entity.encoding, proof::Encoding::none);
}

}  // namespace
}  // namespace millrace::source
