#include "net/endpoint.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/diagnostics.h"

namespace millrace::net {
namespace {

TEST(Endpoint, NamesAHostAndAPort) {
  const Endpoint plain = parse_remote("mail.example", "25");
  EXPECT_EQ(plain.host, "mail.example");
  EXPECT_EQ(plain.service, "25");
  const Endpoint full = parse_remote("inet:mail.example:submission", "25");
  EXPECT_EQ(full.host, "mail.example");
  EXPECT_EQ(full.service, "submission");
}

TEST(Endpoint, TakesIpv6LiteralsInBrackets) {
  EXPECT_EQ(parse_remote("[::1]", "25").host, "::1");
  EXPECT_EQ(parse_remote("[::1]:26", "25").service, "26");
  EXPECT_EQ(parse_local("inet:[::1]:26").host, "::1");
}

TEST(Endpoint, MayBeAUnixSocket) {
  EXPECT_TRUE(parse_remote("unix:/tmp/x", "25").unix_domain);
  EXPECT_EQ(parse_local("unix:/tmp/x").path, "/tmp/x");
}

TEST(Endpoint, WithoutAHostListensEverywhere) {
  EXPECT_EQ(parse_local(":2525").host, "");
  EXPECT_EQ(parse_local("2525").service, "2525");
  EXPECT_EQ(parse_local("2525").host, "");
}

TEST(Endpoint, ToListenOnNeedsAPort) {
  const auto refusal = [](const char* text) {
    try {
      parse_local(text);
    } catch (const Fatal& fatal) {
      return std::string(fatal.what());
    }
    return std::string("taken");
  };
  EXPECT_EQ(refusal("127.0.0.1"), "bad endpoint: 127.0.0.1: missing port, as in 127.0.0.1:2525");
  EXPECT_EQ(refusal("inet:localhost"),
            "bad endpoint: inet:localhost: missing port, as in localhost:2525");
  EXPECT_EQ(refusal("[::1]"), "bad endpoint: [::1]: missing port, as in [::1]:2525");
  EXPECT_EQ(refusal("::1"), "bad endpoint: ::1: missing port, as in [::1]:2525");
  EXPECT_EQ(refusal("inet:"), "bad endpoint: inet:: missing port");
  if (std::filesystem::exists("/etc/services")) {
    EXPECT_EQ(parse_local("smtp").service, "smtp");
  }
  EXPECT_EQ(parse_local("::1:25").host, "::1");
  EXPECT_EQ(parse_local(":::25").host, "::");
}

TEST(Endpoint, SaysWhatIsWrong) {
  for (const char* bad : {"[::1", "[::1]x", "unix:", ":25"}) {
    EXPECT_THROW(parse_remote(bad, "25"), Fatal) << bad;
  }
  EXPECT_THROW(parse_local("host:"), Fatal);
  EXPECT_THROW(resolve(parse_remote("unix:" + std::string(200, 'x'), "25"), AF_UNSPEC, false),
               Fatal);
  EXPECT_THROW(resolve(parse_remote("127.0.0.1:no-such-service", "25"), AF_UNSPEC, false), Fatal);
}

TEST(Endpoint, ResolvesToAddressesThatReadWell) {
  EXPECT_EQ(resolve(parse_remote("127.0.0.1:25", ""), AF_UNSPEC, false).at(0).text(),
            "[127.0.0.1]:25");
  EXPECT_EQ(resolve(parse_remote("[::1]:25", ""), AF_UNSPEC, false).at(0).text(), "[::1]:25");
  EXPECT_EQ(resolve(parse_local("unix:/tmp/x"), AF_UNSPEC, true).at(0).text(), "/tmp/x");
  EXPECT_EQ(resolve(parse_local("unix:/tmp/x"), AF_UNSPEC, true).at(0).host(), "local");
}

TEST(Endpoint, APortIsOneOf65535) {
  EXPECT_THROW(parse_remote("127.0.0.1:65536", "25"), Fatal);
  EXPECT_THROW(parse_local(":86540"), Fatal);
  EXPECT_THROW(parse_local("99999999999999999999"), Fatal);
  EXPECT_EQ(parse_remote("127.0.0.1:65535", "25").service, "65535");
}

}  // namespace
}  // namespace millrace::net
