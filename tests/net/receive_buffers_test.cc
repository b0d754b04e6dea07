#include "net/receive_buffers.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "base/sanitizer.h"
#include "net/socket.h"
#include "net/uring_loop.h"

namespace millrace::net {
namespace {

class Buffers : public testing::TestWithParam<ReceiveBuffers::Use> {
 protected:
  void SetUp() override {
    if (!io_uring_available()) {
      ASSERT_EQ(std::getenv("CI"), nullptr) << "needed under CI: io_uring";
      GTEST_SKIP() << "the kernel does not grant io_uring here";
    }
    ASSERT_EQ(io_uring_queue_init(64, &ring, 0), 0);
    buffers.emplace(ring, GetParam());
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    near = FileDescriptor(ends[0]);
    far = FileDescriptor(ends[1]);
    if (buffers->use() != GetParam()) {
      utsname system{};
      ASSERT_EQ(uname(&system), 0);
      ASSERT_FALSE(completions_come_in_order(system.release));
      GTEST_SKIP() << "the kernel does not use buffers by the piece here";
    }
  }
  void TearDown() override {
    if (near.valid()) io_uring_queue_exit(&ring);
  }

  // Asks for all that comes.
  void receive() {
    io_uring_sqe* const entry = io_uring_get_sqe(&ring);
    io_uring_prep_recv_multishot(entry, near.descriptor(), nullptr, 0, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = ReceiveBuffers::kGroup;
    io_uring_submit(&ring);
  }

  io_uring ring{};
  std::optional<ReceiveBuffers> buffers;
  FileDescriptor near;
  FileDescriptor far;
};

INSTANTIATE_TEST_SUITE_P(Uses, Buffers,
                         testing::Values(ReceiveBuffers::Use::whole,
                                         ReceiveBuffers::Use::by_the_piece),
                         [](const auto& info) {
                           return info.param == ReceiveBuffers::Use::whole ? "whole"
                                                                           : "by_the_piece";
                         });

// Several times as much as all buffers hold, in pieces of any size.
TEST_P(Buffers, BringWhatWasSentThroughMoreThanAllOfThem) {
  std::mt19937 random(1);
  std::string sent;
  std::string received;
  receive();
  while (sent.size() < 8'000'000) {
    std::string piece(1 + random() % (random() % 4 == 0 ? 50'000 : 300), '\0');
    for (char& byte : piece) byte = static_cast<char>(random());
    ASSERT_EQ(write(far.descriptor(), piece.data(), piece.size()),
              static_cast<ssize_t>(piece.size()));
    sent += piece;
    while (received.size() < sent.size()) {
      io_uring_cqe* entry = nullptr;
      ASSERT_EQ(io_uring_wait_cqe(&ring, &entry), 0);
      ASSERT_GT(entry->res, 0);
      received += buffers->bytes(*entry);
      buffers->recycle(*entry);
      const bool more = (entry->flags & IORING_CQE_F_MORE) != 0;
      io_uring_cqe_seen(&ring, entry);
      if (!more) receive();
    }
  }
  EXPECT_TRUE(received == sent);
}

TEST_P(Buffers, TheEndOfAStreamTakesNone) {
  for (std::size_t ends = 0; ends < 2 * buffers->count(); ++ends) {
    shutdown(far.descriptor(), SHUT_WR);
    receive();
    io_uring_cqe* entry = nullptr;
    ASSERT_EQ(io_uring_wait_cqe(&ring, &entry), 0);
    ASSERT_EQ(entry->res, 0);
    buffers->recycle(*entry);
    io_uring_cqe_seen(&ring, entry);
  }
}

TEST_P(Buffers, GrowWithTheStreamsUpToALimit) {
  const std::size_t few = buffers->count();
  buffers->serve(50);
  EXPECT_EQ(buffers->count(), few);
  buffers->serve(4'000);
  const std::size_t many = buffers->count();
  EXPECT_GT(many, few);
  buffers->serve(10);
  EXPECT_EQ(buffers->count(), many);
  buffers->serve(1'000'000);
  EXPECT_LE(buffers->count(), 4'096U);
}

#ifdef MILLRACE_ADDRESS_SANITIZER
// The kernel may write there by then.
TEST_P(Buffers, WhatIsRecycledIsNotToBeTouched) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  ASSERT_EQ(write(far.descriptor(), "hello", 5), 5);
  receive();
  io_uring_cqe* entry = nullptr;
  ASSERT_EQ(io_uring_wait_cqe(&ring, &entry), 0);
  const std::string_view bytes = buffers->bytes(*entry);
  ASSERT_EQ(bytes, "hello");
  buffers->recycle(*entry);
  const volatile char* const first = bytes.data();
  EXPECT_EXIT(static_cast<void>(*first), testing::ExitedWithCode(99), "use-after-poison");
}
#endif

TEST(KernelVersion, SaysWhetherCompletionsComeInOrder) {
  for (const char* const release :
       {"6.15.0", "6.15-rc1", "6.18.44-amd64", "6.100", "7.0", "10.1.2"}) {
    EXPECT_TRUE(completions_come_in_order(release)) << release;
  }
  for (const char* const release : {"6.14.9", "6.12.0-1", "6.9", "6.1.0-44-amd64", "5.19",
                                    "5.15.167", "6", "6.", "x", "x.15", "6.x", ""}) {
    EXPECT_FALSE(completions_come_in_order(release)) << release;
  }
}

}  // namespace
}  // namespace millrace::net
