// What becomes of the loop when the kernel refuses submissions: a seccomp filter plays that kernel,
// for the test's own thread. And how much it sets aside to receive into.
#include "net/uring_loop.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/diagnostics.h"
#include "net/stream.h"

namespace millrace::net {
namespace {

using namespace std::chrono_literals;

// From here on this thread may not submit as many entries at once as the test says, or, with
// `but_none`, any number at all. `error`: the errno value that it is told.
void refuse_submissions(std::uint32_t number, bool but_none = false, int error = EAGAIN) {
  const auto jump = [](int code, std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
    return sock_filter{static_cast<std::uint16_t>(BPF_JMP | code | BPF_K), yes, no, value};
  };
  const auto load = [](std::size_t offset) {
    return sock_filter{BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset)};
  };
  const auto give = [](std::uint32_t verdict) {
    return sock_filter{BPF_RET | BPF_K, 0, 0, verdict};
  };
  const std::uint32_t refusal = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error);
  const std::uint8_t equal = but_none ? 1 : 0;
  std::array<sock_filter, 6> program{
      load(offsetof(seccomp_data, nr)),
      jump(BPF_JEQ, SYS_io_uring_enter, 0, 3),
      load(offsetof(seccomp_data, args[1])),
      jump(BPF_JEQ, number, equal, equal == 0 ? 1 : 0),
      give(refusal),
      give(SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

void refuse_all(int error = EAGAIN) { refuse_submissions(0, true, error); }

struct Peer final : StreamHandler {
  explicit Peer(UringLoop& loop) : stream(loop, *this, Side::server) {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    stream.open(FileDescriptor(ends[0]));
    far = FileDescriptor(ends[1]);
  }
  void on_connected() override {}
  std::size_t on_bytes(std::string_view bytes) override {
    received += bytes;
    return bytes.size();
  }
  void on_end(int /*error*/) override { ended = true; }

  // In two pieces, so that they go out as a vector.
  void say(const std::string& head, const std::string& body) {
    stream.output().append(head);
    stream.output().append_borrowed(body);
    stream.flush();
  }
  // What has arrived at the far end.
  [[nodiscard]] std::string heard() const {
    std::array<char, 100> text{};
    const ssize_t length = recv(far.descriptor(), text.data(), text.size(), MSG_DONTWAIT);
    return length < 0 ? "nothing" : std::string(text.data(), static_cast<std::size_t>(length));
  }

  std::string received;
  bool ended = false;
  FileDescriptor far;
  Stream stream;
};

class Uring : public testing::Test {
 protected:
  void SetUp() override {
    if (!io_uring_available()) {
      ASSERT_EQ(std::getenv("CI"), nullptr) << "needed under CI: io_uring";
      GTEST_SKIP() << "the kernel does not grant io_uring here";
    }
  }

  // A turn that does not wait.
  static void turn(UringLoop& loop) { loop.turn(TimePoint()); }
};

class RefusedUring : public Uring {
 protected:
  // On a thread of its own, which takes the filter with it when it ends.
  static void run(const std::function<void(UringLoop& loop)>& test,
                  Duration patience = UringLoop::kPatience) {
    std::thread thread([&] {
      UringLoop loop(ReceiveBuffers::Use::by_the_piece, patience);
      test(loop);
    });
    thread.join();
  }
};

// There are buffers for those streams that receive, however many others have come and gone.
TEST_F(Uring, HasBuffersForTheStreamsThatThereAre) {
  UringLoop loop(ReceiveBuffers::Use::whole);
  const std::size_t few = loop.receive_buffers();
  const auto serve = [&loop](std::size_t streams) {
    std::vector<std::unique_ptr<Peer>> peers;
    while (peers.size() < streams) peers.push_back(std::make_unique<Peer>(loop));
    turn(loop);
    for (const auto& peer : peers) peer->stream.abort();
    const auto all_ended = [&peers] {
      return std::ranges::all_of(peers, [](const auto& peer) { return peer->ended; });
    };
    for (int count = 0; count < 1'000 && !all_ended(); ++count) loop.turn(Clock::now() + 10ms);
    ASSERT_TRUE(all_ended());
  };
  for (int round = 0; round < 20; ++round) {
    ASSERT_NO_FATAL_FAILURE(serve(50));
    ASSERT_EQ(loop.receive_buffers(), few) << round;
  }
  ASSERT_NO_FATAL_FAILURE(serve(600));
  EXPECT_GT(loop.receive_buffers(), few);
}

TEST_F(RefusedUring, IsAskedAgainAfterAPause) {
  run([](UringLoop& loop) {
    Peer peer(loop);
    refuse_all();
    const TimePoint start = Clock::now();
    for (int count = 0; count < 20; ++count) turn(loop);
    EXPECT_GE(Clock::now() - start, 20ms);
  });
}

TEST_F(RefusedUring, EndsWhenItsPatienceDoes) {
  for (const int error : {EAGAIN, EBUSY}) {
    run(
        [error](UringLoop& loop) {
          Peer peer(loop);
          refuse_all(error);
          const TimePoint start = Clock::now();
          // Which would take a second and more, as each makes a pause.
          const auto turns = [&loop] {
            for (int count = 0; count < 1'000; ++count) turn(loop);
          };
          EXPECT_THROW(turns(), Fatal) << error;
          EXPECT_GT(Clock::now() - start, 20ms) << error;
        },
        20ms);
  }
}

TEST_F(RefusedUring, IsPatientAnewWhenSubmissionsWereTakenMeanwhile) {
  run(
      [](UringLoop& loop) {
        const std::string body = "body";
        Peer first(loop);
        Peer second(loop);
        turn(loop);
        refuse_submissions(1);
        first.say("one ", body);
        turn(loop);
        EXPECT_EQ(first.heard(), "nothing");
        second.say("one ", body);
        turn(loop);
        EXPECT_EQ(first.heard(), "one body");
        std::this_thread::sleep_for(20ms);  // longer than its patience
        first.say("another ", body);
        EXPECT_NO_THROW(turn(loop));
        EXPECT_EQ(first.heard(), "nothing");
      },
      10ms);
}

TEST_F(RefusedUring, StillTakesWhatComes) {
  run([](UringLoop& loop) {
    Peer peer(loop);
    turn(loop);
    refuse_all();
    Peer another(loop);  // whose receive is refused
    ASSERT_EQ(write(peer.far.descriptor(), "hello", 5), 5);
    for (int count = 0; count < 1'000 && peer.received.empty(); ++count) turn(loop);
    EXPECT_EQ(peer.received, "hello");
  });
}

TEST_F(RefusedUring, KeepsApartWhatWaitsToBeSent) {
  run([](UringLoop& loop) {
    const std::string body = "body";
    Peer first(loop);
    Peer second(loop);
    turn(loop);
    refuse_submissions(1);
    first.say("first ", body);
    turn(loop);
    EXPECT_EQ(first.heard(), "nothing");
    second.say("second ", body);
    turn(loop);
    EXPECT_EQ(first.heard(), "first body");
    EXPECT_EQ(second.heard(), "second body");
  });
}

}  // namespace
}  // namespace millrace::net
