// How the sessions of a run are shared out among kinds of clients.
#include "mail/clients/client_group.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace millrace::mail {
namespace {

std::vector<ClientGroup> groups(const std::vector<std::string>& texts) {
  std::vector<ClientGroup> all;
  std::string why;
  for (const std::string& text : texts) {
    auto group = client_group(text, why);
    EXPECT_TRUE(group) << text << ": " << why;
    if (group) all.push_back(std::move(*group));
  }
  return all;
}

// "1 2 good 3", or why not.
std::string allotted(const std::vector<ClientGroup>& all, unsigned sessions) {
  std::string why;
  const auto allotment = allot(all, sessions, why);
  if (!allotment) return why;
  std::string text;
  for (const unsigned number : allotment->sessions) text += std::to_string(number) + " ";
  return text + "good " + std::to_string(allotment->good);
}

TEST(ClientGroup, IsReadWithHowMany) {
  std::string why;
  EXPECT_EQ(client_group("1000 slow-writer 1", why)->sessions, 1'000U);
  EXPECT_EQ(client_group("95% idle 60s", why)->share, 0.95);
  EXPECT_FALSE(client_group("idle", why)->sessions);
  for (const char* const bad : {"0 idle", "0% idle", "101% idle", "1.5 idle", "-1 idle", "12"}) {
    EXPECT_FALSE(client_group(bad, why)) << bad;
  }
}

TEST(ClientGroup, HasWhatItAskedForAndTheGoodOnesTheRest) {
  EXPECT_EQ(allotted(groups({"1000 slow-writer 1"}), 1'100), "1000 good 100");
  EXPECT_EQ(allotted(groups({"95% idle 60s"}), 100), "95 good 5");
  EXPECT_EQ(allotted(groups({"3 idle", "good"}), 10), "3 7 good 7");
}

TEST(ClientGroup, SharesWithOthersEvenly) {
  EXPECT_EQ(allotted(groups({"idle"}), 7), "7 good 0");
  EXPECT_EQ(allotted(groups({"idle", "no-quit"}), 7), "4 3 good 0");
  EXPECT_EQ(allotted(groups({"idle", "2 no-quit", "good"}), 7), "3 2 2 good 2");
}

TEST(ClientGroup, SharesByWeight) {
  auto all = groups({"idle", "good"});
  all[0].weight = 95;
  all[1].weight = 5;
  EXPECT_EQ(allotted(all, 200), "190 10 good 10");
  all[0].weight = 0;
  EXPECT_EQ(allotted(all, 200), "0 200 good 200");
}

TEST(ClientGroup, SaysForWhomSessionsAreTooFew) {
  EXPECT_EQ(allotted(groups({"8 idle", "3 no-quit"}), 10),
            "11 are more clients than the 10 sessions (-s): it takes 11");
  EXPECT_EQ(allotted(groups({"8 idle", "50% no-quit"}), 10),
            "13 are more clients than the 10 sessions (-s): it takes 16");
  EXPECT_EQ(allotted(groups({"1% idle"}), 10),
            "of 10 sessions (-s) none is left for idle: it takes 50");
  EXPECT_EQ(allotted(groups({"1 idle", "no-quit"}), 1),
            "of 1 session (-s) none is left for no-quit: it takes 2");
  EXPECT_EQ(allotted(groups({"60% idle", "60% no-quit"}), 10),
            "12 are more clients than the 10 sessions (-s): no number up to 1000000 is enough");
  auto weighty = groups({"idle", "good"});
  weighty[0].weight = 1;
  weighty[1].weight = 999;
  EXPECT_EQ(allotted(weighty, 20), "of 20 sessions (-s) none is left for idle: it takes 500");
}

// What it is said to take is enough, and one less is not.
TEST(ClientGroup, SaysTheLeastThatIsEnough) {
  for (double weight = 1; weight < 200; weight *= 1.7) {
    auto all = groups({"idle", "3 no-quit", "2% rset-storm", "good"});
    all[3].weight = weight;
    const std::string why = allotted(all, 4);
    const auto takes = static_cast<unsigned>(std::stoul(why.substr(why.rfind(' ') + 1)));
    EXPECT_TRUE(allotted(all, takes).find("good") != std::string::npos) << why;
    EXPECT_TRUE(allotted(all, takes - 1).find("it takes") != std::string::npos) << why;
  }
}

TEST(ClientGroup, KnowsWhoSaysStartTls) {
  EXPECT_TRUE(any_says_starttls(groups({"idle", "starttls-then-plain"})));
  EXPECT_TRUE(any_says_starttls(groups({"tls-renegotiate"})));
  EXPECT_TRUE(any_says_starttls(groups({"tls-garbage"})));
  EXPECT_FALSE(any_says_starttls(groups({"idle", "no-quit", "good"})));
}

}  // namespace
}  // namespace millrace::mail
