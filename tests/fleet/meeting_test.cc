// Ranks are processes here, as they are elsewhere: each waits for the other.
#include "fleet/meeting.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "net/endpoint.h"

namespace millrace::fleet {
namespace {

// Does something in a process of its own, which ends with this object.
class Child {
 public:
  explicit Child(const std::function<void()>& work) : pid_(fork()) {
    if (pid_ != 0) return;
    try {
      work();
    } catch (const Fatal&) {
      _exit(1);
    }
    _exit(0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_;
};

// Waits for the end of what the other end says.
std::string all_said(const FileDescriptor& socket) {
  std::string said;
  for (;;) {
    pollfd asked{.fd = socket.descriptor(), .events = POLLIN, .revents = 0};
    if (poll(&asked, 1, 20'000) <= 0) return "nothing for 20 s";
    std::array<char, 100> bytes{};
    const ssize_t got = recv(socket.descriptor(), bytes.data(), bytes.size(), 0);
    if (got <= 0) return said;
    said.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

// Goes there and says who it is over its connection.
void come(const std::string& place, unsigned rank) {
  const FileDescriptor socket = attend(place, rank);
  const std::string name = "rank " + std::to_string(rank);
  send(socket.descriptor(), name.data(), name.size(), MSG_NOSIGNAL);
}

std::vector<std::string> words_of(const std::string& place) {
  std::istringstream words(place);
  return {std::istream_iterator<std::string>(words), {}};
}

TEST(Meeting, GivesEachRankItsConnection) {
  Meeting meeting;
  const Child second([&] { come(meeting.place(), 2); });
  const Child first([&] { come(meeting.place(), 1); });
  const auto there = meeting.assemble(3);
  ASSERT_EQ(there.size(), 3U);
  EXPECT_FALSE(there[0].valid());
  EXPECT_EQ(all_said(there[1]), "rank 1");
  EXPECT_EQ(all_said(there[2]), "rank 2");
}

// Connects, and says nothing.
FileDescriptor call_at(const std::string& text) {
  const auto address = net::resolve(net::parse_remote(text, ""), AF_UNSPEC, false).front();
  FileDescriptor called(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(called.descriptor(), address.get(), address.length), 0);
  return called;
}

// The same, by an address of that.
FileDescriptor call(const std::string& place) { return call_at(words_of(place).back()); }

TEST(Meeting, TakesNobodyElseForARank) {
  Meeting meeting;
  std::vector<FileDescriptor> strangers;
  const std::string secret = words_of(meeting.place())[1];
  for (const std::string& said :
       {std::string("GET / HTTP/1.1\r\nHost: somebody-else.test\r\n\r\n"), std::string(),
        std::string("0123456789abcdef0000000000000001"), secret + "0000000000000002",
        secret + "000000000000000x", secret + "0000000000000000"}) {
    strangers.push_back(call(meeting.place()));
    ASSERT_EQ(send(strangers.back().descriptor(), said.data(), said.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(said.size()));
  }
  const Child first([&] { come(meeting.place(), 1); });
  const auto there = meeting.assemble(2);
  EXPECT_EQ(all_said(there[1]), "rank 1");
}

TEST(Meeting, SendsAwayWhoSaysNothingWhenMoreCome) {
  Meeting meeting;
  std::vector<FileDescriptor> strangers;
  const std::size_t most = 2 * (words_of(meeting.place()).size() - 2) + 64;
  // More than could wait their time one after the other while ranks are waited for.
  const std::string first_address = words_of(meeting.place())[2];
  for (std::size_t n = 0; n < 7 * most; ++n) strangers.push_back(call_at(first_address));
  const Child first([&] {
    if (all_said(strangers.front()) == words_of(meeting.place())[0]) come(meeting.place(), 1);
  });
  EXPECT_EQ(all_said(meeting.assemble(2)[1]), "rank 1");
}

// Each comes to all addresses at once, and goes on by the first that answers.
TEST(Meeting, SendsAwayNoRankThatIsStillToBeHeard) {
  constexpr unsigned kRanks = 80;
  Meeting meeting;
  const auto words = words_of(meeting.place());
  std::vector<FileDescriptor> called;
  for (auto address = words.begin() + 2; address != words.end(); ++address) {
    for (unsigned rank = 1; rank < kRanks; ++rank) called.push_back(call_at(*address));
  }
  const Child others([&] {
    for (unsigned rank = 1; rank < kRanks; ++rank) {
      const int socket = called[rank - 1].descriptor();
      std::string name(words[0].size(), '\0');
      recv(socket, name.data(), name.size(), MSG_WAITALL);
      const std::string said = fmt::format("{}{:016x}rank {}", words[1], rank, rank);
      send(socket, said.data(), said.size(), MSG_NOSIGNAL);
    }
  });
  const auto there = meeting.assemble(kRanks);
  called.clear();
  for (unsigned rank = 1; rank < kRanks; ++rank) {
    EXPECT_EQ(all_said(there[rank]), "rank " + std::to_string(rank));
  }
}

TEST(Meeting, IsNotThatOfOthersWithSuchAnAddress) {
  Meeting meeting;
  const Child other([&] { meeting.assemble(2); });
  auto words = words_of(meeting.place());
  EXPECT_THROW(attend("0123456789abcdef " + words[1] + " " + words.back(), 1), Fatal);
}

TEST(Meeting, IsFoundByTheAddressThatLeadsThere) {
  Meeting elsewhere;
  const Child other([&] { elsewhere.assemble(2); });
  Meeting meeting;
  auto words = words_of(meeting.place());
  const std::string place = words[0] + " " + words[1] + " [127.0.0.1]:1 " +
                            words_of(elsewhere.place()).back() + " " + words.back();
  const Child first([&] { come(place, 1); });
  EXPECT_EQ(all_said(meeting.assemble(2)[1]), "rank 1");
}

TEST(Meeting, NamesWhatIsNotReached) {
  try {
    attend("0123456789abcdef 0123456789abcdef [127.0.0.1]:1", 4);
    FAIL();
  } catch (const Fatal& error) {
    EXPECT_STREQ(error.what(), "does not reach rank 0 at any of [127.0.0.1]:1");
  }
}

}  // namespace
}  // namespace millrace::fleet
