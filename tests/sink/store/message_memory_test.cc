#include "sink/store/message_memory.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::sink {
namespace {

using Words = std::vector<std::string>;

std::shared_ptr<RememberedMessage> message(const std::string& id, std::size_t size = 1) {
  RememberedMessage one;
  one.id = id;
  one.size = size;
  one.content = std::string(size, 'x');
  return std::make_shared<RememberedMessage>(std::move(one));
}

Words ids(const std::vector<Remembered>& messages) {
  Words all;
  for (const Remembered& one : messages) all.push_back(one->id);
  return all;
}

TEST(MessageMemory, KeepsTheLast) {
  MessageMemory memory(3);
  memory.add({message("a"), message("b")});
  EXPECT_EQ(ids(memory.all()), (Words{"a", "b"}));
  memory.add({message("c"), message("d")});
  EXPECT_EQ(ids(memory.all()), (Words{"b", "c", "d"}));
  EXPECT_EQ(memory.find("a"), nullptr);
  EXPECT_EQ(memory.find("d")->id, "d");
  EXPECT_EQ(memory.find("d")->number, 4U);
}

TEST(MessageMemory, HasALimitOfBytesButKeepsTheLatest) {
  MessageMemory memory(100, 10);
  memory.add({message("a", 4), message("b", 4), message("c", 2)});
  EXPECT_EQ(memory.totals().bytes, 10U);
  memory.add({message("d", 5)});
  EXPECT_EQ(ids(memory.all()), (Words{"c", "d"}));
  EXPECT_EQ(memory.totals().bytes, 7U);
  memory.add({message("e", 50)});
  EXPECT_EQ(ids(memory.all()), (Words{"e"}));
  EXPECT_EQ(memory.totals().bytes, 50U);
}

TEST(MessageMemory, ForgetsWhatItIsToldTo) {
  MessageMemory memory(9);
  memory.add({message("a", 2), message("b", 3), message("c", 4)});
  const auto gone = message("b");
  EXPECT_EQ(memory.forget({memory.find("a"), memory.find("c"), gone}), 2U);
  EXPECT_EQ(ids(memory.all()), (Words{"b"}));
  EXPECT_EQ(memory.totals().bytes, 3U);
}

TEST(MessageMemory, TellsWhatCameSince) {
  MessageMemory memory(4);
  EXPECT_EQ(memory.behind(0, 9).taken, 0U);
  memory.add({message("a"), message("b"), message("c")});
  const auto first = memory.behind(0, 2);
  EXPECT_EQ(ids(first.messages), (Words{"b", "c"}));
  EXPECT_EQ(first.taken, 3U);
  EXPECT_TRUE(memory.behind(first.taken, 9).messages.empty());
  memory.add({message("d")});
  EXPECT_EQ(ids(memory.behind(first.taken, 9).messages), (Words{"d"}));
  memory.forget(memory.all());
  EXPECT_TRUE(memory.behind(first.taken, 9).messages.empty());
  EXPECT_EQ(memory.behind(first.taken, 9).taken, 4U);
}

}  // namespace
}  // namespace millrace::sink
