#include "sink/store/message_forms.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/storage.h"
#include "kept_messages.h"
#include "scratch_directory.h"
#include "sink/write_all.h"

namespace millrace::sink {
namespace {

using nlohmann::json;
using test::kept_message;

std::string written(MessageForm form, const KeptMessage& message) {
  const tests::ScratchDirectory scratch;
  const FileDescriptor file(open(scratch.path("file").c_str(), O_WRONLY | O_CREAT, 0600));
  TextTarget target;
  target.begin([&](std::string_view text) { return write_all(file.descriptor(), text); });
  form(message, target);
  EXPECT_EQ(target.flush(), 0);
  return test::file_text(scratch.path("file"));
}

class MessageForms : public testing::Test {
 protected:
  MessageForms() {
    setenv("TZ", "UTC", 1);
    tzset();
  }
};

constexpr std::string_view kTrace =
    "Return-Path: <a@b.test>\n"
    "X-Original-To: c@d.test\n"
    "Received: from client.test ([192.0.2.1])\n"
    "\tby sink.test (smtp-sink) with ESMTP id 1.M2P3Q4;\n"
    "\tWed, 26 Nov 2025 14:55:06 +0000 (UTC)\n";

TEST_F(MessageForms, TellWhoSentItAheadOfTheContent) {
  const auto message = kept_message("Subject: x\r\n\r\nFrom here\r\n");
  EXPECT_EQ(written(write_unix_message, *message),
            std::string(kTrace) + "Subject: x\n\nFrom here\n");
  EXPECT_EQ(written(write_mbox_message, *message), "From a@b.test Wed Nov 26 14:55:06 2025\n" +
                                                       std::string(kTrace) +
                                                       "Subject: x\n\n>From here\n\n");
}

// Or it would go on with a field of the sink's own.
TEST_F(MessageForms, EndTheHeaderAheadOfABlank) {
  for (const std::string_view blank : {" ", "\t"}) {
    const std::string text = std::string(blank).append("; Mon, 1 Jan 1990 00:00:00 +0000\r\n");
    const auto message = kept_message(text);
    EXPECT_EQ(written(write_unix_message, *message),
              std::string(kTrace).append("\n").append(text, 0, text.size() - 2).append("\n"));
    EXPECT_TRUE(written(write_wire_message, *message).ends_with("(UTC)\r\n\r\n" + text));
  }
}

TEST_F(MessageForms, OfTheWireChangeNothing) {
  const auto message = kept_message("x: 1\r\n\r\na\nb\r\r\nlast");
  const std::string text = written(write_wire_message, *message);
  EXPECT_TRUE(text.starts_with("Return-Path: <a@b.test>\r\nX-Original-To: ")) << text;
  EXPECT_TRUE(text.ends_with("(UTC)\r\nx: 1\r\n\r\na\nb\r\r\nlast")) << text;
}

TEST_F(MessageForms, NameTheNullSenderAndEveryRecipient) {
  const auto message = kept_message("\r\n");
  message->sender.clear();
  message->recipients = {"x@y", "z"};
  message->client.helo.clear();
  message->client.address = "2001:db8::1";
  message->client.name = "host.test";
  const std::string text = written(write_mbox_message, *message);
  EXPECT_TRUE(
      text.starts_with("From MAILER-DAEMON Wed Nov 26 14:55:06 2025\nReturn-Path: <>\n"
                       "X-Original-To: x@y\nX-Original-To: z\n"
                       "Received: from [IPv6:2001:db8::1] (host.test [IPv6:2001:db8::1])\n"))
      << text;
}

// The dates of all that a thread writes within a second are made once.
TEST_F(MessageForms, TellTheTimeOfEachMessage) {
  const auto message = kept_message("\r\n");
  written(write_unix_message, *message);
  message->time += std::chrono::seconds(1);
  EXPECT_NE(
      written(write_unix_message, *message).find("\n\tWed, 26 Nov 2025 14:55:07 +0000 (UTC)\n"),
      std::string::npos);
}

TEST_F(MessageForms, LetNothingOfAClientBeALineOfItsOwn) {
  const std::string evil = "x\nFrom y\rz\x0b\x0c\x7fw v\tu";
  const auto message = kept_message("\r\n");
  message->sender = message->client.helo = message->client.name = message->client.login = evil;
  message->mail_parameters = evil;
  message->recipients = {evil};
  const std::string text = written(write_mbox_message, *message);
  EXPECT_TRUE(text.starts_with("From x?From-y?z???w-v-u Wed Nov 26 ")) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1 + 5 + 1 + 1) << text;
  EXPECT_EQ(text.find('\r'), std::string::npos);
  const std::string line = written(write_json_line, *message);
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
  const json fields = json::parse(line);
  for (const auto& field :
       {fields["sender"], fields["mail_parameters"], fields["recipients"][0],
        fields["client"]["helo"], fields["client"]["name"], fields["client"]["login"]}) {
    EXPECT_EQ(field, evil);
  }
}

TEST_F(MessageForms, InJsonTellAllThatIsKnown) {
  const auto message = kept_message("Subject: x\r\n\r\n\"q\"\\\r\n");
  message->hash.front() = 0xab;
  json wanted = {{"id", "1.M2P3Q4"},
                 {"time", "2025-11-26T14:55:06.000042Z"},
                 {"listener", "in"},
                 {"client",
                  {{"address", "192.0.2.1"},
                   {"port", 4'000},
                   {"name", ""},
                   {"login", ""},
                   {"helo", "client.test"}}},
                 {"protocol", "ESMTP"},
                 {"tls", nullptr},
                 {"sender", "a@b.test"},
                 {"mail_parameters", ""},
                 {"recipients", {"c@d.test"}},
                 {"size", 20},
                 {"sha256", "ab" + std::string(62, '0')}};
  EXPECT_EQ(json::parse(written(write_json_line, *message)), wanted);
  wanted["message"] = "Subject: x\r\n\r\n\"q\"\\\r\n";
  message->client.tls_version = "TLSv1.3";
  message->client.tls_cipher = "TLS_AES_256_GCM_SHA384";
  wanted["tls"] = {{"version", "TLSv1.3"}, {"cipher", "TLS_AES_256_GCM_SHA384"}};
  EXPECT_EQ(json::parse(written(write_json_line_with_text, *message)), wanted);
}

TEST_F(MessageForms, InJsonLoseNoByteOfWhatIsNoText) {
  for (const std::string_view content :
       {"", "\xff", "a\xc3", "\xc3\xa4\r\n", "\xc3\xa4\xed\xa0\x80", "1234\x80"}) {
    const auto message = kept_message(content);
    message->sender = content;
    const json fields = json::parse(written(write_json_line_with_text, *message));
    const bool text = content.empty() || content == "\xc3\xa4\r\n";
    EXPECT_EQ(fields["message"].is_string(), text) << content;
    EXPECT_EQ(fields["message"], fields["sender"]);
    if (text) {
      EXPECT_EQ(fields["message"], content);
    }
  }
  const json fields = json::parse(written(write_json_line_with_text, *kept_message("\xff\xfe")));
  EXPECT_EQ(fields["message"], (json{{"base64", "//4="}}));
}

// It is read back in blocks, whose ends are amid a character or a group of Base64 digits.
TEST_F(MessageForms, HaveAllOfALargeContent) {
  std::string large = "x";
  for (int line = 0; line < 20'000; ++line) large += "\xe2\x82\xac\xc3\xa4 From\r\n";
  const auto message = kept_message(large);
  EXPECT_EQ(json::parse(written(write_json_line_with_text, *message))["message"], large);
  EXPECT_TRUE(written(write_wire_message, *message).ends_with("(UTC)\r\n" + large));
  std::string unix_text;
  for (const char byte : large) {
    if (byte != '\r') unix_text += byte;
  }
  EXPECT_TRUE(written(write_mbox_message, *message).ends_with("(UTC)\n" + unix_text + "\n"));
  const auto binary = kept_message("\xff" + large);
  const json fields = json::parse(written(write_json_line_with_text, *binary));
  EXPECT_EQ(fields["message"]["base64"].get<std::string>().size(), (large.size() + 1 + 2) / 3 * 4);
}

TEST(KeptContent, IsForgottenAboveItsLimit) {
  const tests::ScratchDirectory scratch;
  const std::string folder = scratch.path();
  const std::string nowhere = "/proc/no";
  KeptContent content;
  content.begin(folder, 100'000);
  content.append(std::string(90'000, 'x'));
  EXPECT_EQ(content.error(), 0);
  content.append(std::string(10'001, 'x'));
  EXPECT_EQ(content.error(), EMSGSIZE);
  EXPECT_EQ(content.visit([](std::string_view) { return 0; }), EMSGSIZE);
  content.begin(nowhere, 100'000);
  content.append(std::string(90'000, 'x'));
  EXPECT_EQ(content.error(), ENOENT);
}

TEST(KeptContent, GivesBackWhatALargeOneTook) {
  const tests::ScratchDirectory scratch;
  KeptContent content;
  content.begin(scratch.path(), 1'000'000);
  content.append(std::string(300'000, 'x'));
  EXPECT_GE(content.storage(), 300'000U);
  content.forget();
  EXPECT_LE(content.storage(), kQuietBuffer);
}

}  // namespace
}  // namespace millrace::sink
