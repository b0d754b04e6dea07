#include "source/queue_id.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace millrace::source {
namespace {

struct Reply {
  const char* reply;
  const char* id;
};

TEST(QueueId, IsFoundInTheFormsOfKnownServers) {
  for (const auto& [reply, id] : std::to_array<Reply>({
           {"250 2.0.0 Ok: queued as B5ED23EC28B", "B5ED23EC28B"},
           {"250 2.0.0 Ok: queued as 4ABCdz3k2Zz1", "4ABCdz3k2Zz1"},
           {"250 Ok: queued as 1D416221E16", "1D416221E16"},
           {"250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 9F", "9F"},
           {"250 OK id=1l1qk2-0005jI-HL", "1l1qk2-0005jI-HL"},
           {"250- a message for\n250 OK id=1tDEfg-000000001Ab-2xYz", "1tDEfg-000000001Ab-2xYz"},
           {"250 OK ids=d7ef132b5d7711eea8c8000c29c33806", "d7ef132b5d7711eea8c8000c29c33806"},
           {"250 2.6.0 <a.b@x> [InternalId=95992519094146, Hostname=HE1EUR04HT112.x] 13478 bytes "
            "in 0.277, 47.373 KB/sec Queued mail for delivery",
            "95992519094146"},
           {"250 Message Queued (BF645878-D4E1-4E5F-9C2B-0123456789AB.1)",
            "BF645878-D4E1-4E5F-9C2B-0123456789AB.1"},
           {"250 2.0.0 Message queued with id 1f3a9c.", "1f3a9c"},
           {"250 ok 1700000000 qp 12345", "12345"},
           {"250 2.0.0 t7VGNO3Z000335 Message accepted for delivery", "t7VGNO3Z000335"},
           {"250 2.0.0 1a2b3c4d Message accepted for delivery", "1a2b3c4d"},
           {"250 2.0.0 OK  1699999999 d9443c01a7336-1cc3456si123456plb.7 - gsmtp",
            "d9443c01a7336-1cc3456si123456plb.7"},
           {"250 2.0.0 <a@b> K4oYBmX5Y2VKDgAAvD1Vpg Saved", "K4oYBmX5Y2VKDgAAvD1Vpg"},
       })) {
    EXPECT_EQ(queue_id(reply), id) << reply;
  }
}

TEST(QueueId, IsEmptyWhereThereIsNone) {
  for (const std::string& reply : std::to_array<std::string>({
           "",
           "250",
           "250 2.0.0 Ok",
           "250 Ok: queued as ",
           "250 Ok: queued as \r\n",
           "250 2.0.0 Message accepted for delivery",
           "250 Message accepted for delivery",
           "250 2.0.0 <a@b> Saved",
           "250 2.6.0 [InternalId=",
           "250 Message Queued ()",
           "250 Ok: queued as \x1b[2J",
           "250 Ok: queued as \xc3\xa9",
           "250 Ok: queued as " + std::string(129, 'A'),
       })) {
    EXPECT_EQ(queue_id(reply), "") << reply;
  }
  EXPECT_EQ(queue_id("250 Ok: queued as " + std::string(128, 'A')).size(), 128U);
}

}  // namespace
}  // namespace millrace::source
