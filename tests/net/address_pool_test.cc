#include "net/address_pool.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <set>
#include <string>

#include "base/diagnostics.h"

namespace millrace::net {
namespace {

std::string next(AddressPool& pool, int family = AF_INET) { return pool.next(family)->text(); }

TEST(AddressPool, GivesAddressesInTurn) {
  AddressPool pool({"127.0.0.254-127.0.1.1", "::1"}, "");
  EXPECT_EQ(pool.size(), 5U);
  EXPECT_EQ(next(pool), "[127.0.0.254]:0");
  EXPECT_EQ(next(pool), "[127.0.0.255]:0");
  EXPECT_EQ(next(pool), "[127.0.1.0]:0");
  EXPECT_EQ(next(pool, AF_INET6), "[::1]:0");
  EXPECT_FALSE(AddressPool({"::1"}, "").next(AF_INET));
}

TEST(AddressPool, GivesEveryAddressEveryPort) {
  AddressPool pool({"127.0.0.1-127.0.0.3"}, "20000-20004");
  EXPECT_EQ(pool.size(), 15U);
  std::set<std::string> seen;
  for (int i = 0; i < 15; ++i) seen.insert(next(pool));
  EXPECT_EQ(seen.size(), 15U);
  EXPECT_EQ(next(pool), "[127.0.0.1]:20000");
}

TEST(AddressPool, RefusesWhatIsNone) {
  for (const char* const wrong : {"", "x", "127.0.0.1-", "-127.0.0.1", "127.0.0.2-127.0.0.1",
                                  "127.0.0.1-::1", "10.0.0.0-10.255.255.255", "1.2.3.4,1.2.3.5"}) {
    EXPECT_THROW(AddressPool({wrong}, ""), Fatal) << wrong;
  }
  for (const char* const wrong : {"0", "x", "5-4", "65536", "1-"}) {
    EXPECT_THROW(AddressPool({"127.0.0.1"}, wrong), Fatal) << wrong;
  }
}

TEST(NumericAddress, IsAllOfTheText) {
  for (const std::string address : {"192.0.2.1", "2001:db8::1"}) {
    EXPECT_EQ(numeric_address(address, 0)->host(), address);
    EXPECT_FALSE(numeric_address(address + '\0', 0));
    EXPECT_FALSE(numeric_address(address + '\0' + "junk", 0));
    EXPECT_FALSE(numeric_address(address + " ", 0));
  }
}

TEST(Network, HoldsTheAddressesOfItsPrefix) {
  const auto holds = [](const char* network, const char* address) {
    return Network(network).contains(*numeric_address(address, 25));
  };
  EXPECT_TRUE(holds("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(holds("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(holds("192.168.4.0/22", "192.168.7.255"));
  EXPECT_FALSE(holds("192.168.4.0/22", "192.168.8.0"));
  EXPECT_TRUE(holds("127.0.0.1", "::ffff:127.0.0.1"));
  EXPECT_FALSE(holds("127.0.0.1", "127.0.0.2"));
  EXPECT_TRUE(holds("0.0.0.0/0", "8.8.8.8"));
  EXPECT_FALSE(holds("0.0.0.0/0", "::1"));
  EXPECT_TRUE(holds("fd00::/15", "fd01::5"));
  SocketAddress local;
  local.storage.ss_family = AF_UNIX;
  EXPECT_TRUE(Network("unix").contains(local));
  EXPECT_FALSE(Network("0.0.0.0/0").contains(local));
  for (const char* const wrong : {"", "x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "/8"}) {
    EXPECT_THROW(Network{wrong}, Fatal) << wrong;
  }
}

}  // namespace
}  // namespace millrace::net
