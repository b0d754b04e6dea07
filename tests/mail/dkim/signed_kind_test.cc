#include "mail/dkim/signed_kind.h"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "dkim_keys.h"

namespace millrace::mail {
namespace {

using Make = std::function<void(const MessageFacts&, Content&)>;

class MadeUpKind final : public Kind {
 public:
  explicit MadeUpKind(Make make) : make_(std::move(make)) {}
  void make(const MessageFacts& facts, Content& content) const override { make_(facts, content); }

 private:
  Make make_;
};

DkimSigner signer() {
  const test::KeyFile file(test::kEd25519Key);
  return DkimSigner({.domain = "a.test", .selector = "s", .key_file = file.path()});
}

SignedKind signed_kind(Make make) {
  return {std::make_unique<MadeUpKind>(std::move(make)), signer()};
}

std::string made(const Kind& kind, std::uint64_t number, Content& content) {
  content.clear();
  kind.make({.number = number}, content);
  EXPECT_EQ(content.size(), content.flattened().size());
  return content.flattened();
}

std::string made(const Kind& kind, std::uint64_t number = 0) {
  Content content;
  return made(kind, number, content);
}

// The message with the signature that it must have.
std::string expected(std::string_view header, std::string_view body, std::string_view message) {
  BodyHasher hasher;
  hasher.update(body);
  std::string signature;
  EXPECT_TRUE(signer().append_signature(header, hasher.finish(), signature));
  return signature + std::string(message);
}

// The same message in any pieces, own and shared, is signed alike.
TEST(SignedKind, SignsHeaderAndBodyWhereverTheyLie) {
  const std::vector<std::string> lines = {"From: a@a.test\r\n", "Subject: b\r\n", "\tc\r\n", "\r\n",
                                          "d  d\r\n",           "\r\n",           "e\r\n"};
  const std::string header = "From: a@a.test\r\nSubject: b\r\n\tc\r\n";
  const std::string body = "d  d\r\n\r\ne\r\n";
  const std::string message = header + "\r\n" + body;
  const std::string wanted = expected(header, body, message);
  for (unsigned cuts = 0; cuts < 64; ++cuts) {  // a bit: a piece begins behind this line
    for (const unsigned shared : {0U, 0x55U, 0x2aU, 0x7fU}) {  // a bit: this piece is shared
      std::vector<std::string> pieces(1);
      for (std::size_t line = 0; line < lines.size(); ++line) {
        pieces.back() += lines[line];
        if (line < 6 && (cuts >> line & 1) != 0) pieces.emplace_back();
      }
      const SignedKind kind = signed_kind([&](const MessageFacts&, Content& content) {
        for (std::size_t at = 0; at < pieces.size(); ++at) {
          if ((shared >> at & 1) != 0) {
            content.share(pieces[at], {Content::Dots::none});
          } else {
            content.own() += pieces[at];
          }
        }
      });
      // And again: what was kept of it says the same.
      ASSERT_EQ(made(kind), wanted) << cuts << ' ' << shared;
      ASSERT_EQ(made(kind), wanted) << cuts << ' ' << shared;
    }
  }
}

TEST(SignedKind, AMessageMayHaveNoBody) {
  const std::string header = "From: a@a.test\r\n";
  for (const std::string& message : {header, header + "\r\n"}) {
    const SignedKind kind =
        signed_kind([&](const MessageFacts&, Content& content) { content.own() += message; });
    EXPECT_EQ(made(kind), expected(header, "", message));
  }
}

TEST(SignedKind, WhatCannotBeSignedIsLeftAsItIs) {
  for (const std::string& message : std::vector<std::string>{"", "\r\nFrom: a\r\n", "To: b\r\n"}) {
    const SignedKind shared = signed_kind([&](const MessageFacts&, Content& content) {
      content.share(message, {Content::Dots::none});
    });
    EXPECT_EQ(made(shared), message);
    EXPECT_EQ(made(shared), message);
    const SignedKind own =
        signed_kind([&](const MessageFacts&, Content& content) { content.own() += message; });
    EXPECT_EQ(made(own), message);
  }
}

// Bodies are shared by messages whose headers differ, made anew each time, or both.
void make_any(const std::string& bodies, const MessageFacts& facts, Content& content) {
  const std::string number = std::to_string(1'000 + facts.number) + "\r\n";
  content.own() += "From: " + number + "\r\n";
  if (facts.number % 3 != 0) {
    content.share(std::string_view(bodies).substr(facts.number % 11, 1 + facts.number % 7),
                  {Content::Dots::none});
  }
  if (facts.number % 3 != 1) content.own() += number;
}

TEST(SignedKind, ManyThreadsMakeTheSame) {
  const std::string bodies = "abcdefghijklmnopqrstuvwxyz";
  const auto make = [&](const MessageFacts& facts, Content& content) {
    make_any(bodies, facts, content);
  };
  const SignedKind kind = signed_kind(make);
  constexpr int kThreads = 4;
  constexpr std::uint64_t kMessages = 200;
  std::vector<std::vector<std::string>> all(kThreads);
  std::vector<std::thread> threads;
  for (auto& messages : all) {
    threads.emplace_back([&] {
      Content content;
      for (std::uint64_t number = 0; number < kMessages; ++number) {
        messages.push_back(made(kind, number, content));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::uint64_t number = 0; number < kMessages; ++number) {
    const std::string wanted = made(signed_kind(make), number);
    for (const auto& messages : all) ASSERT_EQ(messages[number], wanted);
  }
}

// Text that changed in its place, as no shared text may, shows that nobody looks at it again.
TEST(SignedKind, WhatFollowsFromSharedTextIsWorkedOutOnce) {
  std::string message = "From: a@a.test\r\n\r\nbody\r\n";
  const SignedKind whole = signed_kind([&](const MessageFacts&, Content& content) {
    content.share(message, {Content::Dots::none});
  });
  const SignedKind with_a_header = signed_kind([&](const MessageFacts& facts, Content& content) {
    content.own() += "From: " + std::to_string(facts.number) + "\r\n\r\n";
    content.share(std::string_view(message).substr(18), {Content::Dots::none});
  });
  const auto first = [](const std::string& text) { return text.substr(0, text.find("From:")); };
  const std::string of_whole = first(made(whole));
  const std::string of_header = first(made(with_a_header, 1));
  EXPECT_NE(of_header, first(made(with_a_header, 2)));
  message[18] = 'B';
  EXPECT_EQ(first(made(whole)), of_whole);
  EXPECT_EQ(first(made(with_a_header, 1)), of_header);
}

// Its body is still borrowed, so that it is copied nowhere.
TEST(SignedKind, LeavesSharedTextWhereItIs) {
  const std::string text = "From: a@a.test\r\n\r\n" + std::string(1'000, 'x');
  const SignedKind kind = signed_kind(
      [&](const MessageFacts&, Content& content) { content.share(text, {Content::Dots::none}); });
  Content content;
  kind.make({}, content);
  std::vector<const char*> places;
  content.for_each_piece([&](const Content::Piece& piece) { places.push_back(piece.text.data()); });
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places[1], text.data());
}

}  // namespace
}  // namespace millrace::mail
