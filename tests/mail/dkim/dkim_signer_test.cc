#include "mail/dkim/dkim_signer.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "base/diagnostics.h"
#include "dkim_keys.h"
#include "mail/dkim/dkim_header.h"

namespace millrace::mail {
namespace {

using test::KeyFile;

// The example of RFC 8463, appendix A.
constexpr std::string_view kHeader =
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n";
constexpr std::string_view kBody =
    "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
constexpr std::string_view kBodyHash = "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=";

BodyHash hash_of(std::string_view body) {
  BodyHasher hasher;
  hasher.update(body);
  return hasher.finish();
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += at + i > bytes.size() ? '=' : kDigits[group >> (18 - 6 * i) & 63];
    }
  }
  return text;
}

std::string base64(const BodyHash& hash) {
  return base64({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

// What a verifier makes of a field and a header section: its tags, each without white space.
std::string tag(std::string_view field, std::string_view name) {
  std::string all = ";";
  for (const char byte : field.substr(field.find(':') + 1)) {
    if (std::string_view(" \t\r\n").find(byte) == std::string_view::npos) all += byte;
  }
  const std::size_t begin = all.find(";" + std::string(name) + "=");
  if (begin == std::string::npos) return "(none)";
  const std::size_t value = begin + name.size() + 2;
  return all.substr(value, all.find(';', value) - value);
}

// What is signed (RFC 6376, 3.7), with the names of h= taken from the last field upwards.
std::string signed_text(std::string_view header, std::string_view field) {
  std::vector<HeaderField> fields;
  append_fields(header, fields);
  std::string text;
  std::string names = tag(field, "h") + ":";
  for (std::size_t end = 0; (end = names.find(':')) != std::string::npos; names.erase(0, end + 1)) {
    for (std::size_t at = fields.size(); at-- > 0;) {
      if (!same_field_name(fields[at].name, names.substr(0, end))) continue;
      append_relaxed(fields[at], text);
      fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    }
  }
  const std::string unsigned_field(field.substr(0, field.rfind("b=") + 2));
  append_relaxed({.name = "DKIM-Signature", .text = unsigned_field}, text);
  return text.substr(0, text.size() - 2);
}

std::string signature_by(std::string_view key, std::string_view text) {
  std::string signature;
  DkimKey(KeyFile(key).path()).sign(text, signature);
  return base64(signature);
}

TEST(Dkim, ItsSignaturesAreThoseOfTheRfc) {
  EXPECT_EQ(base64(hash_of(kBody)), kBodyHash);
  // RFC 8463, A.3.
  EXPECT_EQ(signature_by(test::kEd25519Key,
                         signed_text(kHeader,
                                     "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
                                     " d=football.example.com; i=@football.example.com;\r\n"
                                     " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
                                     " subject : date : message-id : from : subject : date;\r\n"
                                     " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
                                     " b=\r\n")),
            "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw"
            "==");
  EXPECT_EQ(
      signature_by(test::kRsaKey,
                   signed_text(kHeader,
                               "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
                               " d=football.example.com; i=@football.example.com;\r\n"
                               " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
                               " date : message-id : from : subject : date;\r\n"
                               " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
                               " b=\r\n")),
      "F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tF"
      "OeS9mPYQTnGdaSGsgeefOsk2JzdA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=");
}

struct Signing {
  std::string domain = "football.example.com";
  std::string selector = "brisbane";
  std::string_view key = test::kEd25519Key;
  std::vector<std::string> fields;
  std::optional<std::chrono::sys_seconds> time;
};

DkimSigner signer_of(const Signing& signing) {
  const KeyFile file(signing.key);
  return DkimSigner({.domain = signing.domain,
                     .selector = signing.selector,
                     .key_file = file.path(),
                     .fields = signing.fields,
                     .time = signing.time});
}

// The field that signs the header section and kBody; empty where it cannot be signed.
std::string field_of(std::string_view header, const Signing& signing = {}) {
  std::string out = "Received: x\r\n";
  const std::string before = out;
  if (!signer_of(signing).append_signature(header, hash_of(kBody), out)) {
    EXPECT_EQ(out, before);
    return {};
  }
  EXPECT_TRUE(out.starts_with(before));
  std::string field = out.substr(before.size());
  EXPECT_EQ(tag(field, "b"), signature_by(signing.key, signed_text(header, field)));
  return field;
}

TEST(DkimSigner, TheFieldIsWellFormed) {
  const Signing signing{.time = std::chrono::sys_seconds(std::chrono::seconds(1'528'637'909))};
  EXPECT_EQ(field_of(kHeader, signing),
            "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
            "\td=football.example.com; s=brisbane; t=1528637909;\r\n"
            "\tbh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
            "\th=from:from:subject:date:message-id:to;\r\n"
            "\tb=50GWUmkonEP0IyxO66WbtNAmC5ly4cTKomWWFcjJZzo0rAKN9zNf5tvF8xIMrb0NRgFCGhvuns5\r\n"
            "\txxk1GIEovCQ==\r\n");
}

TEST(DkimSigner, TellsNoTimeThatItIsNotGiven) {
  EXPECT_EQ(tag(field_of(kHeader), "t"), "(none)");
  EXPECT_EQ(tag(field_of(kHeader), "v"), "1");
  EXPECT_EQ(tag(field_of(kHeader, {.key = test::kRsaKey}), "a"), "rsa-sha256");
}

TEST(DkimSigner, SignsWhatIsThere) {
  EXPECT_EQ(tag(field_of("X: 1\r\nCC: 2\r\nFROM : 3\r\nReceived: 4\r\n"), "h"), "from:from:cc");
  EXPECT_EQ(tag(field_of("From: 1\r\nX: 2\r\nTo: 3\r\n", {.fields = {"x", "From", "y", "X"}}), "h"),
            "from:from:x");
}

TEST(DkimSigner, FieldsThatAreThereTwiceAreSignedFromTheLast) {
  EXPECT_EQ(tag(field_of("To: 1\r\nFrom: 2\r\nTo: 3\r\nFrom: 4\r\nTo: 5\r\n"), "h"),
            "from:from:from:to:to:to");
}

TEST(DkimSigner, WithoutAFromThereIsNoSignature) {
  EXPECT_EQ(field_of("To: 1\r\nX-From: 2\r\n"), "");
  EXPECT_EQ(field_of(""), "");
}

TEST(DkimSigner, SignsNoMoreThanAHundredFields) {
  std::string header = "From: 1\r\n";
  for (int to = 0; to < 200; ++to) header += "To: " + std::to_string(to) + "\r\n";
  std::string names = "from:from";
  for (std::size_t to = 1; to < DkimSigner::kMostSigned; ++to) names += ":to";
  EXPECT_EQ(tag(field_of(header), "h"), names);
}

TEST(DkimSigner, LinesAreShort) {
  std::string header = "From: 1\r\n";
  for (const std::string& name : default_dkim_fields()) header += name + ": 2\r\n";
  const auto check = [&](const Signing& signing) {
    std::string rest = field_of(header, signing);
    for (std::size_t end = 0; (end = rest.find("\r\n")) != std::string::npos;) {
      ASSERT_LE(end, 78U) << rest;
      // Each line says something, and none begins another field.
      ASSERT_NE(rest.find_first_not_of(" \t"), end);
      rest.erase(0, end + 2);
      ASSERT_TRUE(rest.empty() || rest.starts_with('\t')) << rest;
    }
    ASSERT_EQ(rest, "");
  };
  check({.key = test::kRsaKey});
  for (std::size_t length = 1; length < 64; ++length) {
    check({.domain = std::string(length, 'd') + ".test"});
    check({.selector = std::string(length, 's')});
  }
  // What cannot be folded is not.
  const std::string domain = std::string(63, 'a') + "." + std::string(63, 'b') + ".test";
  EXPECT_EQ(tag(field_of(kHeader, {.domain = domain}), "d"), domain);
}

TEST(DkimSigner, TheSameMessageHasTheSameSignature) {
  for (const std::string_view key : {test::kRsaKey, test::kEd25519Key}) {
    EXPECT_EQ(field_of(kHeader, {.key = key}), field_of(kHeader, {.key = key}));
  }
}

TEST(DkimSigner, ManyThreadsUseOne) {
  const DkimSigner signers[] = {signer_of({}), signer_of({.key = test::kRsaKey})};
  const BodyHash body = hash_of(kBody);
  const auto field = [&](int number) {
    std::string out;
    signers[number % 2].append_signature(
        std::string(kHeader) + "Cc: " + std::to_string(number) + "\r\n", body, out);
    return out;
  };
  constexpr int kThreads = 4;
  std::vector<std::vector<std::string>> made(kThreads);
  std::vector<std::thread> threads;
  std::latch all_are_there(kThreads);
  for (auto& fields : made) {
    threads.emplace_back([&] {
      all_are_there.arrive_and_wait();
      for (int number = 0; number < 300; ++number) fields.push_back(field(number));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& fields : made) EXPECT_EQ(fields, made[0]);
  for (const int number : {7, 8}) {
    EXPECT_EQ(made[0][static_cast<std::size_t>(number)], field(number));
  }
}

TEST(DkimSigner, SaysWhatCannotBeSigned) {
  const auto refusal = [](const Signing& signing) {
    try {
      signer_of(signing);
    } catch (const Fatal& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal({.domain = ""}), "bad DKIM domain: ''");
  EXPECT_EQ(refusal({.domain = "a test"}), "bad DKIM domain: 'a test'");
  EXPECT_EQ(refusal({.selector = "s;l=0"}), "bad DKIM selector: 's;l=0'");
  EXPECT_EQ(refusal({.fields = {"from", "a:b"}}), "bad name of a field to sign: 'a:b'");
  EXPECT_EQ(refusal({.fields = {"a;b"}}), "bad name of a field to sign: 'a;b'");
  EXPECT_EQ(refusal({.fields = {""}}), "bad name of a field to sign: ''");
}

}  // namespace
}  // namespace millrace::mail
