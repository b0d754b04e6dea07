// Two posts in one process, whose connections the kernel holds: what was sent has come, or has not.
#include "fleet/tcp_post.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::fleet {
namespace {

std::pair<FileDescriptor, FileDescriptor> connected() {
  std::array<int, 2> ends{-1, -1};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

std::vector<FileDescriptor> at(unsigned rank, FileDescriptor connection, unsigned ranks) {
  std::vector<FileDescriptor> connections(ranks);
  connections[rank] = std::move(connection);
  return connections;
}

class TcpPostTest : public testing::Test {
 protected:
  // Takes turns until one of them has a letter.
  static Addressed next(TcpPost& at, TcpPost& from) {
    for (int turn = 0; turn < 100'000; ++turn) {
      if (auto got = at.receive()) return *std::move(got);
      EXPECT_EQ(from.receive(), std::nullopt);
    }
    ADD_FAILURE() << "nothing comes";
    return {};
  }

  std::pair<FileDescriptor, FileDescriptor> ends = connected();
  TcpPost lead{0, at(2, std::move(ends.first), 3)};
  std::optional<TcpPost> process{std::in_place, 2U, at(0, std::move(ends.second), 3)};
  TcpPost& other = *process;
};

TEST_F(TcpPostTest, CarriesLettersBothWaysInOrder) {
  EXPECT_EQ(other.rank(), 2U);
  EXPECT_EQ(other.ranks(), 3U);
  EXPECT_EQ(lead.receive(), std::nullopt);
  other.send(0, {.subject = Subject::ready, .text = "host2"});
  other.send(0, {.subject = Subject::alive, .text = {}});
  lead.send(2, {.subject = Subject::ping, .text = std::string("\0\xff", 2)});
  EXPECT_EQ(lead.receive(), (Addressed{2, {Subject::ready, "host2"}}));
  EXPECT_EQ(lead.receive(), (Addressed{2, {Subject::alive, {}}}));
  EXPECT_EQ(lead.receive(), std::nullopt);
  EXPECT_EQ(other.receive(), (Addressed{0, {Subject::ping, std::string("\0\xff", 2)}}));
}

TEST_F(TcpPostTest, CarriesLettersThatNoBufferHolds) {
  std::string large(5'000'000, 'x');
  large.back() = 'y';
  other.send(0, {.subject = Subject::result, .text = large});
  other.send(0, {.subject = Subject::alive, .text = {}});
  EXPECT_EQ(other.waiting(0), 2U);
  Addressed got = next(lead, other);
  EXPECT_EQ(got, (Addressed{2, {Subject::alive, {}}})) << "it is on its way";
  while (got.letter.subject == Subject::alive) got = next(lead, other);
  EXPECT_EQ(got, (Addressed{2, {Subject::result, large}}));
  EXPECT_EQ(next(lead, other).letter.subject, Subject::alive);
  EXPECT_EQ(other.waiting(0), 0U);
}

TEST_F(TcpPostTest, KnowsWhatHasNotComeYet) {
  EXPECT_EQ(lead.waiting(2), 0U);
  lead.send(2, {.subject = Subject::alive, .text = {}});
  lead.send(2, {.subject = Subject::over, .text = "1"});
  EXPECT_EQ(lead.waiting(2), 2U);
  EXPECT_TRUE(other.receive());
  EXPECT_EQ(lead.waiting(2), 0U);
}

TEST_F(TcpPostTest, TellsBehindItsLettersThatOneIsGone) {
  other.send(0, {.subject = Subject::said, .text = "x"});
  process.reset();
  EXPECT_EQ(lead.receive(), (Addressed{2, {Subject::said, "x"}}));
  lead.send(2, {.subject = Subject::end, .text = "1"});
  EXPECT_EQ(lead.receive(), (Addressed{2, {Subject::gone, {}}}));
  EXPECT_EQ(lead.receive(), std::nullopt);
  lead.send(2, {.subject = Subject::end, .text = "1"});
  EXPECT_EQ(lead.waiting(2), 0U) << "nobody waits for it";
  EXPECT_EQ(lead.waiting(1), 0U) << "nor for one that there never was";
}

TEST(TcpPost, TakesWhoSpeaksOtherwiseForGone) {
  auto [ours, theirs] = connected();
  TcpPost lead(0, at(1, std::move(ours), 2));
  const std::string said = "HTTP/1.1 400 Bad Request\r\n";
  ASSERT_EQ(send(theirs.descriptor(), said.data(), said.size(), 0),
            static_cast<ssize_t>(said.size()));
  EXPECT_EQ(lead.receive(), (Addressed{1, {Subject::gone, {}}}));
  EXPECT_EQ(lead.receive(), std::nullopt);
}

}  // namespace
}  // namespace millrace::fleet
