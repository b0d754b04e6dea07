#include "sink/store/store_observer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "kept_messages.h"
#include "net/address_pool.h"
#include "scratch_directory.h"
#include "smtp/server_policy.h"

namespace millrace::sink {
namespace {

using nlohmann::json;
using smtp::FinalReplies;
using smtp::Storage;
using smtp::Verb;

class StoreObserverTest : public testing::Test {
 protected:
  StoreObserverTest() { observer.opened(*net::numeric_address("192.0.2.1", 99), {}); }

  void send(std::string_view content, const FinalReplies& replies = {.usual = "250 Ok\r\n"}) {
    observer.mail("FROM:<a@b> SIZE=1 BODY=8BITMIME");
    observer.recipient("TO:<c@d> NOTIFY=NEVER");
    observer.recipient("TO:<e@f>");
    observer.content(content, smtp::Form::dotted);
    EXPECT_EQ(observer.message_complete(), Storage::kept);
    EXPECT_TRUE(observer.record_first(replies));
    keeper.decide(keeper.add());
    observer.message_answered(1);
  }
  std::vector<json> stored() const {
    std::vector<json> lines;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) lines.push_back(json::parse(line));
    return lines;
  }

  const tests::ScratchDirectory scratch;
  const std::string path = scratch.path("jsonl");
  const StoreOptions options{.targets = {{StoreTarget::Form::jsonl_with_text, path}},
                             .largest = 200'000};
  Stores stores{options};
  Keeper keeper{stores};
  const OpenListener listener{Listener{.name = "in"}};
  StoreObserver observer{keeper, listener};
};

TEST_F(StoreObserverTest, TellsOfTheSession) {
  observer.greeted(Verb::ehlo, "one");
  observer.secured({.version = "TLSv1.3", .cipher = "C"});
  observer.hello_forgotten();
  observer.greeted(Verb::ehlo, "two");
  observer.client_attribute("NAME", "[UNAVAILABLE]");
  observer.client_attribute("LOGIN", "ann");
  observer.client_attribute("ADDR", "IPV6:2001:db8::1");
  observer.client_attribute("PORT", "77");
  send("x\r\n..y\r\n.\r\n");
  const json message = stored().at(0);
  EXPECT_EQ(message["listener"], "in");
  EXPECT_EQ(message["protocol"], "ESMTPS");
  EXPECT_EQ(message["tls"], (json{{"version", "TLSv1.3"}, {"cipher", "C"}}));
  EXPECT_EQ(message["client"], (json{{"address", "2001:db8::1"},
                                     {"port", 77},
                                     {"name", ""},
                                     {"login", "ann"},
                                     {"helo", "two"}}));
  EXPECT_EQ(message["sender"], "a@b");
  EXPECT_EQ(message["mail_parameters"], "SIZE=1 BODY=8BITMIME");
  EXPECT_EQ(message["recipients"], (json{"c@d", "e@f"}));
  EXPECT_EQ(message["message"], "x\r\n.y\r\n");
  EXPECT_EQ(message["size"], 7);
  // printf 'x\r\n.y\r\n' | sha256sum
  EXPECT_EQ(message["sha256"], "627a5ca942a9471b07f87f2169e3ff8c1b4fbe4ee823d98b41bb505a3e648c05");
}

TEST_F(StoreObserverTest, KeepsNothingOfWhatIsGivenUp) {
  observer.mail("FROM:<a>");
  observer.content("refused", smtp::Form::plain);
  observer.message_complete();
  observer.message_answered(0);
  observer.mail("FROM:<a>");
  observer.content("half", smtp::Form::plain);
  observer.transaction_aborted();
  EXPECT_FALSE(keeper.waiting());
  send("x\r\n..y\r\n.\r\n");
  ASSERT_EQ(stored().size(), 1U);
  EXPECT_EQ(stored()[0]["sha256"],
            "627a5ca942a9471b07f87f2169e3ff8c1b4fbe4ee823d98b41bb505a3e648c05");
}

TEST_F(StoreObserverTest, NamesThoseWhoTookIt) {
  const std::vector<smtp::RecipientReply> each = {
      {.text = std::make_shared<const std::string>("550 No\r\n")}, {}};
  send(".\r\n", {.usual = "250 Ok\r\n", .each = &each});
  EXPECT_EQ(stored().at(0)["recipients"], json{"e@f"});
}

TEST_F(StoreObserverTest, RefusesWhatIsTooLarge) {
  testing::internal::CaptureStderr();
  observer.mail("FROM:<a>");
  observer.content(std::string(200'001, 'x'), smtp::Form::plain);
  EXPECT_EQ(observer.message_complete(), Storage::too_large);
  observer.mail("FROM:<a>");
  for (int recipient = 0; recipient < 2'000; ++recipient) {
    observer.recipient("TO:<" + std::string(1'000, 'r') + ">");
  }
  EXPECT_EQ(observer.message_complete(), Storage::failed);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "millrace: warning: message not stored: Message too long\n"
            "millrace: warning: message not stored: No buffer space available\n");
}

TEST_F(StoreObserverTest, LeavesAMessageThatWasTakenWhereItIs) {
  {
    StoreObserver gone(keeper, listener);
    gone.mail("FROM:<a>");
    gone.message_complete();
    gone.record_first({.usual = "250 Ok\r\n"});
  }
  keeper.decide(keeper.add());
  EXPECT_EQ(stored().size(), 1U);
}

}  // namespace
}  // namespace millrace::sink
