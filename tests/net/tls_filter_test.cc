#include "net/tls_filter.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <string>

#include "base/diagnostics.h"
#include "output_text.h"
#include "pieces.h"

namespace millrace::net {
namespace {

using Event = TlsFilter::Event;

// One end of a connection without a socket.
struct End {
  End(const TlsContext& context, const TlsSession& resumed = nullptr) : filter(context, resumed) {}

  // Takes what the peer sent, in these pieces.
  void take(std::string_view bytes, test::Cut how, unsigned seed) {
    for (const std::string_view piece : test::cut(bytes, how, seed)) {
      filter.feed(piece);
      std::string_view plain;
      for (;;) {
        const Event event = filter.advance(wire, plain);
        if (event == Event::data) received += plain;
        if (event == Event::secured) ++secured;
        if (event == Event::closed) closed = true;
        if (event == Event::failed) failed = true;
        if (event == Event::more || closed || failed) break;
      }
    }
  }

  TlsFilter filter;
  Output wire;
  std::string received;
  int secured = 0;
  bool closed = false;
  bool failed = false;
};

void exchange(End& one, End& other, test::Cut how = test::Cut::whole, unsigned seed = 0) {
  one.take("", how, seed);
  one.filter.feed("");
  std::string_view plain;
  if (!one.filter.secured()) one.filter.advance(one.wire, plain);
  while (!one.wire.empty() || !other.wire.empty()) {
    other.take(test::take(one.wire), how, seed);
    one.take(test::take(other.wire), how, seed);
  }
}

TlsContext server(int least = 0, int most = 0) {
  return TlsContext::for_server(
      {.common = {.least_version = least, .most_version = most}, .host_name = "sink.example"});
}

// What is said meanwhile waits for the second handshake.
TEST(TlsFilter, RenegotiatesWhereThePeerAgrees) {
  const TlsContext sink = server(12, 12);
  SSL_CTX_clear_options(sink.get(), SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_options(sink.get(), SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
  const TlsContext source = TlsContext::for_client({.renegotiate = true});
  End client(source);
  End there(sink);
  exchange(client, there);
  ASSERT_TRUE(client.filter.secured());
  client.filter.renegotiate(client.wire);
  client.filter.plain().append("NOOP\r\n");
  client.filter.encrypt(client.wire, 1'000);
  EXPECT_FALSE(client.filter.plain().empty());
  exchange(client, there);
  EXPECT_EQ(there.received, "");
  client.filter.encrypt(client.wire, 1'000);
  exchange(client, there);
  EXPECT_EQ(there.received, "NOOP\r\n");
  EXPECT_FALSE(client.failed);
}

TEST(TlsFilter, FailsWhereThePeerDoesNotRenegotiate) {
  const TlsContext sink = server(12, 12);
  const TlsContext source = TlsContext::for_client({.renegotiate = true});
  End client(source);
  End there(sink);
  exchange(client, there);
  client.filter.renegotiate(client.wire);
  client.filter.plain().append("NOOP\r\n");
  exchange(client, there);
  EXPECT_TRUE(client.failed);
  EXPECT_TRUE(client.filter.plain().empty());  // nobody waits for it to be sent
}

// TLS 1.3 has new keys instead.
TEST(TlsFilter, ChangesKeysWhereThereIsNoRenegotiation) {
  const TlsContext sink = server(13, 13);
  const TlsContext source = TlsContext::for_client({.renegotiate = true});
  End client(source);
  End there(sink);
  exchange(client, there);
  client.filter.renegotiate(client.wire);
  EXPECT_FALSE(client.wire.empty());
  client.filter.plain().append("NOOP\r\n");
  client.filter.encrypt(client.wire, 1'000);
  exchange(client, there);
  EXPECT_EQ(there.received, "NOOP\r\n");
  EXPECT_FALSE(client.failed);
}

TEST(TlsFilter, CarriesDataHoweverTheRecordsAreCut) {
  const TlsContext sink = server();
  const TlsContext source = TlsContext::for_client({});
  const std::string text(40'000, 't');
  for (unsigned seed = 0; seed < 6; ++seed) {
    const test::Cut how = seed == 0   ? test::Cut::whole
                          : seed == 1 ? test::Cut::byte_by_byte
                                      : test::Cut::random;
    End client(source);
    End there(sink);
    exchange(client, there, how, seed);
    EXPECT_EQ(client.secured, 1);
    EXPECT_EQ(there.secured, 1);
    client.filter.plain().append("EHLO x\r\n");
    client.filter.plain().append_borrowed(text);
    while (!client.filter.plain().empty()) {
      client.filter.encrypt(client.wire, 1);
      exchange(client, there, how, seed);
    }
    EXPECT_EQ(there.received, "EHLO x\r\n" + text);
    there.filter.plain().append("250 ok\r\n");
    there.filter.encrypt(there.wire, 1);
    there.filter.close(there.wire);
    exchange(client, there, how, seed);
    EXPECT_EQ(client.received, "250 ok\r\n");
    EXPECT_TRUE(client.closed);
  }
}

TEST(TlsFilter, NothingIsSentInTheClear) {
  End client(TlsContext::for_client({}));
  client.filter.plain().append("secret");
  client.filter.encrypt(client.wire, 1'000);
  EXPECT_TRUE(client.wire.empty());
}

TEST(TlsFilter, WhatIsNoTlsFails) {
  const TlsContext sink = server();
  End there(sink);
  there.take("RCPT TO:<injected@x>\r\n", test::Cut::whole, 0);
  EXPECT_TRUE(there.failed);
  EXPECT_NE(there.filter.failure(), "");
}

TEST(TlsFilter, ADamagedRecordFails) {
  const TlsContext sink = server();
  End client(TlsContext::for_client({}));
  End there(sink);
  exchange(client, there);
  client.filter.plain().append("NOOP\r\n");
  client.filter.encrypt(client.wire, 1);
  std::string record = test::take(client.wire);
  record.back() = static_cast<char>(record.back() ^ 1);
  there.take(record, test::Cut::whole, 0);
  EXPECT_TRUE(there.failed);
  EXPECT_EQ(there.received, "");
}

TEST(TlsFilter, VerifiesWhenAsked) {
  const TlsContext sink = server();
  End client(TlsContext::for_client({.verify = true, .server_name = "sink.example"}));
  End there(sink);
  exchange(client, there);
  EXPECT_TRUE(client.failed);
  EXPECT_NE(client.filter.failure().find("self-signed certificate"), std::string::npos)
      << client.filter.failure();
}

TEST(TlsFilter, ResumesASession) {
  for (const int version : {12, 13}) {
    const TlsContext sink = server(version, version);
    const TlsContext source = TlsContext::for_client({.resume = true});
    TlsSession session;
    for (const bool again : {false, true}) {
      End client(source, session);
      End there(sink);
      exchange(client, there);
      EXPECT_EQ(client.filter.resumed(), again) << version;
      EXPECT_EQ(there.filter.resumed(), again) << version;
      session = client.filter.session();
      EXPECT_TRUE(session);
    }
  }
}

TEST(TlsFilter, TakesOnlyTheVersionsAsked) {
  const TlsContext sink = server(13, 13);
  End client(TlsContext::for_client({.common = {.most_version = 12}}));
  End there(sink);
  exchange(client, there);
  EXPECT_TRUE(there.failed);
  EXPECT_TRUE(client.failed);
}

TEST(TlsContext, NamesTheValueThatIsWrong) {
  const auto said = [](const auto& make) -> std::string {
    try {
      make();
    } catch (const Fatal& error) {
      return error.what();
    }
    return "";
  };
  const auto client = [&](const TlsClientOptions& options) {
    return said([&] { TlsContext::for_client(options); });
  };
  EXPECT_NE(client({.common = {.ciphers = "NONE"}}).find("TLS ciphers NONE"), std::string::npos);
  EXPECT_NE(client({.common = {.groups = "x"}}).find("TLS groups x"), std::string::npos);
  EXPECT_NE(client({.common = {.certificate_file = "/none"}}).find("TLS certificate /none"),
            std::string::npos);
  const std::string cut = "-----BEGIN CERTIFICATE-----\nTUlJ\n";
  EXPECT_NE(client({.authorities = cut, .ca_file = "ca.pem"}).find("authorities ca.pem: "),
            std::string::npos);
  // Of a certificate nobody is asked for a password.
  const std::string encrypted =
      "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
      "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
      "AAAAAAAAAAAAAAAAAAAAAA==\n-----END CERTIFICATE-----\n";
  EXPECT_EQ(client({.authorities = encrypted, .ca_file = "ca.pem"}),
            "TLS certificate authorities ca.pem: bad password read");
  EXPECT_NE(client({.alpn = {"smtp", ""}}).find("ALPN"), std::string::npos);
}

}  // namespace
}  // namespace millrace::net
