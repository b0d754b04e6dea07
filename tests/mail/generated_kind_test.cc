#include "mail/generated_kind.h"

#include <gtest/gtest.h>

#include <set>

namespace millrace::mail {
namespace {

MessageFacts facts_of(std::uint64_t number) {
  return {.number = number,
          .sender = "me@s.test",
          .recipient = "you@r.test",
          .message_id = "<1@s.test>",
          .date = "Thu, 1 Jan 2026 00:00:00 +0000",
          .roll = Roll(number * Roll::kStride)};
}

TEST(GeneratedKind, MakesMessagesOfTheSizesDrawn) {
  const GeneratedKind kind(BodyForm::text, Sizes::of(Uniform{1'000, 1'003}));
  std::set<std::uint64_t> sizes;
  for (std::uint64_t number = 0; number < 200; ++number) {
    Content content;
    kind.make(facts_of(number), content);
    sizes.insert(content.size());
  }
  EXPECT_EQ(sizes, (std::set<std::uint64_t>{1'000, 1'001, 1'002, 1'003}));
}

TEST(GeneratedKind, MakesTheSameOfTheSameFacts) {
  const GeneratedKind kind(BodyForm::attachment, Sizes::of(Lognormal{14'000, 1.1}));
  Content one;
  Content other;
  kind.make(facts_of(3), one);
  kind.make(facts_of(3), other);
  EXPECT_EQ(one.flattened(), other.flattened());
  other.clear();
  kind.make(facts_of(4), other);
  EXPECT_NE(one.flattened(), other.flattened());
}

}  // namespace
}  // namespace millrace::mail
