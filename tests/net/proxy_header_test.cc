#include "net/proxy_header.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>

#include "net/address_pool.h"
#include "pieces.h"

namespace millrace::net {
namespace {

using Result = ProxyReader::Result;

struct Read {
  Result result = Result::more;
  std::string source;  // "-": it does not say
  std::string rest;
};

Read read(std::string_view bytes, test::Cut how = test::Cut::byte_by_byte) {
  ProxyReader reader;
  Read read;
  for (std::string_view piece : test::cut(bytes, how, 1)) {
    if (read.result == Result::more) read.result = reader.feed(piece);
    read.rest += piece;
  }
  read.source = reader.source() ? reader.source()->text() : "-";
  return read;
}

TEST(ProxyHeader, IsReadAsItWasWritten) {
  const auto v4 = *numeric_address("198.18.0.7", 4'321);
  const auto v6 = *numeric_address("2001:db8::7", 65'535);
  const auto mapped = *numeric_address("::ffff:95.48.80.18", 20'559);
  for (const ProxyVersion version : {ProxyVersion::v1, ProxyVersion::v2}) {
    for (const SocketAddress& source : {v4, v6, mapped}) {
      for (const test::Cut how : {test::Cut::whole, test::Cut::byte_by_byte, test::Cut::random}) {
        const std::string header = proxy_header(version, source, source);
        const Read got = read(header + "EHLO x\r\n", how);
        EXPECT_EQ(got.result, Result::done);
        EXPECT_EQ(got.source, source.text());
        EXPECT_EQ(got.rest, "EHLO x\r\n");
      }
    }
    SocketAddress local;
    local.storage.ss_family = AF_UNIX;
    EXPECT_EQ(read(proxy_header(version, local, local)).source, "-");
  }
}

TEST(ProxyHeader, Version1IsALineOfText) {
  EXPECT_EQ(proxy_header(ProxyVersion::v1, *numeric_address("1.2.3.4", 5),
                         *numeric_address("6.7.8.9", 25)),
            "PROXY TCP4 1.2.3.4 6.7.8.9 5 25\r\n");
  EXPECT_EQ(read("PROXY UNKNOWN whatever\r\nx").result, Result::done);
  for (const char* const wrong :
       {"EHLO x\r\n", "PROXX ", "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
        "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n", "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY TCP4 x 5.6.7.8 1 2\r\n"}) {
    EXPECT_EQ(read(wrong).result, Result::bad) << wrong;
  }
  EXPECT_EQ(read("PROXY UNKNOWN " + std::string(200, 'x')).result, Result::bad);
  EXPECT_EQ(read("PROXY TCP4 1.2.3.4").result, Result::more);
}

TEST(ProxyHeader, Version2MaySayLittleOrMuch) {
  const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);
  EXPECT_EQ(read(signature + std::string("\x20\x00\x00\x00", 4)).source, "-");  // LOCAL
  // Another protocol, and values behind the addresses, are passed over.
  EXPECT_EQ(read(signature + std::string("\x21\x31\x00\x02zz", 6) + "x").rest, "x");
  const Read more =
      read(signature + std::string("\x21\x11\x00\x0e", 4) +
           std::string("\x01\x02\x03\x04\x05\x06\x07\x08\x00\x10\x00\x19??", 14) + "x");
  EXPECT_EQ(more.source, "[1.2.3.4]:16");
  EXPECT_EQ(more.rest, "x");
  EXPECT_EQ(read(signature + std::string("\x21\x11\x00\x02zz", 6)).result, Result::bad);
  EXPECT_EQ(read(signature + std::string("\x31\x11\x00\x00", 4)).result, Result::bad);
  EXPECT_EQ(read(signature + std::string("\x21\x11\xff\xff", 4)).result, Result::bad);
  EXPECT_EQ(read("\r\n\r\nx").result, Result::bad);
}

}  // namespace
}  // namespace millrace::net
