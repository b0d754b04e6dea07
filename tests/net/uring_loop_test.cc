// What becomes of the loop when the kernel refuses submissions. A seccomp filter plays that kernel,
// for the test's own thread.
#include "net/uring_loop.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include "net/stream.h"

namespace millrace::net {
namespace {

using namespace std::chrono_literals;

// From here on this thread may not submit as many entries at once as the test says, or, with
// `but_none`, any number at all.
void refuse_submissions(std::uint32_t number, bool but_none = false) {
  const auto jump = [](int code, std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
    return sock_filter{static_cast<std::uint16_t>(BPF_JMP | code | BPF_K), yes, no, value};
  };
  const auto load = [](std::size_t offset) {
    return sock_filter{BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset)};
  };
  const auto give = [](std::uint32_t verdict) {
    return sock_filter{BPF_RET | BPF_K, 0, 0, verdict};
  };
  const std::uint8_t equal = but_none ? 1 : 0;
  std::array<sock_filter, 6> program{
      load(offsetof(seccomp_data, nr)),      jump(BPF_JEQ, SYS_io_uring_enter, 0, 3),
      load(offsetof(seccomp_data, args[1])), jump(BPF_JEQ, number, equal, equal == 0 ? 1 : 0),
      give(SECCOMP_RET_ERRNO | EAGAIN),      give(SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

void refuse_all() { refuse_submissions(0, true); }

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
  void on_end(int /*error*/) override {}

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
  FileDescriptor far;
  Stream stream;
};

class RefusedUring : public testing::Test {
 protected:
  void SetUp() override {
    if (!io_uring_available()) {
      ASSERT_EQ(std::getenv("CI"), nullptr) << "needed under CI: io_uring";
      GTEST_SKIP() << "the kernel does not grant io_uring here";
    }
  }

  // On a thread of its own, which takes the filter with it when it ends.
  static void run(const std::function<void(UringLoop& loop)>& test) {
    std::thread thread([&] {
      UringLoop loop;
      test(loop);
    });
    thread.join();
  }

  // A turn that does not wait.
  static void turn(UringLoop& loop) { loop.turn(TimePoint()); }
};

TEST_F(RefusedUring, IsAskedAgainAfterAPause) {
  run([](UringLoop& loop) {
    Peer peer(loop);
    refuse_all();
    const TimePoint start = Clock::now();
    for (int count = 0; count < 20; ++count) turn(loop);
    EXPECT_GE(Clock::now() - start, 20ms);
  });
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
