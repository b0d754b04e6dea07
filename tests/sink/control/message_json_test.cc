#include "sink/control/message_json.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sink/store/store_observer.h"

namespace millrace::sink {
namespace {

using nlohmann::json;

TEST(MessageJson, TellsOfAListenerWhoseNameIsNoUtf8) {
  EXPECT_EQ(summary_json({.listener = "unix:\xff"}, 0)["listener"].dump(),
            R"({"base64":"dW5peDr/"})");
}

TEST(MessageJson, LeavesOutTheEndOfALongSubject) {
  const std::string letter = "\xc3\xbc";
  std::string subject = "a";
  while (subject.size() < 2000) subject += letter;
  EXPECT_EQ(subject_of({.content = "Subject: " + subject + "\r\n\r\n"}), subject.substr(0, 999));
}

TEST(MessageJson, TellsOfASubjectThatIsShort) {
  EXPECT_EQ(subject_of({.content = "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\n"}),
            "Gr\xc3\xbc\xc3\x9f"
            "e");
}

TEST(MessageJson, TellsTheFirstRecipientsAndTheNumberOfAll) {
  const RememberedMessage message{.recipients = {"a@x.test", "b@x.test", "c@x.test"}};
  const json told = summary_json(message, 2);
  EXPECT_EQ(told["recipients"], (json{"a@x.test", "b@x.test"}));
  EXPECT_EQ(told["recipient_count"], 3);
  EXPECT_EQ(message_json(message)["recipients"].size(), 3U);
}

TEST(MessageJson, TellsTheLatestThatAreWithinBounds) {
  std::vector<Remembered> messages;
  for (const char* const id : {"1", "2", "3"}) {
    messages.push_back(std::make_shared<const RememberedMessage>(RememberedMessage{
        .id = id, .sender = std::string(1000, '\x01'), .number = messages.size() + 11}));
  }
  const auto told = [&](std::size_t bytes, std::size_t found = 7) {
    std::string ids;
    const json all =
        json::parse(messages_text(messages, {.found = found, .kept = 9, .up_to_here = found},
                                  {.recipients = 1, .bytes = bytes}));
    for (const json& message : all["messages"]) ids += message["id"];
    return fmt::format("{} of {} of {} before {}", ids, all["found"].dump(), all["kept"].dump(),
                       all["before"].dump());
  };
  const std::size_t one = summary_json(*messages[0], 1).dump().size();
  EXPECT_GT(one, 6000U);
  EXPECT_EQ(told(3 * one), "123 of 7 of 9 before 11");
  EXPECT_EQ(told(3 * one, 3), "123 of 3 of 9 before null");
  EXPECT_EQ(told(3 * one - 1), "23 of 7 of 9 before 12");
  EXPECT_EQ(told(3 * one - 1, 3), "23 of 3 of 9 before 12");
  EXPECT_EQ(told(one - 1), " of 7 of 9 before 0");
}

TEST(MessageJson, HasRoomForAnyMessageInAList) {
  constexpr std::size_t kLongest = 12'288;  // bytes of a command
  RememberedMessage message{.sender = std::string(kLongest, '\x01'),
                            .mail_parameters = std::string(kLongest, '\x01')};
  message.client.login = message.client.helo = message.client.name = message.sender;
  for (const std::size_t size : {1, 2000}) {
    const std::size_t all = StoreObserver::kMostRecipientBytes / (size + sizeof(std::string));
    message.recipients.assign(all, std::string(size, '\x01'));
    const std::vector<Remembered> one{std::make_shared<const RememberedMessage>(message)};
    for (const MessagesBounds& bounds : {kBoundsOfList, kBoundsOfEvent}) {
      EXPECT_EQ(json::parse(messages_text(one, {1, 1, 1}, bounds))["messages"].size(), 1U);
    }
  }
}

}  // namespace
}  // namespace millrace::sink
